"""What clients can make a server hold, in a cgroup of the server's own memory limit: the kernel would
end it at the first byte beyond. The attacks are those of tests/server/memory, which judges them by
the process's own figures."""

import pathlib
import sys

import grpc

import attack_tools
import processes
from cage import Cage
from rows import SKIPPED, row

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "server" / "memory"))
import memory_attacks  # noqa: E402
from memory_attacks import MIB  # noqa: E402

LIMIT_MIB = 512
CALLERS, STREAMS = 200, 256
UNREAD_BYTES = 64 * MIB - 4096

# name: opens its connections
ATTACKS = {
    "answers that nobody reads": lambda address: memory_attacks.unread_answers(
        address, CALLERS, UNREAD_BYTES),
    "encoders in the middle of a block": lambda address: memory_attacks.half_blocks(
        address, STREAMS, 64 * MIB, 3 * MIB, memory_attacks.ENCODE_STREAM),
    "decoders in the middle of a block": lambda address: memory_attacks.half_blocks(
        address, STREAMS, 64 * MIB, 3 * MIB, memory_attacks.DECODE_STREAM),
}


def served(address):
    """A caller of usual size is."""
    request = memory_attacks.field(1, bytes(range(256)) * 1024)
    try:
        with grpc.insecure_channel(address) as channel:
            return bool(channel.unary_unary(attack_tools.ENCODE)(
                request, timeout=processes.PATIENCE_S, wait_for_ready=True))
    except grpc.RpcError:
        return False


def memory(setup):
    for name, attack in ATTACKS.items():
        test = f"memory, {name}"
        with Cage(LIMIT_MIB) as cage:
            if cage.missing:
                yield {"test": test, "goal": "", "figure": cage.missing, "verdict": SKIPPED}
                continue
            with setup.start("--memory-limit", f"{LIMIT_MIB}MiB", "--threads", "2",
                             prefix=cage.prefix) as server:
                connections = attack(server.address)
                for metric in ("trine_running", "trine_queued"):
                    processes.wait_until(lambda metric=metric: server.metric(metric) == 0, metric)
                healthy = served(server.address)
                peak = cage.peak_mib() or processes.memory_mib(server.pid, "VmHWM")
                attack_tools.close_all(connections)
                yield row(test, f"lives in {LIMIT_MIB} MiB and serves others",
                          f"{'serves' if healthy else 'SERVES NOBODY'}; {peak:.0f} MiB at most",
                          healthy and server.alive())
