"""What a connection hears when the server ends, read frame by frame: GOAWAY without an error.

Usage: goaway_test.py TRINE_SERVER FOLDER_OF_H2
"""

import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

SERVER = sys.argv.pop(1)
sys.path.append(sys.argv.pop(1))
import h2  # noqa: E402

PATIENCE_S = 60
NO_ERROR = 0
ENCODE_STREAM = "/trine.v1.CodingService/EncodeStream"
WATCH = "/grpc.health.v1.Health/Watch"


class Conversation(h2.Connection):
    """A connection that answers SETTINGS and PING as every client does, and keeps what it read."""

    def __init__(self, address):
        super().__init__(address, timeout=PATIENCE_S)
        self.goaways = []  # (last stream, code)
        self.data = {}  # stream: bytes
        self.ended = {}  # stream: the block of its trailers, or the code that reset it
        self.closed = False
        self.read_until(lambda: self.settled)

    settled = False

    def read_until(self, condition):
        while not self.closed and not condition():
            got = self.read_frame()
            if got is None:
                self.closed = True
                break
            kind, flags, stream, payload = got
            if kind == h2.SETTINGS and not flags & h2.ACK:
                self.send(h2.frame(h2.SETTINGS, h2.ACK, 0))
                self.settled = True
            elif kind == h2.PING and not flags & h2.ACK:
                self.send(h2.frame(h2.PING, h2.ACK, 0, payload))
            elif kind == h2.GOAWAY:
                self.goaways.append(struct.unpack(">II", payload[:8]))
            elif kind == h2.DATA:
                self.data[stream] = self.data.get(stream, b"") + payload
            elif kind == h2.HEADERS and flags & h2.END_STREAM:
                self.ended[stream] = payload
            elif kind == h2.RST_STREAM and stream not in self.ended:
                self.ended[stream] = struct.unpack(">I", payload)[0]

    def codes(self):
        return {code for _, code in self.goaways}

    def begin(self, path, *messages):
        """A call as stream 1, which the client keeps open."""
        self.send(h2.header_frames(1, h2.grpc_headers(path)))
        for message in messages:
            self.send(h2.frame(h2.DATA, 0, 1, h2.message(message)))


class Goaway(unittest.TestCase):
    def serve(self, *arguments):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        port_file = pathlib.Path(folder.name) / "ports.json"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TRINE_")}
        self.server = subprocess.Popen(
            [SERVER, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
             "--log-level", "off", "--drain-delay-ms", "0", "--port-file", port_file, *arguments],
            stdout=subprocess.DEVNULL, env=clean)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        end = time.monotonic() + PATIENCE_S
        while not port_file.exists():
            self.assertIsNone(self.server.poll())
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        return json.loads(port_file.read_text())

    def await_stream(self, metrics):
        end = time.monotonic() + PATIENCE_S
        while True:
            with urllib.request.urlopen(f"http://{metrics}/metrics", timeout=PATIENCE_S) as page:
                if b"\ntrine_streams 1\n" in page.read():
                    return
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def connect(self, address):
        connection = Conversation(address)
        self.addCleanup(connection.close)
        return connection

    def ends_in_order(self, *connections):
        """The rest of each connection: two GOAWAY without an error, then its end."""
        # At once: who waited for another's end would answer its PING too late.
        readers = [threading.Thread(target=connection.read_until, args=(lambda: False,))
                   for connection in connections]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        for connection in connections:
            self.assertEqual(connection.codes(), {NO_ERROR}, connection.goaways)
        self.assertEqual(self.server.wait(timeout=PATIENCE_S), 0)

    def test_idle_connections(self):
        address = self.serve()["listen"][0]
        connections = [self.connect(address) for _ in range(3)]
        self.server.send_signal(signal.SIGTERM)
        self.ends_in_order(*connections)

    def test_a_connection_with_a_call_and_an_idle_one(self):
        ports = self.serve()
        address = ports["listen"][0]
        busy, idle = self.connect(address), self.connect(address)
        # The header, and a chunk of five bytes, of a stream that goes on.
        busy.begin(ENCODE_STREAM, b"\x0a\x00", b"\x12\x05hello")
        self.await_stream(ports["metrics"])
        self.server.send_signal(signal.SIGTERM)
        # It hears of the end while the call goes on.
        busy.read_until(lambda: busy.goaways)
        self.assertEqual(busy.ended, {})
        busy.send(h2.frame(h2.DATA, h2.END_STREAM, 1, h2.message(b"\x12\x05world")))
        self.ends_in_order(busy, idle)
        self.assertIn(b"grpc-status\x010", busy.ended[1])
        self.assertGreater(len(busy.data[1]), 20)

    def test_a_connection_that_watches_health(self):
        ports = self.serve("--health-listen", "127.0.0.1:0")
        watchers = [self.connect(address) for address in (ports["listen"][0], ports["health"])]
        for watcher in watchers:
            watcher.send(h2.header_frames(1, h2.grpc_headers(WATCH)))
            watcher.send(h2.frame(h2.DATA, h2.END_STREAM, 1, h2.message(b"")))
            watcher.read_until(lambda: 1 in watcher.data)
            self.assertTrue(watcher.data[1].endswith(b"\x08\x01"))  # SERVING
        self.server.send_signal(signal.SIGTERM)
        self.ends_in_order(*watchers)
        for watcher in watchers:
            self.assertTrue(watcher.data[1].endswith(b"\x08\x02"))  # NOT_SERVING
            self.assertIn(b"grpc-status\x0214", watcher.ended[1])

    def test_a_connection_that_does_not_answer_holds_up_nobody_for_long(self):
        address = self.serve()["listen"][0]
        silent = self.connect(address)
        other = self.connect(address)
        self.server.send_signal(signal.SIGTERM)
        self.ends_in_order(other)
        while silent.read_frame() is not None:
            pass


if __name__ == "__main__":
    unittest.main(verbosity=2)
