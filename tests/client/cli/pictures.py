"""Gray and colour pictures in files, for the tests of the command line."""

import re

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
