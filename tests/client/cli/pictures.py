"""Gray and colour pictures in files, for the tests of the command line."""

import re
import struct
import zlib

import numpy


def pgm(pixels):
    maximum = 255 if pixels.dtype == numpy.uint8 else 65535
    big = pixels.astype(">u2") if maximum > 255 else pixels
    return b"P5\n%d %d\n%d\n" % (pixels.shape[1], pixels.shape[0], maximum) + big.tobytes()


def read_pnm(path):
    """Gray or colour pixels of a binary PNM file."""
    data = path.read_bytes()
    kind, width, height = re.match(rb"P([456])\s+(\d+)\s+(\d+)\s", data).groups()
    width, height = int(width), int(height)
    if kind == b"4":
        start = re.match(rb"P4\s+\d+\s+\d+\s", data).end()
        rows = numpy.frombuffer(data[start:], numpy.uint8).reshape(height, -1)
        return (1 - numpy.unpackbits(rows, axis=1)[:, :width]) * numpy.uint8(255)
    head = re.match(rb"P[56]\s+\d+\s+\d+\s+(\d+)\s", data)
    dtype = numpy.uint8 if int(head.group(1)) < 256 else numpy.dtype(">u2")
    pixels = numpy.frombuffer(data[head.end():], dtype)
    return pixels.reshape((height, width) if kind == b"5" else (height, width, 3))


def tiff(*pages, palette=None):
    """Uncompressed pages of one strip each, [H,W] or [H,W,3]; with a palette [N,3] of indices."""
    kinds = {"u": 1, "i": 2, "f": 3}
    file = b"II*\0" + struct.pack("<I", 8)
    for number, pixels in enumerate(pages):
        height, width = pixels.shape[:2]
        samples = 1 if pixels.ndim == 2 else pixels.shape[2]
        bits = 8 * pixels.dtype.itemsize
        tags = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * samples), (259, 3, [1]),
                (262, 3, [3 if palette is not None else 1 if samples == 1 else 2]), (273, 4, [0]),
                (277, 3, [samples]), (278, 4, [height]), (279, 4, [pixels.nbytes])]
        if palette is not None:
            colours = numpy.zeros((256, 3), numpy.uint16)
            colours[:len(palette)] = numpy.asarray(palette, numpy.uint16) * 257
            tags.append((320, 3, list(colours.T.ravel())))
        tags.append((339, 3, [kinds[pixels.dtype.kind]] * samples))
        at = len(file)
        behind = at + 2 + 12 * len(tags) + 4
        entries, extra = b"", b""
        for tag, kind, values in tags:
            data = struct.pack(f"<{len(values)}{'IH'[kind == 3]}", *values)
            if len(data) > 4:
                extra += data
                data = struct.pack("<I", behind + len(extra) - len(data))
            entries += struct.pack("<HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
        raster = behind + len(extra)
        entries = entries.replace(struct.pack("<HHII", 273, 4, 1, 0),
                                  struct.pack("<HHII", 273, 4, 1, raster))
        body = numpy.ascontiguousarray(pixels).tobytes()
        following = raster + len(body) if number + 1 < len(pages) else 0
        file += (struct.pack("<H", len(tags)) + entries + struct.pack("<I", following) + extra +
                 body)
    return file


def palette_png(indices, palette):
    """A PNG of 8-bit indices."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    head = struct.pack(">IIBBBBB", indices.shape[1], indices.shape[0], 8, 3, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in indices)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
            chunk(b"PLTE", numpy.asarray(palette, numpy.uint8).tobytes()) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
