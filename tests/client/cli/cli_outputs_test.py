"""What is written, and over what: nothing over an input, modes and times kept, filters, terminals,
folders, --rm.
"""

import json
import os
import pty
import stat
import subprocess
import time

import numpy

from pictures import pgm, tiff
import support


def at_terminal(*args, stdin=b""):
    """Runs the command line with a terminal for stdout: exit code, what the terminal got, stderr."""
    ours, theirs = pty.openpty()
    process = support.start(*args, stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    _, error = process.communicate(stdin, timeout=support.WAIT_SECONDS)
    shown = b""
    try:
        while piece := os.read(ours, 1 << 16):
            shown += piece
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    return process.returncode, shown, error.decode()


class StdoutByItsNames(support.CliTest):
    """/dev/stdout and its like are stdout, as - is: nothing else is written there."""

    def setUp(self):
        super().setUp()
        self.path("in", support.some_bytes(3000))
        self.ok("encode", "in", "-o", "c", cwd=self.dir)
        numpy.save(self.path("a.npy"), numpy.ones((1, 5, 2, 2), "f4"))
        pixels = numpy.full((9, 9), 20, numpy.uint8)
        pixels[3:6, 2:7] = 200
        self.path("p.pgm", pgm(pixels))
        os.symlink("/dev/stdout", self.path("link.npy"))
        os.symlink("link.npy", self.path("link.png"))

    COMMANDS = (["encode", "in", "-o"], ["decode", "c", "-o"], ["normalize", "a.npy", "-o"],
                ["normalize-gradient", "a.npy", "a.npy", "-o"], ["segment", "p.pgm", "-o"],
                ["segment", "p.pgm", "--labels"], ["segment", "p.pgm", "--overlay"],
                ["segment", "p.pgm", "--histogram"], ["segment", "p.pgm", "--contours"],
                ["segment", "p.pgm", "--csv"])

    def test_of_every_command(self):
        for command in self.COMMANDS:
            right = self.ok(*command, "-", cwd=self.dir)
            for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1"):
                with self.subTest(command=command, name=name):
                    done = support.run(*command, name, cwd=self.dir)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(done.stdout, right)
                    self.assertNotEqual(done.stderr, b"")
                    error = self.fails(2, "--json", *command, name, cwd=self.dir)
                    self.assertIn(f"{command[-1]} {name} and --json both want stdout", error)

    def test_names_with_an_extension_choose_the_format(self):
        right = self.ok("segment", "p.pgm", "-o", "link.npy", cwd=self.dir)
        self.assertEqual(right[:6], b"\x93NUMPY")
        self.assertEqual(self.ok("segment", "p.pgm", "-o", "link.png", cwd=self.dir),
                         self.ok("segment", "p.pgm", "-o", "-", cwd=self.dir))

    def test_files_and_pipes(self):
        right = self.ok("decode", "c", "-o", "-", cwd=self.dir)
        with open(self.path("out"), "wb") as out:
            out.write(b"before")
            out.flush()
            process = support.start("decode", "c", "-o", "/dev/stdout", cwd=self.dir, stdout=out,
                                    stderr=subprocess.PIPE)
            self.assertIn(b"bytes", process.communicate()[1])
        self.assertEqual(self.path("out").read_bytes(), b"before" + right)
        # The pipe by a name of its own, or by another descriptor.
        os.mkfifo(self.path("pipe"))
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(self.path("pipe"), os.O_WRONLY)
        for name in ("pipe", f"/dev/fd/{writer}"):
            process = support.start("decode", "c", "-o", name, cwd=self.dir, stdout=writer,
                                    stderr=subprocess.PIPE, pass_fds=[writer])
            self.assertIn(b"bytes", process.communicate()[1])
            self.assertEqual(os.read(reader, 1 << 16), right)
        # Another pipe is not stdout.
        done = support.run("decode", "c", "-o", "pipe", cwd=self.dir)
        self.assertIn(b"bytes", done.stdout)
        self.assertEqual(os.read(reader, 1 << 16), right)
        os.close(reader)
        os.close(writer)

    def test_what_stdout_is_not_for(self):
        self.assertIn("--rm", self.fails(2, "encode", "in", "-o", "/dev/stdout", "--rm",
                                         cwd=self.dir))
        self.assertIn("one output", self.fails(2, "segment", "p.pgm", "-o", "/dev/stdout", "--csv",
                                               "-", cwd=self.dir))
        self.assertTrue(self.path("in").exists())
        code, shown, error = at_terminal("encode", self.path("in"), "-o", "/dev/stdout")
        self.assertEqual((code, shown), (2, b""))
        self.assertIn("terminal", error)


class WhatCannotBeRead(support.CliTest):
    def test_no_folder_is_left(self):
        self.path("bad", "P5 no picture")
        for out in ("new", "new/a/b", str(self.path("new")) + "/"):
            for command in (["encode", "nope"], ["encode", "nope", "bad", "--as", "image"],
                            ["encode", "bad", "--as", "tensor"], ["decode", "nope.trine"],
                            ["decode", "bad"], ["segment", "nope"], ["segment", "bad"]):
                self.assertNotEqual(support.run(*command, "--out-dir", out, cwd=self.dir).returncode, 0)
                self.assertFalse(self.path("new").exists(), (command, out))
        self.path("old").mkdir()
        self.fails(2, "encode", "nope", "--out-dir", "old", cwd=self.dir)
        self.assertTrue(self.path("old").exists())
        self.assertEqual(support.run("encode", "nope", "bad", "--out-dir", "new/a",
                                     cwd=self.dir).returncode, 2)
        self.assertEqual(os.listdir(self.path("new") / "a"), ["bad.trine"])

    def test_beside_a_device_is_no_place(self):
        os.mkfifo(self.path("pipe"))
        os.mkfifo(self.path("pipe.trine"))
        for command in (["encode", "/dev/null"], ["encode", "pipe"], ["decode", "pipe.trine"]):
            self.assertIn("-o OUT", self.fails(2, *command, cwd=self.dir))
        self.assertFalse(os.path.exists("/dev/null.trine"))
        self.ok("encode", "/dev/null", "-o", "c", cwd=self.dir)
        self.ok("encode", "/dev/null", "--out-dir", "o", cwd=self.dir)
        self.assertTrue((self.path("o") / "null.trine").exists())

    def test_stdin_is_one_input(self):
        table = '{"symbols": [97, 98], "counts": [1, 1]}'
        self.path("t.json", table)
        model = ["--model", "table", "--table"]
        for command in (["encode", "-", "-o", "o", *model, "-"], ["encode", "-o", "o", *model, "-"],
                        ["encode", "-", "-o", "o", *model, "t.json", "--table", "t.json",
                         "--table-index", "-"],
                        ["encode", "t.json", "-o", "o", *model, "-", "--table", "-",
                         "--table-index", "t.json"],
                        ["decode", "-", "-o", "o", "--table", "-"],
                        ["decode", "-", "-o", "o", "--table-index", "-"],
                        ["verify", "-", "--table", "-"]):
            self.refuses_stdin_twice(command, table.encode())

    def refuses_stdin_twice(self, command, stdin):
        """By every name of its own, too: what the first reads the second would miss."""
        self.path("link").unlink(missing_ok=True)
        os.symlink("/dev/stdin", self.path("link"))
        for name in ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "link"):
            given = list(command)
            last = len(given) - 1 - given[::-1].index("-")
            given[last] = name
            with self.subTest(given):
                error = self.fails(2, *given, stdin=stdin, cwd=self.dir)
                self.assertIn("stdin can be one input only", error)
                self.assertFalse(self.path("o").exists())

    def test_stdin_as_several_inputs(self):
        numpy.save(self.path("a.npy"), numpy.zeros((4, 5), "u1"))
        given = self.path("a.npy").read_bytes()
        for command in (["segment", "-", "-"], ["segment", "-", "--mask", "-"],
                        ["segment", "-", "--ground-truth", "-"],
                        ["segment", "--markers", "-", "-", "--steps", "watershed"],
                        ["compare-masks", "-", "-"], ["normalize-gradient", "-", "-", "-o", "o"],
                        ["encode", "-", "-", "--out-dir", "o"], ["inspect", "-", "-"],
                        ["verify", "a.npy", "-", "-"], ["decode", "-", "-", "-o", "o"]):
            self.refuses_stdin_twice(command, given)

    def test_stdin_by_its_own_names(self):
        numpy.save(self.path("a.npy"), numpy.arange(20, dtype="u1").reshape(4, 5))
        given = self.path("a.npy").read_bytes()
        for name in ("/dev/stdin", "/dev/fd/0", "-"):
            done = support.run("--json", "segment", name, stdin=given)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["input"], "-")
            coded = self.ok("encode", name, "-o", "-", stdin=given)
            self.assertEqual(self.ok("decode", name, "-o", "-", stdin=coded), given)


