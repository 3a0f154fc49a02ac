"""What the attacks share: connections by the hundred, chunks that are sent whatever comes back, counts.

That a server closes a connection is a right answer, never an error.
"""

import socket
import struct
import time

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
