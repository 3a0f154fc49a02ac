"""The files that encode and decode read and write: names, pipes, damage, ranges."""

import json
import os
import random

import support


class Files(support.CliTest):
    def test_pipes(self):
        raw = support.some_bytes(300_000)
        coded = self.ok("encode", "-", "-o", "-", stdin=raw)
        self.assertEqual(self.ok("decode", "-", "-o", "-", stdin=coded), raw)

    def test_text_goes_to_stderr_when_stdout_is_data(self):
        done = support.run("encode", "-", "-o", "-", stdin=b"abc")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"stdin: 3 -> ", done.stderr)

    def test_json_and_data_both_want_stdout(self):
        self.fails(2, "--json", "encode", "-", "-o", "-", stdin=b"abc")
        self.fails(2, "--json", "decode", "-", "-o", "-", stdin=b"abc")

    def test_never_overwrites_without_force(self):
        out = self.path("out", "precious")
        error = self.fails(2, "encode", self.path("in", "abc"), "-o", out)
        self.assertIn("--force", error)
        self.assertEqual(out.read_bytes(), b"precious")
        self.ok("encode", self.path("in"), "-o", out, "--force")
        self.assertNotEqual(out.read_bytes(), b"precious")

    def test_a_failure_leaves_the_old_file_and_nothing_else(self):
        out = self.path("out", "precious")
        self.fails(4, "decode", self.path("in", "no stream"), "-o", out, "--force")
        self.assertEqual(out.read_bytes(), b"precious")
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["in", "out"])

    def test_symbolic_links_and_permissions_are_kept(self):
        out = self.path("real", "old")
        out.chmod(0o600)
        self.path("link").symlink_to("real")
        self.ok("encode", "-", "-o", self.path("link"), "--force", stdin=b"abc")
        self.assertTrue(self.path("link").is_symlink())
        self.assertNotEqual(out.read_bytes(), b"old")
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)

    def test_new_files_have_the_usual_permissions(self):
        self.ok("encode", "-", "-o", self.path("out"), stdin=b"abc")
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(self.path("out").stat().st_mode & 0o777, 0o666 & ~mask)

    def test_devices_are_written_directly(self):
        self.ok("encode", self.path("in", "abc"), "-o", "/dev/null")

    def test_a_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        self.assertIn("No space", self.fails(1, "encode", self.path("in", "abc"), "-o", "/dev/full"))

    def test_wrong_names(self):
        self.assertIn("absent", self.fails(2, "encode", self.path("absent"), "-o", self.path("o")))
        self.fails(2, "encode", self.dir, "-o", self.path("o"))
        self.fails(2, "encode", self.path("in", "abc"), "-o", self.dir)
        self.fails(2, "encode", self.path("in"), "-o", self.path("no/such/folder/o"))
        self.fails(2, "encode", self.path("in"), "--out-dir", self.path("in"))

    def test_many_inputs(self):
        names = ["a.txt", "b.txt", "c.txt"]
        for name in names:
            self.path(name, name * 100)
        out = self.path("out")
        out.mkdir()
        inputs = [self.path(name) for name in names]
        self.fails(2, "encode", *inputs, "-o", self.path("x"))
        lines = self.ok("--json", "encode", *inputs, "--out-dir", out).decode().splitlines()
        told = [json.loads(line) for line in lines]
        self.assertEqual([t["input"] for t in told], [str(i) for i in inputs])
        back = self.path("back")
        back.mkdir()
        coded = sorted(out.iterdir())
        self.assertEqual([c.name for c in coded], [n + ".trine" for n in names])
        self.ok("decode", *coded, "--out-dir", back)
        for name in names:
            self.assertEqual((back / name).read_bytes(), self.path(name).read_bytes())

    def test_many_inputs_go_on_after_a_failure(self):
        good = self.path("good.trine", self.ok("encode", "-", "-o", "-", stdin=b"abc"))
        bad = self.path("bad.trine", "no stream")
        out = self.path("out")
        out.mkdir()
        done = support.run("--json", "decode", bad, good, self.path("none"), "--out-dir", out)
        self.assertEqual(done.returncode, 4)  # the first failure's
        self.assertEqual(done.stderr.decode().count("trine: error: "), 2)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(["error" in one for one in told], [True, False, True])
        self.assertEqual((out / "good").read_bytes(), b"abc")