class NothingOverAnInput(support.CliTest):
    def setUp(self):
        super().setUp()
        numpy.save(self.path("a.npy"), numpy.ones((1, 8, 4, 4), numpy.float32))
        self.path("p.pgm", pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8)))
        self.path("p", self.path("p.pgm").read_bytes())
        self.path("raw", b"abcdef" * 1000)
        self.ok("encode", self.path("raw"), "-o", self.path("coded"))
        self.path("t.json", '{"symbols": [0, 1], "counts": [3, 1]}')
        self.path("bits", bytes([0, 1, 0, 0]))
        self.path("index", bytes(4))

    def refused(self, victim, *args):
        """Refused with the victim's name, which stays as it was; by every name that leads to it."""
        before = self.path(victim).read_bytes()
        end = self.path(victim).suffix
        self.path("hard" + end).hardlink_to(self.path(victim))
        self.path("soft" + end).symlink_to(self.path(victim))
        self.path("folder").symlink_to(self.dir)
        for name in (victim, "hard" + end, "soft" + end, "./" + victim, self.path(victim),
                     self.path("folder") / victim):
            line = [str(name) if arg == "OUT" else arg for arg in args]
            error = self.fails(2, *line, "-f", cwd=self.dir)
            self.assertIn("is an input too", error, line)
            self.assertEqual(self.path(victim).read_bytes(), before, line)
        for name in ("hard" + end, "soft" + end, "folder"):
            self.path(name).unlink()

    def test_every_command_that_writes(self):
        self.path("o.ppm", self.path("p.pgm").read_bytes())
        for victim, *args in (
                ("raw", "encode", "raw", "-o", "OUT"),
                ("coded", "decode", "coded", "-o", "OUT"),
                ("coded", "decode", "coded", "--range", "1:2", "-o", "OUT"),
                ("coded", "decode", "coded", "--recover", "-o", "OUT"),
                ("a.npy", "normalize", "a.npy", "-o", "OUT"),
                ("a.npy", "normalize-gradient", "a.npy", "a.npy", "-o", "OUT"),
                ("p.pgm", "segment", "p.pgm", "-o", "OUT"),
                ("p.pgm", "segment", "p.pgm", "--labels", "OUT"),
                ("o.ppm", "segment", "o.ppm", "--overlay", "OUT"),
                ("p", "segment", "p", "--contours", "OUT"),
                ("p", "segment", "p", "--csv", "OUT")):
            with self.subTest(args=args):
                self.refused(victim, *args)

    def test_inputs_beside_the_first(self):
        for victim, *args in (
                ("t.json", "encode", "bits", "--model", "table", "--table", "t.json", "-o", "OUT"),
                ("index", "encode", "bits", "--model", "table", "--table", "t.json", "--table",
                 "t.json", "--table-index", "index", "-o", "OUT")):
            with self.subTest(args=args):
                self.refused(victim, *args)
        self.path("m.pgm", pgm(numpy.full((8, 8), 255, numpy.uint8)))
        error = self.fails(2, "segment", "p.pgm", "--mask", "m.pgm", "-o", "m.pgm", "-f",
                           cwd=self.dir)
        self.assertIn("is an input too", error)

    def test_in_a_folder(self):
        """An output of the first input leads to the second, which waits for its turn."""
        self.path("b", "bbb")
        self.path("out").mkdir()
        (self.path("out") / "raw.trine").symlink_to(self.path("b"))
        done = support.run("encode", "raw", "b", "--out-dir", "out", "-f", cwd=self.dir)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"is an input too", done.stderr)
        self.assertEqual(self.path("b").read_bytes(), b"bbb")
        # The other one was coded.
        self.assertTrue((self.path("out") / "b.trine").exists())

    def test_stdin_and_stdout(self):
        raw = self.path("raw").read_bytes()
        with open(self.path("raw"), "rb") as stdin:
            done = subprocess.run([support.OPTIONS.trine, "encode", "-", "-o", "raw", "-f"],
                                  stdin=stdin, capture_output=True, cwd=self.dir,
                                  env=support.clean_environment())
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"is an input too", done.stderr)
        # Would grow for ever.
        with open(self.path("raw"), "ab") as stdout:
            done = subprocess.run([support.OPTIONS.trine, "encode", "raw", "-o", "-"],
                                  stdout=stdout, stderr=subprocess.PIPE, cwd=self.dir,
                                  env=support.clean_environment())
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"stdout is an input too", done.stderr)
        self.assertEqual(self.path("raw").read_bytes(), raw)

    def test_one_name_for_two_outputs(self):
        for labels in ("one.pgm", "./one.pgm", f"{self.dir}/one.pgm"):
            error = self.fails(2, "segment", "p.pgm", "-o", "one.pgm", "--labels", labels, "-f",
                               cwd=self.dir)
            self.assertIn("two outputs", error)
        self.assertFalse(self.path("one.pgm").exists())
        self.ok("segment", "p.pgm", "--csv", "/dev/null", "--contours", "/dev/null", cwd=self.dir)


