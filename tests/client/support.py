"""What the tests of the command line share: processes, servers, temporary folders.

Every test program is started as: PROGRAM --trine FILE --server FILE [--size-mib N] [unittest's
arguments]. Only processes that were started here are ended, each by its own id.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

OPTIONS = argparse.Namespace()
WAIT_SECONDS = 60  # for what takes a moment; a test that reaches it has failed


def clean_environment(**extra):
    """Without the caller's settings; help in lines that no text reaches."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("TRINE_")}
    env["COLUMNS"] = "9999"
    env.update(extra)
    return env


def run(*args, stdin=b"", env=None, cwd=None):
    """Runs the command line to its end."""
    return subprocess.run(
        [OPTIONS.trine, *map(str, args)], input=stdin, capture_output=True,
        env=env or clean_environment(), cwd=cwd, timeout=10 * WAIT_SECONDS)


def start(*args, **popen):
    return subprocess.Popen([OPTIONS.trine, *map(str, args)], env=clean_environment(), **popen)


def walk(items):
    """All the items; of a sanitized build, whose processes are slow to start, each seventh."""
    items = list(items)
    return items[::7] if OPTIONS.sanitized else items


def some_bytes(size, seed=1):
    return bytes(random.Random(seed).choices(range(64), weights=range(64, 0, -1), k=size))


def wait_until(condition, what):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.02)


def peak_kib(pid):
    """The most memory that a process has held so far [KiB]."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError(f"no VmHWM of {pid}")


class Server:
    """A server of its own process on free ports of the loopback interface."""

    def __init__(self, folder, *args):
        port_file = pathlib.Path(folder) / f"ports-{time.monotonic_ns()}.json"
        self.log_path = port_file.with_suffix(".log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [OPTIONS.server, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
                 "--port-file", str(port_file), *args],
                env=clean_environment(TRINE_DRAIN_DELAY_MS="0"), stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is not None or self._read(port_file),
                   "the server's ports")
        if self.process.poll() is not None:
            raise AssertionError("the server ended: " + self.log_path.read_text())
        self.address = self._read(port_file)["listen"][0]

    @staticmethod
    def _read(port_file):
        try:
            return json.loads(port_file.read_text())
        except (OSError, ValueError):
            return None

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class CliTest(unittest.TestCase):
    """Each test has an empty folder, which is empty of temporary names at its end too."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="trine-test-")
        self.addCleanup(holder.cleanup)
        self.dir = pathlib.Path(holder.name)

    def tearDown(self):
        self.assertEqual(list(self.dir.rglob(".trine*")), [], "temporary files were left")

    def path(self, name, content=None):
        path = self.dir / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def ok(self, *args, **kwargs):
        """Runs a command that must succeed; its stdout."""
        done = run(*args, **kwargs)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def json(self, *args, **kwargs):
        """The one JSON object that a command prints."""
        lines = self.ok("--json", *args, **kwargs).decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        return json.loads(lines[0])

    def fails(self, code, *args, **kwargs):
        """Runs a command that must fail with that exit code, one line saying why; that line. With
        --json the last object says so too."""
        done = run(*args, **kwargs)
        error = done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{args}: {error}")
        self.assertRegex(error, r"(?m)^trine: error: .", args)
        if "--json" in args:
            self.assertIn(json.loads(done.stdout.splitlines()[-1])["error"], error)
        return error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trine", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--protoc")
    parser.add_argument("--proto-dir")
    parser.add_argument("--size-mib", type=int, default=1024)
    parser.add_argument("--sanitized", action="store_true")
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    unittest.main(module="__main__", argv=[sys.argv[0], *rest], verbosity=2)
