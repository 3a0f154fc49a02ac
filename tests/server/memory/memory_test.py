"""How much memory clients can make a server process hold: read from the process, not from its books.

Usage: memory_test.py TRINE_SERVER
"""

import concurrent.futures
import itertools
import random
import sys
import tempfile
import time
import unittest

import grpc

import memory_attacks as attacks
from memory_attacks import MIB, field

sys.path.append(str(attacks.ROOT / "tests" / "load"))
import processes  # noqa: E402

SERVER = sys.argv.pop(1)
CALLERS = 200
STREAMS = 256
ENCODE = "/trine.v1.CodingService/Encode"
DECODE = "/trine.v1.CodingService/Decode"
INSPECT = "/trine.v1.CodingService/Inspect"
SEGMENT = "/trine.v1.SegmentationService/Segment"
SEGMENT_STREAM = attacks.SEGMENT_STREAM
ADAPTIVE = 3
EXACT = 5
REFUSED = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)
# Numbers of the protocol.
OTSU, INVERT, COMPONENTS, DISTANCE, WATERSHED, MEASURE = 1, 5, 7, 8, 9, 11
STEPS_FIELD = 7
RANGE_FIELD = 1


def channel(address, number=0):
    """Channels of different numbers share no connection."""
    unbounded = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
                 ("grpc.enable_http_proxy", 0), ("trine.number", number)]
    return grpc.insecure_channel(address, options=unbounded)


def call(address, method, request):
    with channel(address) as connection:
        return connection.unary_unary(method)(request, timeout=processes.PATIENCE_S)


def exact_request(symbols, digits):
    """EXACT with all steps. Each symbol takes 1/(c*d) of its interval, c and d of `digits` digits,
    between u/c and v/d, which are what is left of 1."""
    c, d = 10**(digits - 1) + 1, 10**(digits - 1) + 3
    u = -pow(d, -1, c) % c
    v = (c * d - 1 - u * d) // c
    table = field(1, 2) + b"".join(field(2, letter) for letter in (b"a", b"b", b"c"))
    for probability in (f"{u}/{c}", f"1/{c * d}", f"{v}/{d}"):
        table += field(4, probability.encode())
    options = field(1, EXACT) + field(4, table) + field(5, 256)
    return field(4, b"b" * symbols) + field(5, options)


def segment_request(file, *steps):
    """SegmentRequest of a packed picture."""
    picture = field(1, field(2, file))
    return picture + b"".join(field(STEPS_FIELD, field(step, b"")) for step in steps)