class ModesAndTimes(support.CliTest):
    TIME = 1_234_567_890.5

    def made(self, name, mode):
        path = self.path(name, b"abc" * 100)
        path.chmod(mode)
        os.utime(path, (self.TIME - 5, self.TIME))
        return path

    def check(self, path, mode):
        info = path.stat()
        self.assertEqual(stat.S_IMODE(info.st_mode), mode, path)
        self.assertEqual(info.st_mtime, self.TIME, path)

    def test_there_and_back(self):
        for mode in (0o600, 0o640, 0o444, 0o755):
            with self.subTest(mode=oct(mode)):
                raw = self.made("raw", mode)
                self.ok("encode", raw, "-o", self.path("coded"))
                self.check(self.path("coded"), mode)
                self.ok("decode", self.path("coded"), "-o", self.path("back"))
                self.check(self.path("back"), mode)
                self.ok("encode", raw, self.path("back"), "--out-dir", self.path("out"))
                self.check(self.path("out") / "raw.trine", mode)
                for name in ("raw", "coded", "back", "out/raw.trine", "out/back.trine"):
                    self.path(name).unlink()

    def test_over_an_old_file(self):
        self.path("coded", "old").chmod(0o666)
        self.ok("encode", self.made("raw", 0o600), "-o", self.path("coded"), "-f")
        self.check(self.path("coded"), 0o600)

    def test_unfinished_outputs_are_private(self):
        process = support.start("encode", "-", "-o", self.path("out"), stdin=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        support.wait_until(lambda: list(self.dir.glob(".trine*")), "the unfinished output")
        unfinished = list(self.dir.glob(".trine*"))[0]
        self.assertEqual(stat.S_IMODE(unfinished.stat().st_mode), 0o600)
        process.communicate(b"abc", timeout=support.WAIT_SECONDS)
        self.assertEqual(process.returncode, 0)

    def test_what_has_no_file_gets_the_usual(self):
        mask = os.umask(0o027)
        try:
            before = time.time() - 10
            self.ok("encode", "-", "-o", self.path("out"), stdin=b"abc")
            numpy.save(self.path("a.npy"), numpy.ones((1, 3), numpy.float32))
            self.path("a.npy").chmod(0o604)
            os.utime(self.path("a.npy"), (self.TIME, self.TIME))
            self.ok("normalize", self.path("a.npy"), "-o", self.path("b.npy"))
            self.path("p.pgm", pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8))).chmod(0o604)
            os.utime(self.path("p.pgm"), (self.TIME, self.TIME))
            self.ok("segment", self.path("p.pgm"), "-o", self.path("m.png"), "--csv",
                    self.path("r.csv"))
        finally:
            os.umask(mask)
        for name in ("out", "b.npy", "m.png", "r.csv"):
            info = self.path(name).stat()
            self.assertEqual(stat.S_IMODE(info.st_mode), 0o640)
            self.assertGreater(info.st_mtime, before)


