"""Runs trine-server as a process: start, addresses, signals, exit codes, refusals.

Usage: process_test.py TRINE_SERVER
"""

import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import unittest
import urllib.error
import urllib.request

import grpc

SERVER = sys.argv.pop(1)
PATIENCE_S = 60


def clean_environment(**extra):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TRINE_")}
    return {**kept, **extra}


def run(*arguments, **environment):
    """Runs the server with arguments that make it end by itself."""
    return subprocess.run([SERVER, *arguments], capture_output=True, text=True,
                          timeout=PATIENCE_S, env=clean_environment(**environment), check=False)


class Running:
    """A server on any port, ended at the latest with the test."""

    def __init__(self, folder, *arguments, **environment):
        self.port_file = pathlib.Path(folder) / "ports.json"
        self.port_file.unlink(missing_ok=True)
        self.log = open(pathlib.Path(folder) / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [SERVER, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
             "--port-file", str(self.port_file), *arguments],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
            env=clean_environment(**{"TRINE_DRAIN_DELAY_MS": "0", **environment}))
        end = time.monotonic() + PATIENCE_S
        while not self.port_file.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the server did not start: {self.read_log()}")
            time.sleep(0.01)
        self.ports = json.loads(self.port_file.read_text(encoding="utf-8"))
        self.address = self.ports["listen"][0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def read_log(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(encoding="utf-8")

    def await_log(self, text):
        end = time.monotonic() + PATIENCE_S
        while text not in self.read_log():
            assert time.monotonic() < end, f"{text!r} is not in the log: {self.read_log()}"
            time.sleep(0.01)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.ports['metrics']}{path}",
                                    timeout=PATIENCE_S) as answer:
            return answer.status, answer.read().decode()


def info(channel):
    """GetServerInfo, as bytes: the test needs no generated code."""
    call = channel.unary_unary("/trine.v1.ServerService/GetServerInfo")
    return call(b"", timeout=PATIENCE_S, wait_for_ready=True)