class Memory(unittest.TestCase):
    def start(self, *arguments):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        server = processes.Server(SERVER, folder.name, *arguments, level="off")
        self.addCleanup(server.__exit__)
        call(server.address, ENCODE, field(1, bytes(1000)))
        self.idle = processes.memory_mib(server.pid)
        return server

    def peak(self, server):
        self.assertTrue(server.alive(), server.log())
        return processes.memory_mib(server.pid, "VmHWM")

    def expect_grown_at_most(self, server, mib, since=None):
        grown = self.peak(server) - (self.idle if since is None else since)
        self.assertLessEqual(grown, mib)

    def close_all(self, connections):
        for connection in connections:
            connection.close()

    def await_rest(self, server):
        """Until the server has done what it was asked."""
        for name in ("trine_running", "trine_queued"):
            processes.wait_until(lambda name=name: server.metric(name) == 0, name)

    def expect_memory_full(self, address, method, request):
        with self.assertRaises(grpc.RpcError) as refused:
            call(address, method, request)
        self.assertEqual(refused.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        details = dict(refused.exception.trailing_metadata())["grpc-status-details-bin"]
        self.assertIn(b"google.rpc.QuotaFailure", details)
        self.assertIn(b"memory_limit", details)

    def expect_healthy(self, address):
        """A caller of usual size is served, whatever others hold."""
        noise = random.Random(1).randbytes(256 << 10)
        self.assertGreater(len(call(address, ENCODE, field(1, noise))), len(noise))

    def test_constant_blocks_in_a_stream_that_announces_larger_ones(self):
        # 40 blocks of 64 MiB in about 900 bytes.
        coded = attacks.zeros(64 * MIB, blocks=40)
        self.assertLess(len(coded), 1000)
        # Of a range the first block is decoded beside the part of it that is wanted.
        part = field(1, 5) + field(2, 40 * 64 * MIB - 10)
        for threads, header in itertools.product(("2", "16"), (b"", field(RANGE_FIELD, part))):
            with self.subTest(threads=threads, header=header):
                server = self.start("--threads", threads)
                with channel(server.address) as connection:
                    answers = connection.stream_stream(attacks.DECODE_STREAM)(
                        iter([field(1, header), field(2, coded)]), timeout=processes.PATIENCE_S)
                    received = 0
                    for answer in answers:  # some blocks; the others come no differently
                        received += len(answer)
                        if received > 200 * MIB:
                            break
                    answers.cancel()
                self.expect_grown_at_most(server, 200)

    def test_long_messages_that_come_at_once(self):
        server = self.start("--memory-limit", "256MiB", "--threads", "2")
        item = attacks.gradient_item(20 * MIB)
        end = time.monotonic() + 4
        served = []

        def send(number):
            while time.monotonic() < end:
                with channel(server.address, number) as connection:
                    call_ = connection.stream_stream(attacks.GRADIENT_STREAM)
                    try:
                        for answer in call_(iter([item] * 4), timeout=processes.PATIENCE_S):
                            served.append(len(answer))
                    except grpc.RpcError as error:
                        self.assertIn(error.code(), (grpc.StatusCode.RESOURCE_EXHAUSTED,
                                                     grpc.StatusCode.UNAVAILABLE))

        with concurrent.futures.ThreadPoolExecutor(24) as threads:
            for done in [threads.submit(send, number) for number in range(24)]:
                done.result()
        # With what the process itself and the allocator take beside the limit (server/README.md).
        self.assertLessEqual(self.peak(server), 256 * 6 / 5)
        self.await_rest(server)
        self.expect_healthy(server.address)

    def test_answers_that_nobody_reads(self):
        server = self.start("--memory-limit", "512MiB", "--threads", "2")
        raw_bytes = 64 * MIB - 4096
        connections = attacks.unread_answers(server.address, CALLERS, raw_bytes)
        self.addCleanup(self.close_all, connections)
        self.await_rest(server)
        self.expect_memory_full(server.address, DECODE, field(1, attacks.zeros(raw_bytes)))
        self.expect_healthy(server.address)
        # Some got their answers made, and they are charged.
        self.assertGreaterEqual(server.metric("trine_held_memory_bytes"), raw_bytes)
        self.assertLessEqual(self.peak(server), 512)
        self.close_all(connections)
        processes.wait_until(lambda: server.metric("trine_inflight_memory_bytes") == 0,
                             "the end of what was held")
        self.assertGreater(
            len(call(server.address, DECODE, field(1, attacks.zeros(raw_bytes)))), raw_bytes)

    def half_sent(self, attack, path):
        """Streams that stop after 3 MiB of 64."""
        server = self.start("--memory-limit", "512MiB", "--threads", "2")
        connections = attack(server.address, STREAMS, 64 * MIB, 3 * MIB, path)
        self.addCleanup(self.close_all, connections)
        self.await_rest(server)
        # Those that were refused have ended; the others hold what they sent.
        self.assertLess(server.metric("trine_streams"), STREAMS)
        self.assertGreater(server.metric("trine_held_memory_bytes"), 128 * MIB)
        self.expect_healthy(server.address)
        self.assertLessEqual(self.peak(server), 512)
        self.close_all(connections)
        processes.wait_until(lambda: server.metric("trine_inflight_memory_bytes") == 0,
                             "the end of what was held")

    def test_encoders_in_the_middle_of_a_block(self):
        self.half_sent(attacks.half_blocks, attacks.ENCODE_STREAM)

    def test_decoders_in_the_middle_of_a_block(self):
        self.half_sent(attacks.half_blocks, attacks.DECODE_STREAM)

    def test_pictures_in_the_middle_of_their_chunks(self):
        self.half_sent(attacks.half_items, SEGMENT_STREAM)

    def test_tensors_in_the_middle_of_their_chunks(self):
        self.half_sent(attacks.half_items, attacks.NORMALIZE_STREAM)

    def test_heads_that_claim_what_does_not_come(self):
        server = self.start("--memory-limit", "512MiB", "--threads", "2")
        for path in (SEGMENT_STREAM, attacks.NORMALIZE_STREAM):
            # 128 GiB in sum, of which nothing counts.
            connections = attacks.half_items(server.address, STREAMS // 2, 1 << 30, 0, path)
            self.addCleanup(self.close_all, connections)
            processes.wait_until(
                lambda: server.metric("trine_streams") == len(connections), "the heads")
            self.await_rest(server)
            self.assertLess(server.metric("trine_held_memory_bytes"), 2 * MIB)
            self.expect_healthy(server.address)
            self.close_all(connections)
            processes.wait_until(lambda: server.metric("trine_streams") == 0, "the streams' end")
        self.expect_grown_at_most(server, 100)

    def test_an_item_that_stops_ends_with_its_deadline(self):
        server = self.start("--memory-limit", "512MiB", "--threads", "2",
                            "--default-deadline-ms", "2s")
        connections = attacks.half_items(server.address, 4, 64 * MIB, 8 * MIB, SEGMENT_STREAM)
        self.addCleanup(self.close_all, connections)
        self.assertGreaterEqual(server.metric("trine_held_memory_bytes"), 8 * MIB)
        processes.wait_until(lambda: server.metric("trine_streams") == 0, "the deadlines")
        processes.wait_until(lambda: server.metric("trine_inflight_memory_bytes") == 0,
                             "the end of what was held")

    def test_a_small_file_of_a_large_picture(self):
        # 268 million pixels in 33 KB: each of the steps refused, by what it needs of them.
        bomb = attacks.bilevel_png(16384, 16384)
        self.assertLess(len(bomb), 40_000)
        server = self.start("--memory-limit", "512MiB")
        for names in ((OTSU,), (OTSU, COMPONENTS),
                      (OTSU, INVERT, COMPONENTS, MEASURE, DISTANCE, WATERSHED)):
            with self.subTest(steps=names):
                self.segment_beside(server, segment_request(bomb, *names))

    def test_a_picture_that_fits(self):
        # 8 million pixels: each is answered within what it was charged.
        picture = attacks.bilevel_png(4096, 2048)
        for names in ((OTSU,), (OTSU, COMPONENTS),
                      (OTSU, INVERT, COMPONENTS, MEASURE, DISTANCE, WATERSHED)):
            with self.subTest(steps=names):
                server = self.start("--memory-limit", "512MiB")
                self.assertTrue(self.segment_beside(server, segment_request(picture, *names)))

    def segment_beside(self, server, request):
        """Whether `request` was answered; while it runs a small one is served."""
        with channel(server.address) as connection:
            large = connection.unary_unary(SEGMENT).future(request, timeout=processes.PATIENCE_S)
            small = segment_request(attacks.bilevel_png(64, 64), OTSU)
            self.assertGreater(len(call(server.address, SEGMENT, small)), 0)
            refused = large.exception()
        self.assertLessEqual(self.peak(server), 512)
        if refused is None:
            return True
        self.assertEqual(refused.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, refused.details())
        details = dict(refused.trailing_metadata())["grpc-status-details-bin"]
        self.assertIn(b"google.rpc.QuotaFailure", details)
        self.assertIn(b"memory_limit", details)
        return False

    def test_streams_of_pictures_that_fit_only_one_at_a_time(self):
        # 48 million pixels, of 5 bytes a pixel and more: one has room, four have not.
        item = field(1, segment_request(attacks.bilevel_png(8192, 6144), OTSU, DISTANCE))
        server = self.start("--memory-limit", "768MiB", "--threads", "4")
        with channel(server.address) as connection:
            streams = [
                connection.stream_stream(SEGMENT_STREAM)(iter([item]), timeout=processes.PATIENCE_S)
                for _ in range(4)
            ]
            answered = 0
            for stream in streams:
                try:
                    answered += len(list(stream))
                except grpc.RpcError as error:
                    self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
                    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
                    self.assertIn(b"google.rpc.RetryInfo", details)
        self.assertGreaterEqual(answered, 1)
        self.assertLessEqual(self.peak(server), 768)

    def test_exact_steps_of_many_digits(self):
        server = self.start("--threads", "2")
        for request in (exact_request(4096, 19), exact_request(256, 125)):
            try:
                call(server.address, ENCODE, request)
            except grpc.RpcError as error:
                self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED,
                                 error.details())
        self.expect_grown_at_most(server, 64)

    def test_inspection_of_many_blocks(self):
        server = self.start("--threads", "2")
        # 2^21 blocks in 512 streams, one after the other; first as a message that is refused, to
        # know what holding it takes.
        coded = attacks.zeros(1, blocks=4096) * 512
        with self.assertRaises(grpc.RpcError):
            call(server.address, INSPECT, field(1, b"\0" * len(coded)))
        held = self.peak(server)
        told = call(server.address, INSPECT, field(1, coded))
        self.assertGreater(len(told), 10_000)
        self.expect_grown_at_most(server, 64, since=held)

    def test_lists_of_many_blocks(self):
        server = self.start("--memory-limit", "512MiB", "--threads", "2")
        # A list is ten times as long as the blocks that it lists.
        request = field(1, attacks.zeros(1, blocks=4096) * 128) + field(2, 500_000)
        answered = 0
        with channel(server.address) as connection:
            inspect = connection.unary_unary(INSPECT)
            calls = [inspect.future(request, timeout=processes.PATIENCE_S) for _ in range(12)]
            for running in calls:
                try:
                    answered += len(running.result()) > 5_000_000
                except grpc.RpcError as error:
                    self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertGreaterEqual(answered, 1)
        self.assertLessEqual(self.peak(server), 512)

    def test_messages_of_empty_messages(self):
        # Two bytes each, and an object for every one of them.
        options = field(1, ADAPTIVE)
        requests = {
            "tables": (DECODE, b"\x2a\0" * (30 * MIB)),
            "options.tables": (ENCODE, field(5, options + b"\x3a\0" * (16 * MIB))),
            "steps": (SEGMENT, b"\x3a\0" * (8 * MIB)),
        }
        for limit in ("512MiB", "0"):
            with self.subTest(limit=limit):
                server = self.start("--memory-limit", limit, "--threads", "2")
                for name, (method, request) in requests.items():
                    with self.assertRaises(grpc.RpcError) as refused:
                        call(server.address, method, request)
                    self.assertIn(refused.exception.code(), REFUSED, refused.exception.details())
                    self.expect_healthy(server.address)
                    self.assertLessEqual(self.peak(server), 512, name)

    def test_what_a_parsed_message_took_is_given_back(self):
        server = self.start("--memory-limit", "512MiB", "--threads", "2")
        for _ in range(6):
            with self.assertRaises(grpc.RpcError):
                call(server.address, DECODE, b"\x2a\0" * 900_000)
        self.await_rest(server)
        left = processes.memory_mib(server.pid) - self.idle
        self.assertLessEqual(left, 100)


if __name__ == "__main__":
    unittest.main(verbosity=2)