class Filters(support.CliTest):
    def test_no_input_is_stdin(self):
        raw = support.some_bytes(100_000)
        coded = self.ok("encode", stdin=raw)
        self.assertLess(len(coded), len(raw))
        self.assertEqual(self.ok("decode", stdin=coded), raw)
        self.assertEqual(self.ok("decode", "-", stdin=coded), raw)
        self.ok("encode", "-o", self.path("coded"), stdin=raw)
        self.assertEqual(self.path("coded").read_bytes(), coded)
        self.assertEqual(self.json("inspect", stdin=coded)["raw_bytes"], len(raw))
        picture = pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8))
        self.assertEqual(self.json("segment", stdin=picture)["input"], "-")
        array = self.path("a.npy")
        numpy.save(array, numpy.ones((1, 3), numpy.float32))
        piped = self.ok("normalize", stdin=array.read_bytes())
        self.ok("normalize", array, "-o", self.path("b.npy"))
        self.assertEqual(piped, self.path("b.npy").read_bytes())
        self.assertIn("-o", self.fails(2, "normalize", array))
        # Two want stdout.
        self.fails(2, "--json", "encode", stdin=raw)

    def test_no_input_and_a_terminal(self):
        for command in (["encode"], ["decode"], ["segment"], ["inspect"],
                        ["normalize", "-o", str(self.path("o.npy"))]):
            ours, theirs = pty.openpty()
            done = subprocess.run([support.OPTIONS.trine, *command], stdin=theirs,
                                  capture_output=True, env=support.clean_environment(),
                                  timeout=support.WAIT_SECONDS)
            os.close(theirs)
            os.close(ours)
            self.assertEqual(done.returncode, 2, command)
            self.assertIn(b"stdin is a terminal", done.stderr, command)

    def test_names_beside_the_input(self):
        raw = self.path("book.txt", support.some_bytes(5000))
        told = self.json("encode", raw)
        self.assertEqual(told["output"], f"{raw}.trine")
        raw.rename(self.path("old"))
        told = self.json("decode", f"{raw}.trine")
        self.assertEqual(told["output"], str(raw))
        self.assertEqual(raw.read_bytes(), self.path("old").read_bytes())
        self.assertIn("--force", self.fails(2, "decode", f"{raw}.trine"))
        self.assertIn(".trine", self.fails(2, "decode", self.path("old")))
        self.fails(2, "decode", self.path(".trine", "x"))
        self.path(".trine").unlink()
        self.path("a", "aaa")
        self.path("b", "bbb")
        self.ok("encode", self.path("a"), self.path("b"))
        self.path("a").unlink()
        self.path("b").unlink()
        self.ok("decode", self.path("a.trine"), self.path("b.trine"))
        self.assertEqual(self.path("a").read_bytes() + self.path("b").read_bytes(), b"aaabbb")
        self.fails(2, "encode", self.path("a"), "-")
        self.assertIn("twice", self.fails(2, "encode", self.path("a"), self.path("a"), "-f"))
        # A variable of a script that is not set names nothing.
        for flag in ("-o", "--out-dir"):
            self.fails(2, "encode", self.path("a"), flag, "", "-f")

    def test_binary_and_terminals(self):
        code, shown, error = at_terminal("encode", stdin=b"abc")
        self.assertEqual((code, shown), (2, b""))
        self.assertIn("terminal", error)
        code, shown, _ = at_terminal("encode", "-f", stdin=b"abc")
        self.assertEqual(code, 0)
        self.assertGreater(len(shown), 8)
        text = self.ok("encode", stdin="Grüße\n".encode())
        code, shown, _ = at_terminal("decode", stdin=text)
        self.assertEqual((code, shown.decode()), (0, "Grüße\r\n"))
        binary = self.ok("encode", stdin=bytes(range(256)))
        code, shown, error = at_terminal("decode", stdin=binary)
        self.assertEqual((code, shown), (2, b""), error)
        self.assertEqual(at_terminal("decode", "-f", stdin=binary)[0], 0)
        for raw in (bytes(range(128, 256)), b"text \xc2\x9b31m", "\N{GREEK SMALL LETTER PI}".encode("utf-16-be"),
                    numpy.linspace(1, 2, 50, dtype="f4").tobytes(), b"\xff", b"ab\xc3("):
            code, shown, error = at_terminal("decode", stdin=self.ok("encode", stdin=raw))
            self.assertEqual((code, shown), (2, b""), raw)
            self.assertIn("terminal shows text only", error)
        text = "\N{GREEK SMALL LETTER PI}\N{GRINNING FACE}\N{EURO SIGN} \x1b[1mx\x1b[0m\t".encode() * 60
        code, shown, error = at_terminal("decode", stdin=self.ok("encode", stdin=text))
        self.assertEqual((code, shown), (0, text), error)
        picture = pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8))
        self.assertEqual(at_terminal("segment", "-o", "-", stdin=picture)[:2], (2, b""))
        code, shown, _ = at_terminal("segment", "--csv", "-", stdin=picture)
        self.assertEqual((code, shown[:6]), (0, b"label,"))


