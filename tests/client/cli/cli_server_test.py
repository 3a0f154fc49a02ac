"""The command line against servers of their own processes: reaching, losing and refusing them."""

import json
import os
import resource
import signal
import socket
import subprocess

import numpy

import support


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class WithServer(support.CliTest):
    def setUp(self):
        super().setUp()
        self.server = support.Server(self.dir)
        self.addCleanup(self.server.kill)
        self.target = ["--server", self.server.address]

    def test_every_command(self):
        self.path("in", "abc" * 1000)
        self.path("t.json", '{"symbols": ["a", "b"], "counts": [1, 1]}')
        self.path("p.pgm", b"P5\n2 1\n255\n\x0a\xc8")
        numpy.save(self.path("x.npy"), numpy.ones((1, 3), numpy.float32))
        commands = [
            ["encode", "in", "-o", "coded"], ["decode", "coded", "-o", "back"],
            ["decode", "coded", "--range", "1:2", "-o", "part"], ["inspect", "coded"],
            ["exact", "ab", "--table", "t.json"], ["segment", "p.pgm"],
            ["normalize", "x.npy", "-o", "y.npy"],
            ["normalize-gradient", "x.npy", "x.npy", "-o", "z.npy"], ["info"], ["health"],
            ["bench", "--seconds", "50ms", "--size", "1KiB"],
        ]
        for command in commands:
            # Global options before the command, after it, and from the environment.
            told = json.loads(self.ok("--json", *self.target, *command, cwd=self.dir))
            self.assertGreaterEqual(told["elapsed_ms"], 0, command)
            if "-o" in command:
                command = [*command, "-f"]
            self.ok(*command, *self.target, cwd=self.dir)
            environment = support.clean_environment(TRINE_SERVER=self.server.address)
            self.ok(*command, cwd=self.dir, env=environment)
        self.assertEqual(self.path("back").read_bytes(), self.path("in").read_bytes())

    def test_info(self):
        told = self.json("info", *self.target)
        self.assertEqual(told["server"], self.server.address)
        self.assertEqual(told["limits"]["max_message_bytes"], 64 << 20)
        self.assertGreaterEqual(told["threads"], 1)
        self.assertIn("limits", self.ok("info", *self.target).decode())

    def test_bench(self):
        for rpc in ("normalize", "encode", "decode", "segment", "info", "health"):
            size = [] if rpc in ("info", "health") else ["--size", "4KiB"]
            told = self.json("bench", *self.target, "--rpc", rpc, "--seconds", "50ms", *size,
                             "--concurrency", "2")
            self.assertEqual(told["errors"], 0)
            self.assertEqual(told["errors_by_code"], {})
            self.assertGreaterEqual(told["calls"], 1)
            self.assertLessEqual(told["p50_ms"], told["p99_ms"])
            self.assertLessEqual(told["p99_ms"], told["max_ms"])

    def test_bench_counts_what_failed(self):
        """One call at a time and none that waits: most of eight callers' are refused."""
        with support.Server(self.dir, "--max-running", "1", "--max-queued", "0") as server:
            bench = ["bench", "--server", server.address, "--rpc", "segment", "--size", "4MiB",
                     "--seconds", "500ms", "--concurrency", "8"]
            done = support.run("--json", *bench)
            self.assertEqual(done.returncode, 1, done.stderr)
            told = json.loads(done.stdout)
            self.assertGreater(told["errors"], 0)
            self.assertEqual(told["errors_by_code"], {"RESOURCE_EXHAUSTED": told["errors"]})
            self.assertIn(f"{told['errors']} of {told['errors'] + told['calls']} calls failed",
                          done.stderr.decode())
            done = support.run(*bench)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout.decode(), r"(?m)^  failed +RESOURCE_EXHAUSTED [1-9]\d*$")

    def test_bench_of_a_server_that_is_lost(self):
        """What was measured until then is told, with the failures by code."""
        for flags in (["--json"], []):
            with support.Server(self.dir) as server:
                log, started = server.log_path, server.log_path.stat().st_size
                process = support.start(*flags, "bench", "--server", server.address, "--size", "1KiB",
                                        "--seconds", "120", "--concurrency", "2",
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                support.wait_until(lambda log=log, started=started:
                                   log.stat().st_size > started + 4096, "calls in the server's log")
                server.kill()
                out, error = (text.decode() for text in process.communicate(timeout=support.WAIT_SECONDS))
            self.assertEqual(process.returncode, 1, error)
            self.assertRegex(error, r"^trine: error: \d+ of \d+ calls failed; the first: .*; "
                                    "the server was lost")
            if flags:
                told = json.loads(out)
                self.assertGreater(told["calls"], 0)
                self.assertGreater(told["errors"], 0)
                self.assertEqual(sum(told["errors_by_code"].values()), told["errors"])
                self.assertIn("UNAVAILABLE", told["errors_by_code"])
            else:
                self.assertRegex(out, r"(?m)^  failed +UNAVAILABLE [12]$")

    def test_health(self):
        self.assertEqual(self.ok("health", *self.target), b"SERVING\n")
        self.assertEqual(self.json("health", *self.target)["status"], "SERVING")
        self.ok("health", *self.target, "--service", "trine.v1.CodingService")
        self.fails(1, "health", *self.target, "--service", "no.such.Service")

    def test_a_killed_server(self):
        self.server.kill()
        for command in (["info"], ["health"], ["bench"],
                        ["encode", self.path("in", "abc"), "-o", self.path("out")]):
            error = self.fails(3, "--json", *command, *self.target)
            self.assertIn(self.server.address, error)
            self.assertIn("trine: hint: ", error)
        self.assertFalse(self.path("out").exists())

    def test_a_server_killed_in_the_middle(self):
        process = support.start("encode", "-", "-o", self.path("out"), *self.target,
                                stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(os.urandom(4 << 20))
        process.stdin.flush()
        # Coded bytes have come back: the call is well under way.
        support.wait_until(
            lambda: any(p.stat().st_size > 0 for p in self.dir.glob(".trine-*")), "coded bytes")
        self.server.kill()
        # It ends although its input, still open, says nothing more.
        self.assertEqual(process.wait(support.WAIT_SECONDS), 3)
        self.assertIn(b"cannot reach a server", process.stderr.read())
        process.stdin.close()
        process.stderr.close()
        self.assertFalse(self.path("out").exists())

    def test_many_inputs_stop_where_nobody_answers(self):
        self.server.kill()
        out = self.path("o")
        out.mkdir()
        done = support.run("encode", self.path("a", "a"), self.path("b", "b"), "--out-dir", out,
                           *self.target)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.count(b"trine: error: "), 1)

    def test_refusals_say_what_and_where(self):
        error = self.fails(2, "encode", self.path("in", "abc"), "-o", self.path("out"),
                           "--block-size", "1", "-v", *self.target)
        self.assertIn("--block-size", error)
        self.assertIn("INVALID_FIELD", error)

    def test_progress(self):
        done = support.run("encode", self.path("in", "abc"), "-o", self.path("out"), *self.target,
                           "--progress", "always")
        self.assertIn(b"\r\x1b[K", done.stderr)
        for when in ("never", "auto"):  # stderr is no terminal here
            done = support.run("encode", self.path("in"), "-f", "-o", self.path("out"),
                               *self.target, "--progress", when)
            self.assertEqual(done.stderr, b"")
        self.fails(2, "info", "--progress", "sometimes")

    def test_progress_is_in_raw_bytes(self):
        raw = self.path("raw", support.some_bytes(100_000) * 84)
        encode = ["encode", raw, "-o", self.path("coded"), *self.target, "--progress", "always"]
        decode = ["decode", self.path("coded"), "-o", self.path("back"), *encode[4:]]
        for command in (encode, decode, [*decode, "-f", "--range", "0:8400000"]):
            done = support.run(*command)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = done.stderr.decode().split("\r\x1b[K")
            self.assertRegex(lines[1], r"(?:raw|coded) \[#*\.*\] +\d+ % [\d.]+ [KM]iB of 8\.0 MiB, "
                                       r"[\d.]+ [KMG]iB/s, \d+ s left")
        done = support.run("decode", "-", *decode[2:], "-f",
                           stdin=self.path("coded").read_bytes())
        self.assertRegex(done.stderr.decode(), r"stdin [\d.]+ [KM]iB, [\d.]+ [KMG]iB/s")

    def test_timeout(self):
        process = support.start("encode", "-", "-o", self.path("out"), "--timeout", "1s",
                                *self.target, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(process.wait(support.WAIT_SECONDS), 1)
        self.assertIn(b"--timeout", process.stderr.read())
        process.stdin.close()
        process.stderr.close()
        self.fails(2, "info", "--timeout", "never")

    def test_longer_than_a_message(self):
        zeros = self.path("big.pgm", b"P5\n9000 9000\n255\n" + bytes(81_000_000))
        for target in (self.target, []):  # embedded: where nothing lies between
            told = self.json("segment", zeros, "-f", "-o", self.path("mask.npy"), *target)
            self.assertEqual(told["foreground_fraction"], 0)
            mask = numpy.load(self.path("mask.npy"), mmap_mode="r")
            self.assertEqual(mask.shape, (9000, 9000))
            self.assertEqual(mask.max(), 0)
        array = self.path("big.npy")
        numpy.save(array, numpy.zeros((1, 96, 432, 432), numpy.float32))  # 71.7 MB
        self.ok("normalize", array, "-o", self.path("out.npy"), *self.target)
        self.assertEqual(self.path("out.npy").read_bytes(), array.read_bytes())
        with support.Server(self.dir, "--max-item-bytes", "80MB") as server:
            error = self.fails(1, "segment", zeros, "--server", server.address)
            self.assertIn("max_item_bytes = 80000000", error)
            self.ok("normalize", array, "-f", "-o", self.path("out.npy"), "--server",
                    server.address)


class Unreachable(support.CliTest):
    def test_nobody_listens(self):
        for target in (f"127.0.0.1:{free_port()}", f"unix:{self.dir}/absent", "dns:///[::1]:1"):
            self.fails(3, "info", "--server", target)

    def test_a_peer_that_says_nothing(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            target = f"127.0.0.1:{listener.getsockname()[1]}"
            self.fails(3, "info", "--server", target, "--timeout", "500ms")

    def test_a_peer_that_speaks_something_else(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(8)
            process = support.start("info", "--timeout", "2s", "--server",
                                    f"127.0.0.1:{listener.getsockname()[1]}",
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            peer, _ = listener.accept()
            peer.sendall(b"220 mail.example.org ESMTP\r\n")
            peer.close()
            self.assertEqual(process.wait(support.WAIT_SECONDS), 3)


class Credentials(support.CliTest):
    def test_tokens(self):
        tokens = self.path("tokens", "first-token-of-the-server\nsecond-token-of-the-server\n")
        tokens.chmod(0o600)
        with support.Server(self.dir, "--token-file", str(tokens)) as server:
            target = ["--server", server.address]
            self.assertIn("--token-file", self.fails(1, "info", *target))
            self.ok("info", *target, "--token-file", tokens)
            self.ok("info", *target, "--token-file",
                    self.path("mine", "  second-token-of-the-server  \n"))
            self.fails(1, "info", *target, "--token-file", self.path("wrong", "something-else"))
            self.fails(2, "info", *target, "--token-file", self.path("empty", "\n"))
            self.fails(2, "info", *target, "--token-file", self.path("absent"))
            environment = support.clean_environment(TRINE_TOKEN_FILE=str(tokens))
            self.ok("info", *target, env=environment)


class Signals(support.CliTest):
    def test_nothing_is_left_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGXCPU,
                       signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2):
            environment = support.clean_environment(TMPDIR=str(self.dir))
            process = subprocess.Popen(
                [support.OPTIONS.trine, "encode", "-", "-o", str(self.path("out"))],
                stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=self.dir,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
            support.wait_until(lambda: list(self.dir.iterdir()), "the unfinished output")
            process.send_signal(number)
            self.assertEqual(process.wait(support.WAIT_SECONDS), -number)
            process.stdin.close()
            self.assertEqual(list(self.dir.iterdir()), [])

    def test_a_file_that_may_not_grow_so_long_is_told(self):
        source = self.path("in", support.some_bytes(300_000))
        coded = self.path("coded", self.ok("encode", source, "--model", "static", "-o", "-"))
        for command, out in ((["encode", source, "--model", "static"], "c.trine"),
                             (["decode", coded], "d")):
            done = subprocess.run(
                [support.OPTIONS.trine, *map(str, command), "-o", str(self.path(out))],
                capture_output=True, env=support.clean_environment(),
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"cannot write '{self.path(out)}': File too large", done.stderr.decode())
            self.assertEqual({p.name for p in self.dir.iterdir()}, {"in", "coded"})

    def test_the_embedded_server_needs_no_folder(self):
        environment = support.clean_environment(TMPDIR=str(self.dir))
        self.ok("info", env=environment)
        self.assertEqual(list(self.dir.iterdir()), [])
        environment = support.clean_environment(TMPDIR="/nonexistent")
        self.ok("info", env=environment)


class Usage(support.CliTest):
    def test_help_and_version(self):
        self.assertRegex(self.ok("--version"), rb"^trine \d+\.\d+\.\d+\n$")
        commands = ["normalize", "normalize-gradient", "encode", "decode", "inspect", "exact",
                    "segment", "info", "health", "bench"]
        text = self.ok("--help").decode()
        for command in commands:
            self.assertIn(f"\n  {command} ", text)
            lines = self.ok(command, "--help").decode().splitlines()
            # Every option of a command says what it is.
            for line in lines:
                if line.startswith("  -") and "--help" not in line:
                    self.assertTrue(len(line.split("  ", 2)[-1]) > 0, line)

    def test_wrong_usage(self):
        for args in ([], ["--nonsense"], ["fly"], ["info", "--fast"], ["info", "extra"],
                     ["info", "encode"], ["bench", "--rpc", "fly"], ["bench", "--size", "0"],
                     ["bench", "--concurrency", "0"], ["info", "--max-message-bytes", "10"],
                     ["info", "--server", "127.0.0.1:1", "--tls-cert", "only"]):
            self.fails(2, *args)

    def test_health_without_a_server_does_not_ask_itself(self):
        # Whether or not someone listens on the default port: that one is asked.
        done = support.run("--json", "health", "--timeout", "2s")
        self.assertIn(b"127.0.0.1:7433", done.stdout + done.stderr)


if __name__ == "__main__":
    support.main()
