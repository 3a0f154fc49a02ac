"""The processes of a load test: the server, Envoy before it, the traffic, the attacker.

Every process is started here and ended here, by its own id. Where root allows, server, Envoy and
traffic run at a higher priority than the attacker and than whatever else the machine does: client,
attacker and server share its cores here, which they do not in truth.
"""

import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PATIENCE_S = 60


def raise_priority(pid=0):
    try:
        os.setpriority(os.PRIO_PROCESS, pid, -10)
    except PermissionError:
        pass


def clean_environment():
    """Without the caller's options, and without a delay at a server's end that no test waits for."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TRINE_")}
    return {**kept, "TRINE_DRAIN_DELAY_MS": "0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.02)


def memory_mib(pid, field="VmRSS"):
    """VmRSS: now; VmHWM: the most so far. 0 where the process is gone."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def descriptors(pid):
    """How many a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Process:
    """A child that ends with the `with` block."""

    def __init__(self, command, log, descriptors=None):
        self.log_path = pathlib.Path(log)
        with open(self.log_path, "wb") as out:
            self.child = subprocess.Popen([str(part) for part in command], stdout=out,
                                          stderr=subprocess.STDOUT, env=clean_environment())
        self.pid = self.child.pid
        # Not in the child before it runs: a fork of a process with gRPC's threads may wait for ever
        # in gRPC's handler of forks.
        raise_priority(self.pid)
        if descriptors:
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.alive():
            self.child.kill()
        self.child.wait()

    def __del__(self):
        # Of a child that no `with` block ends; ended twice does no harm.
        self.__exit__()

    def alive(self):
        return self.child.poll() is None

    def end(self):
        """SIGTERM; the exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(timeout=PATIENCE_S)

    def log(self):
        return self.log_path.read_text(errors="replace")


class Server(Process):
    """trine-server on free ports, or on `port`."""

    def __init__(self, program, folder, *arguments, port=0, descriptors=None, level="warn",
                 prefix=()):
        port_file = pathlib.Path(folder) / f"ports-{time.monotonic_ns()}.json"
        super().__init__([*prefix, program, "--listen", f"127.0.0.1:{port}", "--metrics-listen",
                          "127.0.0.1:0", "--port-file", port_file, "--log-level", level,
                          "--log-format", "json", *arguments],
                         port_file.with_suffix(".log"), descriptors)
        wait_until(lambda: port_file.exists() or not self.alive(), "the server's port file")
        if not self.alive():
            raise AssertionError(f"the server did not start: {self.log()}")
        ports = json.loads(port_file.read_text())
        self.address = ports["listen"][0]
        self.metrics_address = ports["metrics"]

    def metric(self, name):
        """The sum of a metric's series."""
        with urllib.request.urlopen(f"http://{self.metrics_address}/metrics",
                                    timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith((name + " ", name + "{")))


class Envoy(Process):
    """Envoy with deploy/envoy.yaml before servers, on free ports."""

    ENDPOINT = """\
              - endpoint:
                  address:
                    socket_address: {address: %s, port_value: %s}
"""

    def __init__(self, program, folder, *server_addresses, descriptors=None):
        text = (ROOT / "deploy" / "envoy.yaml").read_text()
        self.port, self.admin_port = free_port(), free_port()
        self.servers = len(server_addresses)
        endpoints = "".join(self.ENDPOINT % tuple(address.rsplit(":", 1))
                            for address in server_addresses)
        for old, new in (("port_value: 8443", f"port_value: {self.port}"),
                         ("port_value: 9901", f"port_value: {self.admin_port}"),
                         ("address: 0.0.0.0", "address: 127.0.0.1"),
                         (self.ENDPOINT % ("trine-server", "7433"), endpoints)):
            assert old in text, f"deploy/envoy.yaml has no {old}"
            text = text.replace(old, new)
        config = pathlib.Path(folder) / f"envoy-{self.port}.yaml"
        config.write_text(text)
        super().__init__([program, "-c", config, "--concurrency", "2", "--disable-hot-restart",
                          "--log-level", "warning"], config.with_suffix(".log"), descriptors)
        self.address = f"127.0.0.1:{self.port}"
        self.await_healthy()

    def await_healthy(self):
        """Waits until every server is."""
        wait_until(lambda: not self.alive() or self.healthy() == self.servers,
                   "Envoy's healthy servers")
        if not self.alive():
            raise AssertionError(f"Envoy ended: {self.log()}")

    def stat(self, name):
        """A figure of Envoy's; -1 where it does not answer yet."""
        url = f"http://127.0.0.1:{self.admin_port}/stats?filter={name}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return -1
        return next((int(line.rsplit(" ", 1)[1]) for line in lines
                     if line.startswith(name + ":")), -1)

    def healthy(self):
        return self.stat("cluster.trine.membership_healthy")

    def completed(self):
        """Calls that have ended."""
        return self.stat("http.trine.downstream_rq_completed")


class Traffic(Process):
    """trine-load in the background; result() waits for its report."""

    def __init__(self, program, folder, target, seconds, *arguments):
        self.seconds = seconds
        log = pathlib.Path(folder) / f"load-{time.monotonic_ns()}.json"
        super().__init__([program, "--target", target, "--seconds", seconds, *arguments], log)

    def result(self):
        code = self.child.wait(timeout=self.seconds + 2 * PATIENCE_S)
        if code != 0:
            raise AssertionError(f"trine-load ended with {code}: {self.log()[-500:]}")
        return Report(json.loads(self.log().splitlines()[-1]))


class Report:
    """What trine-load printed."""

    def __init__(self, raw):
        self.raw = raw
        self.codes = raw["codes"]
        self.failures = raw["failures"]
        self.started_at = raw["started_at_s"]
        self.calls = [(self.started_at + t, ms) for t, ms in raw["ok_calls"]]

    def count(self, *codes):
        return sum(self.codes.get(code, {}).get("count", 0) for code in codes)

    def total(self):
        return sum(entry["count"] for entry in self.codes.values()) + self.raw["skipped"]

    def between(self, start, end):
        """(successful calls a second, their p99 [ms]) of a span of the monotonic clock."""
        inside = sorted(ms for at, ms in self.calls if start <= at < end)
        p99 = inside[int(0.99 * (len(inside) - 1))] if inside else float("inf")
        return len(inside) / max(end - start, 1e-9), p99


class Sampler:
    """Watches a figure from a thread of its own; keeps (time, value)."""

    def __init__(self, read, every_s=0.1):
        self._read, self._every_s = read, every_s
        self._stop = threading.Event()
        self.samples = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._stop.wait(self._every_s):
            try:
                self.samples.append((time.monotonic(), self._read()))
            except OSError:
                pass  # the process has ended

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def most(self):
        return max((value for _, value in self.samples), default=0.0)