class Folders(support.CliTest):
    def setUp(self):
        super().setUp()
        self.files = {"x.txt": b"x" * 100, "a/y": b"y" * 100, "a/b/z.bin": bytes(50),
                      "a/.hidden": b"h"}
        for name, content in self.files.items():
            path = self.dir / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def tree(self, top):
        return {str(p.relative_to(self.path(top))): p.read_bytes()
                for p in sorted(self.path(top).rglob("*")) if p.is_file()}

    def test_there_and_back(self):
        (self.path("data") / "link").symlink_to("x.txt")
        (self.path("data") / "loop").symlink_to(".")
        os.mkfifo(self.path("data") / "a" / "pipe")
        done = support.run("encode", "-r", "data", "--out-dir", "new/coded", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"passed over: 2 symbolic links and 1 file of other kinds", done.stderr)
        self.assertEqual(set(self.tree("new/coded")), {n + ".trine" for n in self.files})
        self.ok("decode", "-r", "new/coded", "--out-dir", "back", cwd=self.dir)
        self.assertEqual(self.tree("back"), self.files)

    def test_beside(self):
        self.ok("encode", "-r", "data", "--rm", cwd=self.dir)
        self.assertEqual(set(self.tree("data")), {n + ".trine" for n in self.files})
        # Coded ones are not coded again.
        (self.path("data") / "new").write_bytes(b"n")
        done = support.run("encode", "-r", "data", "--rm", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"passed over: 4 files", done.stderr)
        self.ok("decode", "--recursive", "data", "--rm", cwd=self.dir)
        self.assertEqual(self.tree("data"), {**self.files, "new": b"n"})
        self.assertIn("no file to take", self.fails(2, "decode", "-r", "data", cwd=self.dir))

    def test_folders_need_the_flag(self):
        for command in ("encode", "decode", "verify", "inspect", "segment"):
            where = ["--out-dir", "o"] if command == "decode" else []
            error = self.fails(2, command, "data", *where, cwd=self.dir)
            self.assertIn("error: cannot read 'data': Is a directory\n", error)
            self.assertIn("hint: -r takes the files in a folder\n", error)
        # Among others it does not keep these from their turn.
        self.path("one", b"1")
        self.assertIn("hint: -r", self.fails(2, "encode", "data", "one", cwd=self.dir))
        self.assertTrue(self.path("one.trine").exists())
        self.fails(2, "encode", "-r", cwd=self.dir)
        # With it, files are files still, and what is named is followed.
        self.path("link").symlink_to("data/a")
        self.ok("encode", "-r", "data/x.txt", "link", "--out-dir", "out", cwd=self.dir)
        self.assertEqual(set(self.tree("out")),
                         {"x.txt.trine", "y.trine", "b/z.bin.trine", ".hidden.trine"})

    def test_names_that_meet(self):
        self.path("other").mkdir()
        (self.path("other") / "x.txt").write_bytes(b"o")
        error = self.fails(2, "encode", "-r", "data", "other", "--out-dir", "out", cwd=self.dir)
        self.assertIn("x.txt.trine", error)
        self.assertFalse(self.path("out").exists())

    def test_pictures(self):
        picture = pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8))
        (self.path("data") / "a" / "p.pgm").write_bytes(picture)
        for _ in range(2):  # the second time its own outputs are in the folder
            done = support.run("segment", "-r", ".", "--out-dir", "./masks", "-f", cwd=self.dir)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"files of other kinds", done.stderr)
            self.assertEqual(list(self.tree("masks")), ["data/a/p.mask.png"])

    def test_pictures_that_differ_in_their_endings_alone(self):
        """Each has an output, which keeps the whole name, in whatever order they come."""
        folder = self.path("shots")
        folder.mkdir()
        names = ["pic.PGM", "pic.ppm", "other.pgm", "deep/pic.pgm", "pic.PGM.npy"]
        for grey, name in enumerate(names):
            (folder / name).parent.mkdir(exist_ok=True)
            pixels = numpy.full((8, 9), grey, numpy.uint8)
            pixels[grey, :] = 200
            if name.endswith(".npy"):
                numpy.save(folder / name, pixels)
            else:
                (folder / name).write_bytes(pgm(pixels))
        own = {"pic.PGM": "pic.PGM", "pic.ppm": "pic.ppm", "other.pgm": "other",
               "deep/pic.pgm": "deep/pic", "pic.PGM.npy": "pic.PGM.npy"}
        for emit in ("mask", "overlay"):
            done = support.run("--json", "segment", "-r", folder, "--emit", emit, "--out-dir", emit,
                               cwd=self.dir)
            self.assertEqual(done.returncode, 0, done.stderr)
            told = [json.loads(line) for line in done.stdout.splitlines()]
            for t in told:
                name = t["input"][len(str(folder)) + 1:]
                self.assertEqual(t["outputs"], {emit: f"{emit}/{own[name]}.{emit}.png"})
            self.assertEqual(len(self.tree(emit)), len(names))
            said = ("3 inputs differ in the endings of their names alone: their outputs keep these, "
                    f"such as pic.PGM.{emit}.png")
            self.assertEqual(done.stderr.decode(), f"trine: warning: {said}\n")
            self.assertEqual([said in t["warnings"] for t in told], [True] + [False] * 4)
        # As single inputs, in any order; pages are named behind the whole.
        self.path("s.tiff", tiff(*[numpy.eye(8, dtype=numpy.uint8)] * 2))
        self.path("s.TIF", tiff(*[numpy.eye(8, dtype=numpy.uint8)] * 2))
        for out, inputs in (("o1", ["s.tiff", "s.TIF"]), ("o2", ["s.TIF", "s.tiff"])):
            self.ok("segment", *inputs, "--page", "all", "--out-dir", out, cwd=self.dir)
            self.assertEqual(sorted(self.tree(out)),
                             [f"s.{end}-page{n}.mask.png" for end in ("TIF", "tiff") for n in (0, 1)])
        coded = self.ok("encode", "-", "-o", "-", stdin=b"abc")
        self.path("c", coded)
        self.path("c.decoded.trine", coded)
        self.ok("decode", "c", "c.decoded.trine", "--out-dir", "o3", cwd=self.dir)
        self.assertEqual(sorted(self.tree("o3")), ["c.decoded", "c.decoded.trine.decoded"])
        # Of one name in two folders nothing is to be told apart.
        error = self.fails(2, "segment", folder / "pic.PGM", folder / "deep" / "pic.pgm",
                           self.path("pic.pgm", pgm(numpy.eye(8, dtype=numpy.uint8))),
                           "--out-dir", "o4", cwd=self.dir)
        self.assertIn("; take them in runs of their own", error)

    def test_json_tells_what_was_passed_over(self):
        (self.path("data") / "a" / "p.pgm").write_bytes(pgm(numpy.zeros((8, 8), numpy.uint8)))
        (self.path("data") / "link").symlink_to("x.txt")
        self.ok("encode", "-r", "data", "--out-dir", "out", cwd=self.dir)
        self.path("out/link").symlink_to("x.txt.trine")
        note = "passed over: 1 symbolic link"
        for command in (["encode", "-r", "data", "--out-dir", "o1"], ["verify", "-r", "out"],
                        ["decode", "-r", "out", "--out-dir", "o2"], ["inspect", "-r", "out"],
                        ["segment", "-r", "data", "--out-dir", "o3"]):
            with self.subTest(command=command):
                done = support.run("--json", *command, cwd=self.dir)
                self.assertEqual(done.returncode, 0, done.stderr)
                first, *others = map(json.loads, done.stdout.splitlines())
                (told,) = [w for w in first["warnings"] if w.startswith("passed over")]
                self.assertTrue(told.startswith(note), told)
                self.assertIn(told.encode(), done.stderr)
                self.assertFalse(any(w.startswith("passed") for o in others
                                     for w in o.get("warnings", [])))
        # Also where the first is one that failed.
        self.path("out/a.trine", b"nothing")
        done = support.run("--json", "verify", "-r", "out", cwd=self.dir)
        self.assertIn(note, json.loads(done.stdout.splitlines()[0])["warnings"])

    def test_quiet(self):
        (self.path("data") / "link").symlink_to("x.txt")
        done = support.run("encode", "-q", "-r", "data", "--out-dir", "out", cwd=self.dir)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))