class Damage(support.CliTest):
    def test_corrupt_streams(self):
        coded = self.ok("encode", "-", "-o", "-", stdin=support.some_bytes(5000))
        flipped = bytearray(coded)
        flipped[len(coded) // 2] ^= 1
        for broken in (b"", coded[:-1], coded + b"x", bytes(flipped), b"hello"):
            self.fails(4, "decode", self.path("bad", broken), "-o", self.path("o"))
            self.fails(4, "decode", "-", "-o", self.path("o"), stdin=broken)
            self.assertFalse(self.path("o").exists())
        self.fails(4, "inspect", self.path("bad", coded[:-1]))

    def test_recover(self):
        raw = support.some_bytes(5000)
        self.ok("encode", self.path("in", raw), "-o", self.path("c"), "--block-size", "1000",
                "--model", "static")
        coded = self.path("c").read_bytes()
        told = self.json("decode", self.path("c"), "--recover", "-o", self.path("all"))
        self.assertEqual((told["damages"], told["damages_total"]), ([], 0))
        self.assertEqual(self.path("all").read_bytes(), raw)
        blocks = self.json("inspect", self.path("c"))["blocks"]
        broken = bytearray(coded)
        broken[blocks[2]["coded_offset"] + 40] ^= 1  # in the payload
        broken[blocks[3]["coded_offset"] + 1] ^= 1  # in the head
        bad, out = self.path("bad", bytes(broken)), self.path("out")
        done = support.run("--json", "decode", bad, "--recover", "-o", out)
        self.assertEqual(done.returncode, 4)
        told = json.loads(done.stdout)
        self.assertEqual(out.read_bytes(), raw[:2000] + bytes(2000) + raw[4000:])
        self.assertEqual(told["blocks_decoded"], 3)
        self.assertEqual(told["raw_bytes_lost"], 2000)
        self.assertEqual([d["raw_offset"] for d in told["damages"]], [2000, 3000])
        self.assertEqual([d["raw_bytes"] for d in told["damages"]], [1000, 1000])
        self.assertIn("lost", done.stderr.decode())
        done = support.run("decode", bad, "--recover", "--skip-lost", "-o", out, "-f")
        self.assertEqual(done.returncode, 4)
        self.assertIn("1000 bytes lost at raw offset 2000", done.stdout.decode())
        self.assertEqual(out.read_bytes(), raw[:2000] + raw[4000:])
        self.assertIn("error: ", done.stderr.decode())
        self.assertIn(": corrupt stream: damaged in 2 places; 2000 raw bytes", done.stderr.decode())
        cut = self.path("cut", coded[:-600])
        # To stdout goes what comes whole before the cut, however it comes.
        done = support.run("decode", cut, "-o", "-")
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stdout, raw[:4000])
        self.assertIn("cut off", done.stderr.decode())
        self.assertIn("--recover", self.fails(4, "decode", cut, "-o", out, "-f"))
        done = support.run("decode", cut, "--recover", "-o", out, "-f")
        self.assertEqual(done.returncode, 4)
        self.assertIn("cut off", done.stdout.decode())
        self.assertTrue(raw.startswith(out.read_bytes()))
        # Of a range: what is damaged beside it does not count.
        self.ok("decode", bad, "--recover", "--range", "500:1500", "-o", out, "-f")
        self.assertEqual(out.read_bytes(), raw[500:2000])
        done = support.run("decode", bad, "--recover", "--range", "1500:3000", "-o", out, "-f")
        self.assertEqual(done.returncode, 4)
        self.assertEqual(out.read_bytes(), raw[1500:2000] + bytes(2000) + raw[4000:4500])
        for offset, length, lost in ((1900, 200, [[2000, 100]]), (2500, 100, [[2500, 100]]),
                                     (2999, 2, [[2999, 1], [3000, 1]])):
            done = support.run("--json", "decode", bad, "--recover", "--range",
                               f"{offset}:{length}", "-o", out, "-f")
            self.assertEqual(done.returncode, 4)
            told = json.loads(done.stdout)
            self.assertEqual([[d["raw_offset"], d["raw_bytes"]] for d in told["damages"]], lost)
            self.assertEqual(told["raw_bytes_lost"], sum(n for _, n in lost))
            self.assertIn(f" {told['raw_bytes_lost']} raw bytes", done.stderr.decode())
        # Without it the way out is said, as of the whole.
        for flags in ([], ["--range", "2500:100"], ["--range", "1500:3000"]):
            for source, data in ((bad, b""), ("-", bytes(broken))):
                error = self.fails(4, "decode", source, *flags, "-o", out, "-f", stdin=data)
                self.assertIn("hint: 'trine decode --recover'", error)
        self.fails(2, "decode", bad, "--skip-lost", "-o", out, "-f")

    def test_recover_without_the_first_bytes(self):
        raw = support.some_bytes(300 * 1000)
        self.ok("encode", self.path("in", raw), "-o", self.path("c"), "--block-size", "1000")
        coded, out = self.path("c").read_bytes(), self.path("out")
        for broken in (coded[64:], bytes(64) + coded[64:]):
            done = support.run("--json", "decode", self.path("bad", broken), "--recover", "-o", out,
                               "-f")
            self.assertEqual(done.returncode, 4)
            told = json.loads(done.stdout)
            self.assertEqual((told["blocks_decoded"], told["blocks_lost"]), (299, 1))
            self.assertEqual(told["raw_bytes_lost"], 1000)
            self.assertEqual(out.read_bytes(), bytes(1000) + raw[1000:])

    def test_a_range_without_the_end(self):
        raw = support.some_bytes(50 * 1000)
        self.ok("encode", self.path("in", raw), "-o", self.path("c"), "--block-size", "1000")
        coded, out = self.path("c").read_bytes(), self.path("out")
        blocks = self.json("inspect", self.path("c"))["blocks"]
        for end in (len(coded) - 1, len(coded) - 100, blocks[40]["coded_offset"] + 3):
            cut = self.path("cut", coded[:end])
            told = self.json("decode", cut, "--range", "12345:5000", "-o", out, "-f")
            self.assertEqual(out.read_bytes(), raw[12345:17345])
            self.assertLessEqual(told["blocks_decoded"], 6)
            self.assertIn("end of the stream", told["warnings"][0])
            done = support.run("decode", cut, "--range", "0:9", "-o", out, "-f")
            self.assertEqual(done.returncode, 0)
            self.assertIn("warning", done.stderr.decode())
        self.fails(4, "decode", cut, "--range", "40000:10", "-o", out, "-f")
        told = self.json("decode", self.path("c"), "--range", "0:9", "-o", out, "-f")
        self.assertEqual(told["warnings"], [])

    def test_verify(self):
        raw = support.some_bytes(20000)
        good = self.path("good.trine")
        self.ok("encode", self.path("in", raw), "-o", good, "--block-size", "1000")
        broken = bytearray(good.read_bytes())
        block = self.json("inspect", good)["blocks"][7]
        broken[block["coded_offset"] + 50] ^= 1
        bad = self.path("bad.trine", bytes(broken))
        before = sorted(self.dir.iterdir())
        told = self.json("verify", good)
        self.assertTrue(told["sound"])
        self.assertEqual((told["raw_bytes"], told["blocks_decoded"]), (20000, 20))
        self.assertEqual(told["coded_bytes"], len(broken))
        line = self.ok("verify", "-", stdin=good.read_bytes()).decode()
        self.assertEqual(line, "stdin: sound, 20000 raw bytes in 20 blocks (bytes)\n")
        # Inspect does not see it.
        self.ok("inspect", bad)
        self.assertIn("bad.trine", self.fails(4, "verify", bad))
        self.fails(4, "verify", "-", stdin=bytes(broken))
        self.fails(4, "verify", self.path("cut", bytes(broken[:-1])))
        done = support.run("verify", good, bad, good)
        self.assertEqual(done.returncode, 4)
        lines = done.stdout.decode().splitlines()
        self.assertEqual([line.split(": ")[1].split(",")[0] for line in lines
                          if not line.startswith(" ")], ["sound", "damaged", "sound"])
        self.assertIn("1 of 20 blocks lost, 1000 raw bytes", lines[1])
        done = support.run("--json", "verify", good, bad, good)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([one["sound"] for one in told], [True, False, True])
        self.assertEqual([d["block"] for d in told[1]["damages"]], [7])
        self.path("cut").unlink()
        self.assertEqual(sorted(self.dir.iterdir()), before)

    def test_several_streams_in_a_row(self):
        coded = self.ok("encode", "-", "-o", "-", stdin=b"abc")
        other = self.ok("encode", "-", "-o", "-", stdin=b"defg")
        joined = self.path("joined", coded + other)
        self.assertEqual(self.ok("decode", joined, "-o", "-"), b"abcdefg")