class Process(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_starts_serves_and_ends(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Running(self.folder) as server:
                with grpc.insecure_channel(server.address) as channel:
                    self.assertIn(b"max_message_bytes", info(channel))
                self.assertEqual(server.get("/healthz")[0], 200)
                self.assertEqual(server.get("/readyz")[0], 200)
                self.assertIn("grpc_server_started_total", server.get("/metrics")[1])
                self.assertEqual(server.end(number), 0)
                out = server.process.stdout.read()
                self.assertIn(f"listens on {server.address}", out)
                self.assertIn(server.ports["metrics"], out)
                self.assertIn("rpc request_id=", server.read_log())

    def test_leaves_nothing_beside_the_port_file(self):
        with Running(self.folder) as server:
            self.assertEqual(sorted(os.listdir(self.folder)), ["log", "ports.json"])
            server.end()

    def test_log_lines_are_json_where_asked_for(self):
        with Running(self.folder, "--log-format", "json") as server:
            with grpc.insecure_channel(server.address) as channel:
                info(channel)
            # A TLS handshake on a plaintext port makes gRPC itself complain, or stay silent.
            with grpc.secure_channel(server.address, grpc.ssl_channel_credentials()) as channel:
                with self.assertRaises(grpc.RpcError):
                    channel.unary_unary("/x.Y/Z")(b"", timeout=5)
            server.end()
            lines = [json.loads(line) for line in server.read_log().splitlines()]
            calls = [line for line in lines if line["message"] == "rpc"]
            self.assertEqual(calls[0]["method"], "/trine.v1.ServerService/GetServerInfo")
            self.assertEqual(calls[0]["status"], "OK")
            self.assertEqual(lines[-1]["message"], "ended")

    def test_a_drain_lets_a_stream_end(self):
        with Running(self.folder) as server, grpc.insecure_channel(server.address) as channel:
            self.assertTrue(info(channel))
            requests = Queue()
            answers = channel.stream_stream("/trine.v1.CodingService/EncodeStream")(
                requests, timeout=PATIENCE_S)
            requests.put(b"\x0a\x00")  # the header
            requests.put(b"\x12\x05hello")
            server.await_log("GetServerInfo")
            self.await_streams(server, 1)
            server.process.send_signal(signal.SIGTERM)
            server.await_log("draining")
            requests.end()
            self.assertGreater(len(b"".join(answers)), 5)
            self.assertEqual(server.process.wait(timeout=PATIENCE_S), 0)

    def test_calls_that_do_not_end_are_cut_off(self):
        with Running(self.folder, "--drain-ms", "100") as server:
            with grpc.insecure_channel(server.address) as channel:
                requests = Queue()
                answers = channel.stream_stream("/trine.v1.CodingService/EncodeStream")(
                    requests, timeout=PATIENCE_S)
                self.await_streams(server, 1)
                self.assertEqual(server.end(), 1)
                with self.assertRaises(grpc.RpcError):
                    list(answers)
                requests.end()
            self.assertIn("calls were cancelled", server.read_log())

    def test_a_second_signal_ends_at_once(self):
        with Running(self.folder, "--drain-ms", "1h") as server:
            with grpc.insecure_channel(server.address) as channel:
                requests = Queue()
                answers = channel.stream_stream("/trine.v1.CodingService/EncodeStream")(
                    requests, timeout=PATIENCE_S)
                self.await_streams(server, 1)
                server.process.send_signal(signal.SIGTERM)
                server.await_log("draining")
                self.assertEqual(server.end(signal.SIGINT), 1)
                with self.assertRaises(grpc.RpcError):
                    list(answers)
                requests.end()

    def test_readyz_says_so_before_calls_are_refused(self):
        with Running(self.folder, "--drain-delay-ms", "3s") as server:
            with grpc.insecure_channel(server.address) as channel:
                self.assertTrue(info(channel))
                server.process.send_signal(signal.SIGTERM)
                server.await_log("draining")
                while self.ready(server):
                    time.sleep(0.005)
                # Three seconds are left for this.
                self.assertTrue(info(channel))
            self.assertEqual(server.process.wait(timeout=PATIENCE_S), 0)

    def test_sigint_does_without_the_delay(self):
        with Running(self.folder, "--drain-delay-ms", "1h") as server:
            self.assertEqual(server.end(signal.SIGINT), 0)

    def test_sigterm_waits_so_that_a_balancer_sees_it_by_default(self):
        printed = tomllib.loads(run("--print-config").stdout)
        self.assertEqual(printed["drain-delay-ms"], 5000)

    def test_wrong_usage_is_exit_code_2(self):
        missing = str(pathlib.Path(self.folder) / "missing")
        bad = pathlib.Path(self.folder) / "bad.toml"
        bad.write_text("no-such-key = 1\n", encoding="utf-8")
        for arguments, named in (
                (["--no-such-flag"], "no-such-flag"),
                (["--max-queued", "many"], "--max-queued"),
                (["--listen", "nowhere"], "listen"),
                (["--config", missing], "--config"),
                (["--config", str(bad)], "no-such-key"),
                (["--tls-cert", missing], "tls-key"),
                (["--tls-cert", missing, "--tls-key", missing], "tls-cert"),
                (["--token-file", missing], "token-file"),
                (["--check-config", "--token-file", missing], "token-file")):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(named, result.stderr)
            self.assertEqual(result.stdout, "")
        result = run(TRINE_THREADS="x")
        self.assertEqual(result.returncode, 2)
        self.assertIn("TRINE_THREADS", result.stderr)

    def test_a_taken_port_is_exit_code_1(self):
        with Running(self.folder) as server:
            result = run("--listen", server.address, "--metrics-listen", "")
            self.assertEqual(result.returncode, 1)
            self.assertIn(server.address, result.stderr)
            result = run("--listen", "127.0.0.1:0", "--metrics-listen", server.ports["metrics"])
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("metrics-listen", result.stderr)

    def test_prints_and_checks_the_configuration(self):
        printed = run("--print-config", "--max-queued", "7", TRINE_THREADS="3")
        self.assertEqual(printed.returncode, 0)
        values = tomllib.loads(printed.stdout)
        self.assertEqual((values["max-queued"], values["threads"]), (7, 3))
        self.assertEqual(values["listen"], ["127.0.0.1:7433"])
        path = pathlib.Path(self.folder) / "trine.toml"
        path.write_text(printed.stdout, encoding="utf-8")
        again = run("--print-config", "--config", str(path))
        self.assertEqual(again.stdout, printed.stdout)
        self.assertEqual(run("--check-config", "--config", str(path)).returncode, 0)

    def test_version_and_help(self):
        version = run("--version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"^trine-server \d+\.\d+\.\d+ \(.+\)\n$")
        usage = run("--help")
        self.assertEqual(usage.returncode, 0)
        for flag in ("--listen", "--max-queued", "TRINE_MAX_QUEUED", "--max-elements"):
            self.assertIn(flag, usage.stdout)

    @staticmethod
    def ready(server):
        try:
            return server.get("/readyz")[0] == 200
        except urllib.error.HTTPError as error:
            return error.code != 503

    @staticmethod
    def await_streams(server, count):
        end = time.monotonic() + PATIENCE_S
        while f"\ntrine_streams {count}\n" not in server.get("/metrics")[1]:
            assert time.monotonic() < end, "the stream did not arrive"
            time.sleep(0.01)


class Queue:
    """Requests of a stream, given one by one; what gRPC iterates over."""

    def __init__(self):
        self._queue = queue.Queue()

    def put(self, message):
        self._queue.put(message)

    def end(self):
        self._queue.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        message = self._queue.get()
        if message is None:
            raise StopIteration
        return message


if __name__ == "__main__":
    unittest.main(verbosity=2)