class Removal(support.CliTest):
    def test_only_after_success(self):
        raw = self.path("raw", b"abc" * 100)
        self.ok("encode", raw, "--rm")
        self.assertFalse(raw.exists())
        coded = self.path("raw.trine")
        self.ok("decode", coded, "--rm")
        self.assertEqual((raw.read_bytes(), coded.exists()), (b"abc" * 100, False))
        self.ok("encode", raw, "--keep")
        self.assertTrue(raw.exists())
        coded.write_bytes(coded.read_bytes()[:-1])
        self.fails(4, "decode", coded, "--rm", "-f")
        self.assertTrue(coded.exists())
        self.fails(2, "encode", raw, "--rm")  # the output exists
        self.assertTrue(raw.exists())

    def test_what_is_never_removed(self):
        raw = self.path("raw", b"abc" * 100)
        self.path("link").symlink_to("raw")
        coded = self.path("coded")
        self.ok("encode", raw, "-o", coded)
        for args in (["encode", raw, "--rm", "-o", "-"], ["encode", raw, "--rm", "-o", "/dev/null"],
                     ["encode", self.path("link"), "--rm"], ["encode", raw, "--rm", "--keep"],
                     ["encode", "-", "--rm", "-o", self.path("o")],
                     ["encode", raw, "--rm", "--as", "image"],
                     ["decode", coded, "--rm", "--range", "0:1", "-o", self.path("o")],
                     ["decode", coded, "--rm", "--recover", "-o", self.path("o")]):
            with self.subTest(args=args):
                self.assertRegex(self.fails(2, *args), "--rm|--keep")
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["coded", "link", "raw"])

    def test_pipes_stay(self):
        os.mkfifo(self.path("pipe"))
        self.fails(2, "encode", self.path("pipe"), "--rm", "-o", self.path("o"))
        self.assertTrue(self.path("pipe").exists())


if __name__ == "__main__":
    support.main()