class Ranges(support.CliTest):
    BLOCK = 1 << 20
    BLOCKS = 64

    def test_only_the_needed_blocks_are_read(self):
        base = random.Random(5).randbytes(self.BLOCK)
        # Each block another rotation: 64 MiB that differ everywhere, made quickly.
        raw = b"".join(base[i:] + base[:i] for i in range(self.BLOCKS))
        source, coded = self.path("raw", raw), self.path("coded")
        self.ok("encode", source, "-o", coded, "--model", "static")
        size = coded.stat().st_size
        cases = [(0, 1, 1), (self.BLOCK - 1, 2, 2), (10 * self.BLOCK, self.BLOCK, 1),
                 (20 * self.BLOCK + 5, 2 * self.BLOCK, 3), (len(raw) - 7, 7, 1),
                 (len(raw), 0, 0), (5, 0, 0)]
        for offset, length, blocks in cases:
            out = self.path("out")
            told = self.json("decode", coded, "--range", f"{offset}:{length}", "-o", out, "-f")
            self.assertEqual(out.read_bytes(), raw[offset:offset + length], (offset, length))
            self.assertEqual(told["raw_bytes"], length)
            self.assertLessEqual(told["blocks_decoded"], blocks, (offset, length))
            self.assertLess(told["coded_bytes"], (blocks + 1) * (self.BLOCK + 1000))
            self.assertLess(told["coded_bytes"], size // 8)
        whole = self.json("decode", coded, "--range", f"0:{len(raw)}", "-o", self.path("all"))
        self.assertEqual(whole["blocks_decoded"], self.BLOCKS)
        self.assertEqual(self.path("all").read_bytes(), raw)
        self.fails(1, "decode", coded, "--range", f"{len(raw)}:1", "-o", self.path("o"))
        told = self.json("inspect", coded)
        self.assertEqual(told["blocks_total"], self.BLOCKS)
        self.assertEqual(len(told["blocks"]), self.BLOCKS)
        self.assertEqual(told["raw_bytes"], len(raw))
        self.assertEqual(told["coded_bytes"], size)

    def test_ranges_from_a_pipe(self):
        one = self.ok("encode", "-", "-o", "-", stdin=b"abcdef")
        self.assertEqual(self.ok("decode", "-", "--range", "2:3", "-o", "-", stdin=one), b"cde")

    def test_wrong_ranges(self):
        coded = self.path("c", self.ok("encode", "-", "-o", "-", stdin=b"abcdef"))
        self.fails(2, "decode", coded, "--range", "2", "-o", self.path("o"))
        self.assertIn("c", self.fails(1, "decode", coded, "--range", "2:5", "-o", self.path("o")))

    def test_a_broken_block_matters_only_where_it_is_needed(self):
        raw = support.some_bytes(1 << 16)
        self.ok("encode", self.path("in", raw), "-o", self.path("c"), "--block-size", "16KiB",
                "--model", "static")
        blocks = self.json("inspect", self.path("c"))["blocks"]
        broken = bytearray(self.path("c").read_bytes())
        broken[blocks[2]["coded_offset"] + blocks[2]["coded_bytes"] - 4] ^= 0x10
        self.path("c").write_bytes(broken)
        self.assertEqual(self.ok("decode", self.path("c"), "--range", "100:1000", "-o", "-"),
                         raw[100:1100])
        error = self.fails(4, "decode", self.path("c"), "--range", "40000:10", "-o", self.path("o"))
        self.assertIn("(block at raw offset 32768)", error)
        self.assertNotIn("byte offset", error)


if __name__ == "__main__":
    support.main()
