"""The load tests: each a function of (setup) that yields rows (test, goal, figure, verdict)."""

import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import grpc

import attack_tools
import attacks
import fleet
import memory
import processes
from cage import Cage
from processes import Envoy, Sampler, Server, Traffic, memory_mib
from rows import SKIPPED, row

# Client and server share the cores here: calls that compute long for few bytes keep the client's
# part small. Some 45 ms of work for 8 KiB; and for the caller by whom a server's health is judged,
# 1 ms.
HEAVY = "exact:8192"
HEALTHY = "encode:16384"
UNAVAILABLE, EXHAUSTED, CANCELLED = "14", "8", "1"


class Setup:
    """Programs, a folder for this run, how long."""

    def __init__(self, server, load, envoy, folder, seconds):
        self.server, self.load, self.envoy, self.folder = server, load, envoy, folder
        self.seconds = seconds

    def start(self, *arguments, **options):
        return Server(self.server, self.folder, *arguments, **options)

    def traffic(self, target, seconds, *arguments, calls=HEALTHY):
        return Traffic(self.load, self.folder, target, seconds, "--calls", calls, *arguments)


MEMORY_LIMIT_MIB = 256


def overload(setup):
    with Cage(MEMORY_LIMIT_MIB) as cage, setup.start(
            "--max-queued", "64", "--max-exact-symbols", "8192", prefix=cage.prefix) as server:
        seconds = max(5, setup.seconds // 2)
        setup.traffic(server.address, 2, "--callers", "8", calls=HEAVY).result()
        peak = statistics.median(
            setup.traffic(server.address, seconds, "--callers", "8",
                          calls=HEAVY).result().count("0") / seconds
            for _ in range(3))
        yield row("capacity", "measured", f"{peak:.0f} calls/s (EXACT, 8 KiB)", True)
        for factor in (2, 5, 10):
            start = time.monotonic()
            report = setup.traffic(server.address, seconds, "--rate", f"{peak * factor:.0f}",
                                   calls=HEAVY).result()
            begin = report.started_at + 1  # the queue is full by then
            rate, _ = report.between(begin, begin + seconds - 1)
            refused = report.codes.get(EXHAUSTED, {"count": 0, "p99_ms": 0.0})
            yield row(f"overload {factor}x: goodput", ">= 90 % of the peak",
                      f"{100 * rate / peak:.0f} %", rate >= 0.9 * peak)
            yield row(f"overload {factor}x: p99 of refusals", "< 10 ms",
                      f"{refused['p99_ms']:.1f} ms of {refused['count']}", refused["p99_ms"] < 10)
            others = report.total() - report.count("0", EXHAUSTED)
            yield row(f"overload {factor}x: other ends", "0",
                      f"{others} in {time.monotonic() - start:.0f} s", others == 0)
        most = memory_mib(server.pid, "VmHWM")
        yield row("overload: memory", f"< {MEMORY_LIMIT_MIB} MiB",
                  f"{most:.0f} MiB " + ("resident" if cage.missing else "in a cgroup"),
                  server.alive() and most < MEMORY_LIMIT_MIB)


def storm(server):
    """Eight calls cancelled together while some of them run: ms until the last one has ended.

    By the access log, which says when a call ended: asking the server would take longer.
    """
    request = b"\x0a" + attack_tools.varint(1 << 22) + os.urandom(1 << 22)
    request += b"\x2a\x04\x08\x03\x10\x02"  # options: ADAPTIVE, order 2
    logged = len(server.log())
    with grpc.insecure_channel(server.address) as channel:
        call = channel.unary_unary(attack_tools.ENCODE)
        calls = [call.future(request, timeout=processes.PATIENCE_S) for _ in range(8)]
        # All of them there: a cancellation would wait for the rest of a message.
        processes.wait_until(
            lambda: server.metric("trine_running") + server.metric("trine_queued") == len(calls),
            "calls that run and wait")
        start = time.time()
        for one in calls:
            one.cancel()
        processes.wait_until(lambda: server.metric("trine_active_calls") == 0, "the calls' end")
    ended = [json.loads(line) for line in server.log()[logged:].splitlines() if '"rpc"' in line]
    assert any(line["compute_ms"] > 0 for line in ended), "no call ran"
    times = [datetime.datetime.fromisoformat(line["time"]).timestamp() for line in ended]
    return 1e3 * (max(times) - start)


def cancel(setup):
    # 1.5 MiB: some 100 ms of work, most of which a cancellation after 30 ms spares.
    calls = "encode:1572864"
    with setup.start("--max-queued", "64", level="info") as server:
        setup.traffic(server.address, 2, "--callers", "4", calls=calls).result()
        before = memory_mib(server.pid)
        report = setup.traffic(server.address, setup.seconds, "--rate", "20", "--cancel-share", "0.5",
                               "--cancel-after-ms", "30", calls=calls).result()
        end = time.monotonic()
        processes.wait_until(lambda: server.metric("trine_active_calls") == 0, "calls' end")
        after = memory_mib(server.pid)
        yield row("cancel storm: calls that stay", "0",
                  f"0 after {1e3 * (time.monotonic() - end):.0f} ms; {report.count('ours')} cancelled",
                  report.count("ours") > 0)
        yield row("cancel storm: memory", "+< 32 MiB", f"{after - before:+.0f} MiB",
                  after - before < 32)
        late = [storm(server) for _ in range(20)]
        late.sort()
        # The slowest two are left to whatever else the machine does.
        yield row("cancel storm: work stops", "<= 20 ms",
                  f"{late[10]:.0f} ms, p90 {late[17]:.0f} ms, {late[-1]:.0f} ms at most of "
                  f"{len(late)} storms, the way there included", late[17] <= 20)


def drain(setup):
    """SIGTERM 50 times on one port, with callers that retry and callers that do not."""
    port = processes.free_port()
    rounds = 50
    lost, odd, bad_exits = [], 0, 0
    seen = []
    total = rounds * 1.6 + 20
    address = f"127.0.0.1:{port}"
    server = setup.start(port=port, level="info")
    patient = setup.traffic(address, total, "--rate", "20", "--retry", calls="encode:8192")
    plain = setup.traffic(address, total, "--rate", "40", calls="encode:8192")
    with patient, plain:
        for _ in range(rounds):
            time.sleep(0.5)
            code = server.end()
            bad_exits += code != 0
            seen.append(server.log())
            server = setup.start(port=port, level="info")
        with server:
            time.sleep(1)
            # They end with their time; what is left of it runs on a server that stays.
            left = patient.result()
            report = plain.result()
            seen.append(server.log())
    logged = "\n".join(seen)
    for request_id, code, _ in report.failures:
        if str(code) not in (UNAVAILABLE, CANCELLED):
            odd += 1
        if f'"{request_id}"' in logged:
            lost.append(request_id)
    yield row("SIGTERM under load, 50 times: admitted calls that failed", "0",
              f"{len(lost)}; {report.count('0')} done, {len(report.failures)} never admitted",
              not lost and report.count("0") > 0)
    yield row("SIGTERM: ends of calls that were not admitted", "UNAVAILABLE or CANCELLED",
              f"{odd} others", odd == 0)
    yield row("SIGTERM: failures that a retrying client sees", "0",
              f"{len(left.failures)} of {left.total()}", not left.failures)
    yield row("SIGTERM: exit codes other than 0", "0", str(bad_exits), bad_exits == 0)


def make_certificate(folder, name, authority=None):
    """PEM files of a certificate for 127.0.0.1, signed by `authority` or by itself."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}"]
    if authority:
        command += ["-CA", authority[0], "-CAkey", authority[1],
                    "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    return certificate, key


def tls(setup):
    folder = pathlib.Path(setup.folder) / "tls"
    folder.mkdir()
    authority = make_certificate(folder, "authority")
    pairs = [make_certificate(folder, f"server{i}", authority) for i in range(2)]
    certificate, key = folder / "live.crt", folder / "live.key"

    def swap(pair):
        # Key and certificate are two files: what reads them has to bear with a moment of mismatch.
        for source, target in zip(pair, (certificate, key)):
            shutil.copy(source, folder / "new")
            os.replace(folder / "new", target)

    def served():
        shown = subprocess.run(["openssl", "s_client", "-connect", server.address, "-alpn", "h2"],
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        return b"server0" if b"CN = server0" in shown.stdout else b"server1"

    swap(pairs[0])
    with setup.start("--tls-cert", certificate, "--tls-key", key) as server:
        seconds = max(60, setup.seconds)
        # Old connections outlive a swap: the second program makes new ones all the time.
        with setup.traffic(server.address, seconds, "--rate", "40", "--ca", authority[0]) as steady:
            failures = done = 0
            seen = set()
            end = time.monotonic() + seconds - 2
            for number in range(1, 101):
                swap(pairs[number % 2])
                report = setup.traffic(server.address, 0.3, "--rate", "20", "--ca",
                                       authority[0], "--channels", "2").result()
                failures += len(report.failures)
                done += report.count("0")
                if number % 9 == 0:  # an odd number: both pairs have their turn
                    time.sleep(1.2)  # the server polls every second
                    seen.add(served())
                if time.monotonic() > end:
                    break
            report = steady.result()
    yield row(f"certificates swapped {number} times: failed calls", "0",
              f"{failures + len(report.failures)} of {done + report.total()}",
              failures + len(report.failures) == 0 and number == 100)
    yield row("certificates: new ones are served", "both seen", f"{len(seen)} seen", len(seen) == 2)


# What is known to fail, and why; server/README.md tells it to the user.
KNOWN = {
    # gRPC 1.51 makes a call of every stream before it reads the reset that follows it.
    ("rapid-reset", "bare", "memory"), ("rapid-reset", "bare", "p99"),
}
RATE = 100
# A shorter span would have too few calls for a p99.
P99_SPAN_S = 10
CALM_S, RECOVER_S = 5, 5


def attack(setup, names=tuple(attacks.ATTACKS)):
    for name in names:
        yield from attack_one(setup, name, "bare")
        if setup.envoy:
            yield from attack_one(setup, name, "Envoy")
        else:
            yield {"test": f"{name}, Envoy", "goal": "", "figure": "no Envoy", "verdict": SKIPPED}


def attack_one(setup, name, where):
    descriptors = 1024 if name == "descriptor-storm" else None
    # The default, 1 GiB, would hold too, but not within this test's 64 MiB.
    limits = (["--max-message-bytes", "16MiB", "--max-buffer-bytes", "48MiB"]
              if name == "endless-message" else [])
    # Envoy itself is the one that runs out of descriptors then; the server never sees the storm.
    with setup.start(*limits, descriptors=descriptors) as server:
        if where == "bare":
            yield from attacked(setup, name, where, server.address, [server])
            return
        with Envoy(setup.envoy, setup.folder, server.address, descriptors=descriptors) as envoy:
            yield from attacked(setup, name, where, envoy.address, [server, envoy])


def attacked(setup, name, where, address, victims):
    def judge(part, goal, figure, holds):
        return row(f"{name}, {where}: {part}", goal, figure, holds, (name, where, part) in KNOWN)

    def healthy(seconds):
        return setup.traffic(address, seconds, "--rate", str(RATE), "--deadline-ms", "5000",
                             calls=HEALTHY)

    healthy(2).result()  # warm
    calm = healthy(CALM_S).result()
    rate, calm_p99 = calm.between(calm.started_at, calm.started_at + CALM_S)
    before = [memory_mib(victim.pid) for victim in victims]
    samplers = [Sampler(lambda pid=victim.pid: memory_mib(pid)) for victim in victims]
    with healthy(3 * attack_tools.PATIENCE_S) as caller:
        for sampler in samplers:
            sampler.__enter__()
        time.sleep(1)
        begin = time.monotonic()
        told = subprocess.run([sys.executable, attacks.__file__, name, address], text=True,
                              capture_output=True, timeout=3 * attack_tools.PATIENCE_S, check=False)
        end = time.monotonic()
        time.sleep(RECOVER_S - 1)
        # Callers that come anew have to be served as well as those that stayed.
        again = healthy(4).result()
        fresh, again_p99 = again.between(again.started_at, again.started_at + 4)
        time.sleep(max(0, begin + P99_SPAN_S - time.monotonic()))
        for sampler in samplers:
            sampler.__exit__()
        caller.child.terminate()
        report = caller.result()
    _, p99 = report.between(begin, max(end, begin + P99_SPAN_S))
    stayed, _ = report.between(end + RECOVER_S - 2, end + RECOVER_S)
    grown = [sampler.most() - first for sampler, first in zip(samplers, before)]
    alive = all(victim.alive() for victim in victims)
    line = told.stdout.strip() or told.stderr.strip()[-200:]
    yield judge("lives", "yes", f"{'yes' if alive else 'NO'}; {line}; {end - begin:.0f} s",
                alive and told.returncode == 0)
    yield judge("memory", "+< 64 MiB", " and ".join(f"{mib:+.0f}" for mib in grown) + " MiB",
                max(grown) < 64)
    # Before and after, since a shared machine is not as calm at one time as at another; a few ms are
    # the scheduler's on cores that attacker, caller and server share.
    yield judge("p99", "<= 2 x calm",
                f"{p99:.1f} ms, calm {calm_p99:.1f} ms before, {again_p99:.1f} ms after",
                p99 <= 2 * max(calm_p99, again_p99, 5.0))
    yield judge("recovery", ">= 90 % after 5 s",
                f"{100 * stayed / rate:.0f} % of callers that stayed, {100 * fresh / rate:.0f} % of "
                "new ones", min(stayed, fresh) >= 0.9 * rate)


def slope(samples):
    """Least squares, of (seconds, MiB): MiB an hour."""
    mean_t = statistics.fmean(t for t, _ in samples)
    mean_v = statistics.fmean(v for _, v in samples)
    over = sum((t - mean_t) * (v - mean_v) for t, v in samples)
    under = sum((t - mean_t) ** 2 for t, _ in samples)
    return 3600 * over / under if under else 0.0


def soak(setup):
    """Mixed load at a modest rate: after the first quarter, memory has to stay where it is."""
    seconds = setup.seconds
    with setup.start() as server:
        with setup.traffic(server.address, seconds, "--rate", "100", "--cancel-share", "0.05",
                           "--cancel-after-ms", "2",
                           calls="encode:16384,segment:65536,normalize:65536,info") as caller:
            with Sampler(lambda: memory_mib(server.pid), every_s=min(10, seconds / 30)) as sampler:
                report = caller.result()
            cpu = processes.cpu_seconds(server.pid) / seconds
        failed = report.total() - report.count("0", "ours")
        flat = sampler.samples[len(sampler.samples) // 4:]
        values = [value for _, value in flat]
        fit = slope(flat)
        span = (flat[-1][0] - flat[0][0]) / 3600
        yield row(f"soak {seconds} s: calls that failed", "0",
                  f"{failed} of {report.total()}; {100 * cpu:.0f} % of a core", failed == 0)
        yield row("soak: growth after warm-up", "< 4 MiB in all",
                  f"{fit * span:+.2f} MiB ({fit:+.2f} MiB/h), {min(values):.1f} to "
                  f"{max(values):.1f} MiB", fit * span < 4)
        yield row("soak: ends in order", "exit code 0", str(code := server.end()), code == 0)


GROUPS = {"overload": overload, "cancel": cancel, "drain": drain, "roll": fleet.roll,
          "kill": fleet.kill, "memory": memory.memory, "tls": tls, "attack": attack, "soak": soak}
