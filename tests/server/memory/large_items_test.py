"""A picture and a tensor of 1 GiB each through a server of 4 GiB.

Usage: large_items_test.py TRINE_SERVER

They repeat a chunk of 2 MiB, so that neither they nor their answers are held here.
"""

import random
import struct
import sys
import tempfile
import unittest

import grpc

import memory_attacks as attacks
from memory_attacks import MIB, field

sys.path.append(str(attacks.ROOT / "tests" / "load"))
import processes  # noqa: E402

SERVER = sys.argv.pop(1)
NORMALIZE = "/trine.v1.NormalizationService/Normalize"
ITEM = 1 << 30
CHUNK = 2 * MIB
LIMIT_MIB = 4096
NHWC = 2
# Of the answers' messages.
ITEM_FIELD, CHUNK_FIELD = 1, 4


def varint_at(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def sized_field(message):
    """Number and contents of a message's first field, which has a length."""
    tag, at = varint_at(message, 0)
    length, at = varint_at(message, at)
    return tag >> 3, memoryview(message)[at:at + length]


class LargeItems(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = processes.Server(SERVER, folder.name, "--memory-limit", f"{LIMIT_MIB}MiB",
                                       level="off")
        self.addCleanup(self.server.__exit__)
        self.channel = grpc.insecure_channel(
            self.server.address, options=[("grpc.max_receive_message_length", 4 * MIB),
                                          ("grpc.enable_http_proxy", 0)])
        self.addCleanup(self.channel.close)

    def chunks_of_answer(self, path, head, chunk, answer_bytes):
        """Sends an item of ITEM bytes; each chunk of the `answer_bytes` that come back."""
        def messages():
            yield head
            message = field(3, chunk)
            for _ in range(ITEM // CHUNK):
                yield message

        answers = self.channel.stream_stream(path)(messages(), timeout=10 * processes.PATIENCE_S)
        self.assertEqual(sized_field(next(answers))[0], ITEM_FIELD)
        received = 0
        for answer in answers:
            number, payload = sized_field(answer)
            self.assertEqual(number, CHUNK_FIELD)
            received += len(payload)
            yield payload
        self.assertEqual(received, answer_bytes)

    def tearDown(self):
        self.assertTrue(self.server.alive(), self.server.log())
        self.assertLessEqual(processes.memory_mib(self.server.pid, "VmHWM"), LIMIT_MIB)
        processes.wait_until(lambda: self.server.metric("trine_inflight_memory_bytes") == 0,
                             "the end of what was held")

    def test_picture(self):
        # 2^28 pixels of two channels of 16 bits, of which the second is dark or bright.
        noise = random.Random(7).randbytes(CHUNK // 4)
        bright = noise.translate(bytes([1] * 128 + [200] * 128))
        pixels = bytearray(CHUNK)
        pixels[0::4], pixels[1::4], pixels[3::4] = noise, noise, bright
        mask = noise.translate(bytes([0] * 128 + [255] * 128)) * 4
        head = attacks.item_head(attacks.SEGMENT_STREAM,
                                 attacks.tensor(attacks.UINT16, 1 << 14, 1 << 14, 2), ITEM,
                                 field(4, 1),  # channel
                                 field(8, field(1, 1)))  # outputs.mask
        answer = self.chunks_of_answer(attacks.SEGMENT_STREAM, head, bytes(pixels), ITEM // 4)
        for payload in answer:
            self.assertTrue(payload == mask)

    def test_tensor(self):
        # Channels last: each pixel by itself, so a chunk's answer is that of a short tensor.
        channels = 64
        generator = random.Random(8)
        values = struct.pack("<1024f", *(generator.uniform(-2, 2) for _ in range(1024)))
        chunk = values * (CHUNK // len(values))
        pixels = CHUNK // 4 // channels
        options = field(2, field(3, NHWC))  # options.layout
        short = attacks.tensor(attacks.FLOAT32, 1, 1, pixels, channels) + field(3, chunk)
        answer = self.channel.unary_unary(NORMALIZE)(field(1, short) + options,
                                                     timeout=processes.PATIENCE_S)
        head = attacks.item_head(
            attacks.NORMALIZE_STREAM,
            attacks.tensor(attacks.FLOAT32, 1, ITEM // CHUNK, pixels, channels), ITEM, options)
        for payload in self.chunks_of_answer(attacks.NORMALIZE_STREAM, head, chunk, ITEM):
            if not isinstance(answer, memoryview):
                self.assertIn(payload.tobytes(), answer)
                answer = payload
            self.assertTrue(payload == answer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
