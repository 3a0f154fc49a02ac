"""Three servers behind Envoy, which are restarted one after another, or killed: no call is lost."""

import signal
import time

import processes
from processes import Envoy
from rows import SKIPPED, row

SERVERS = 3
CALLERS = 4
# A request of some ms and one that is larger than Envoy's own buffers; how many calls at least. Their
# answers are short: of a long one that a killed server has begun, Envoy cannot take the part back.
SIZES = (("16 KiB", "encode:16384", 5000), ("3 MiB", "blank:3145728", 500))
# Longer than Envoy's health check takes to see NOT_SERVING, shorter than the default.
DRAIN_DELAY_MS = 1500
LEAST_ROUNDS = 2


class Fleet:
    """Servers, each on a port of its own that its successors take over."""

    def __init__(self, setup):
        self.setup = setup
        self.ports = [processes.free_port() for _ in range(SERVERS)]
        self.servers = [self._start(port) for port in self.ports]

    def _start(self, port):
        return self.setup.start("--drain-delay-ms", str(DRAIN_DELAY_MS), port=port)

    def addresses(self):
        return [server.address for server in self.servers]

    def restart(self, number):
        """SIGTERM; another one in its place. The exit code."""
        code = self.servers[number].end()
        self.servers[number] = self._start(self.ports[number])
        return code

    def kill(self, number):
        """SIGKILL, a moment without it, another one in its place."""
        self.servers[number].child.send_signal(signal.SIGKILL)
        self.servers[number].child.wait()
        time.sleep(1)
        self.servers[number] = self._start(self.ports[number])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.__exit__()


def disturbed(setup, name, disturb):
    """Rows of the calls that were lost while disturb(fleet, number) goes round the servers."""
    if not setup.envoy:
        yield {"test": name, "goal": "", "figure": "no Envoy", "verdict": SKIPPED}
        return
    for size, calls, least in SIZES:
        with Fleet(setup) as fleet, Envoy(setup.envoy, setup.folder, *fleet.addresses()) as envoy:
            with setup.traffic(envoy.address, 20 * processes.PATIENCE_S, "--callers", str(CALLERS),
                               calls=calls) as traffic:
                rounds = 0
                while rounds < LEAST_ROUNDS or envoy.completed() < least:
                    for number in range(SERVERS):
                        disturb(fleet, number)
                        envoy.await_healthy()
                    rounds += 1
                traffic.child.terminate()
                report = traffic.result()
        lost = report.total() - report.count("0")
        said = "; ".join(sorted({f"{code} {text}" for _, code, text in report.failures}))
        yield row(f"{name}, {size}: lost calls", f"0 of at least {least}",
                  f"{lost} of {report.total()} in {rounds * SERVERS} {name}s {said}".strip(),
                  lost == 0 and report.total() >= least)


def roll(setup):
    codes = []
    yield from disturbed(setup, "restart", lambda fleet, n: codes.append(fleet.restart(n)))
    if codes:
        yield row("restart: exit codes other than 0", "0", str(sum(code != 0 for code in codes)),
                  not any(codes))


def kill(setup):
    yield from disturbed(setup, "kill", Fleet.kill)
