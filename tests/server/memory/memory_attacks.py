"""What a client does to make a server hold memory, in little traffic.

Each attack leaves connections open that the caller closes; `address` is HOST:PORT without TLS. Only
files of tests/load and the oracle's xxh3 are needed, so the load tests may run them too.
"""

import pathlib
import struct
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path += [str(ROOT / "tests" / "load"), str(ROOT / "tests" / "oracle")]
import h2  # noqa: E402
from attack_tools import DECODE, send_windowed, varint  # noqa: E402
from coding_xxh3 import xxh3  # noqa: E402

ENCODE_STREAM = "/trine.v1.CodingService/EncodeStream"
DECODE_STREAM = "/trine.v1.CodingService/DecodeStream"
NORMALIZE_STREAM = "/trine.v1.NormalizationService/NormalizeStream"
GRADIENT_STREAM = "/trine.v1.NormalizationService/NormalizeGradientStream"
SEGMENT_STREAM = "/trine.v1.SegmentationService/SegmentStream"
MIB = 1 << 20
# Numbers of DataType.
UINT8, UINT16, FLOAT32 = 1, 2, 11
# XXH3 of so many zeros, which the oracle's would take minutes for.
ZEROS_XXH3 = {64 * MIB: 0x0939AAA27D431FF2, 64 * MIB - 4096: 0xA507AA9D85E2DE9A}


def field(number, value):
    """A field of a message: bytes, or a number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def stream_header(block_bytes):
    """Of plain bytes without an index (core/coding/FORMAT.md)."""
    fields = bytes([2, 0, 1, 0]) + varint(block_bytes)
    head = bytes.fromhex("8954524E0D0A1A0A") + bytes([1, 0, 2]) + varint(len(fields)) + fields
    return head + struct.pack("<Q", xxh3(head))


def checked(raw_offset, head):
    return head + struct.pack("<I", xxh3(struct.pack("<Q", raw_offset) + head) & 0xFFFFFFFF)


def zeros_block(raw_offset, raw_bytes):
    checksum = ZEROS_XXH3.get(raw_bytes) or xxh3(bytes(raw_bytes))
    head = bytes([2, 0, 0]) + varint(raw_bytes) + bytes([1, 1]) + struct.pack("<Q", checksum)
    return checked(raw_offset, head) + b"\0"


def stored_head(raw_bytes):
    """The head of a first block whose `raw_bytes` bytes are to follow."""
    return checked(0, bytes([1, 0, 0]) + varint(raw_bytes) * 2 + b"\0" + bytes(8))


def zeros(raw_bytes, blocks=1, block_bytes=1 << 30):
    """A stream of `blocks` constant blocks of `raw_bytes` zeros each."""
    body = b"".join(zeros_block(number * raw_bytes, raw_bytes) for number in range(blocks))
    total = blocks * raw_bytes
    return stream_header(block_bytes) + body + checked(
        total, b"\0" + varint(total) + varint(blocks))


def bilevel_png(width, height):
    """A picture of zeros, of one bit a pixel."""
    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) +
            chunk(b"IEND", b""))


def unread_answers(address, callers, raw_bytes):
    """Callers of Decode whose windows stay shut: they never read `raw_bytes` zeros each."""
    request = h2.message(field(1, zeros(raw_bytes)))
    connections = []
    for _ in range(callers):
        connection = h2.Connection(address, settings=[(h2.INITIAL_WINDOW_SIZE, 0)])
        connection.send(
            h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.grpc_headers(DECODE)) +
            h2.frame(h2.DATA, h2.END_STREAM, 1, request))
        connections.append(connection)
    return connections


def tensor(dtype, *shape):
    """A Tensor without its data."""
    return field(1, dtype) + field(2, b"".join(varint(size) for size in shape))


def item_head(path, tensor_head, item_bytes, *rest):
    """The head of an item of one tensor that comes in chunks; `rest`: further fields of the item."""
    source = field(1, tensor_head)
    if path == SEGMENT_STREAM:
        source = field(1, source)
    return field(1, source + b"".join(rest)) + field(2, field(1, item_bytes))


def gradient_item(tensor_bytes):
    """A message of NormalizeGradientStream: an item whole, of two tensors of float32."""
    both = tensor(FLOAT32, 1, 4, tensor_bytes // 16) + field(3, bytes(tensor_bytes))
    return field(1, field(1, both) + field(2, both))


def half_items(address, streams, item_bytes, sent_bytes, path):
    """Streams that stop within an item in chunks, after `sent_bytes` bytes of it."""
    chunk = h2.message(field(3, bytes(MIB)))
    # Of 1 GiB so many pixels as a picture may have: more are refused by the head.
    head = tensor(FLOAT32, item_bytes >> 12, 1 << 10)
    opening = h2.message(item_head(path, head, item_bytes))
    return half_streams(address, streams, opening + chunk * (sent_bytes // MIB), path)


def half_blocks(address, streams, block_bytes, sent_bytes, path):
    """Streams that stop within a block, after `sent_bytes` bytes of it."""
    chunk = h2.message(field(2, bytes(MIB)))
    if path == ENCODE_STREAM:
        options = field(1, 2) + field(3, block_bytes)  # STATIC
        opening = h2.message(field(1, field(2, options)))
    else:
        start = stream_header(block_bytes) + stored_head(block_bytes)
        opening = h2.message(field(1, b"")) + h2.message(field(2, start))
    return half_streams(address, streams, opening + chunk * (sent_bytes // MIB), path)


def half_streams(address, streams, messages, path):
    """Streams that send `messages` and stay open."""
    connections = []
    for _ in range(streams):
        connection = h2.Connection(address)
        connection.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.grpc_headers(path)))
        send_windowed(connection, 1, messages, end_stream=False)
        connections.append(connection)
    return connections
