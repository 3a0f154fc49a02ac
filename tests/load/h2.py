"""HTTP/2 by hand: enough to send a server what no library would send.

Header fields are sent as literals that are neither indexed nor compressed (RFC 7541, 6.2.2), unless
a probe writes header blocks itself.
"""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
END_STREAM, END_HEADERS, ACK = 1, 4, 1
INITIAL_WINDOW_SIZE = 4
CANCEL = 8


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def integer(value, bits, first=0):
    """RFC 7541, 5.1: `value` with a prefix of `bits` bits, the bits above it from `first`."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out = bytearray([first | limit])
    value -= limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return integer(len(data), 7) + data


def field(name, value, indexed=False):
    return (b"\x40" if indexed else b"\x00") + text(name) + text(value)


def grpc_headers(path, *extra, scheme="http", te="trailers"):
    fields = [(":method", "POST"), (":scheme", scheme), (":path", path),
              (":authority", "localhost"), ("content-type", "application/grpc"), ("te", te), *extra]
    return b"".join(field(name, value) for name, value in fields)


def header_frames(stream, block):
    """HEADERS, and CONTINUATION for what is beyond a frame's 16 KiB."""
    parts = [block[at:at + 16384] for at in range(0, len(block), 16384)]
    return b"".join(
        frame(HEADERS if number == 0 else CONTINUATION,
              END_HEADERS if number == len(parts) - 1 else 0, stream, part)
        for number, part in enumerate(parts))


def message(body, compressed=False):
    return struct.pack(">BI", 1 if compressed else 0, len(body)) + body


class Connection:
    """A connection past the preface. Reading is the probe's own business: most never read."""

    def __init__(self, address, timeout=10.0, settings=(), preface=True):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        if preface:
            body = b"".join(struct.pack(">HI", key, value) for key, value in settings)
            self.send(PREFACE + frame(SETTINGS, 0, 0, body))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def read_frame(self):
        """(kind, flags, stream, payload); None where the peer has closed."""
        while True:
            if len(self._buffer) >= 9:
                size = int.from_bytes(self._buffer[:3], "big")
                if len(self._buffer) >= 9 + size:
                    kind, flags, stream = struct.unpack(">BBI", self._buffer[3:9])
                    payload = self._buffer[9:9 + size]
                    self._buffer = self._buffer[9 + size:]
                    return kind, flags, stream & 0x7FFFFFFF, payload
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._buffer += data

    def drop_input(self):
        """Throws away what has arrived; True where the peer has closed."""
        self.socket.setblocking(False)
        try:
            while True:
                if not self.socket.recv(1 << 20):
                    return True
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(10.0)
