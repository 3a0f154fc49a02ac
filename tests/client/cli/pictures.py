"""Gray and colour pictures in files, for the tests of the command line."""

import re

import numpy

import picture_files


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


def ppm(pixels):
    """Gray or colour of 8 or 16 bits."""
    if pixels.ndim == 2:
        return pgm(pixels)
    maximum = 255 if pixels.dtype == numpy.uint8 else 65535
    big = pixels.astype(">u2") if maximum > 255 else pixels
    return b"P6\n%d %d\n%d\n" % (pixels.shape[1], pixels.shape[0], maximum) + big.tobytes()


def tiff(*pages, palette=None):
    """Uncompressed pages of one strip each, [H,W] or [H,W,3]; with a palette [N,3] of indices."""
    kinds = {"u": 1, "i": 2, "f": 3}
    more = {}
    if palette is not None:
        colours = numpy.zeros((256, 3), numpy.uint16)
        colours[:len(palette)] = numpy.asarray(palette, numpy.uint16) * 257
        more[320] = (3, [int(v) for v in colours.T.ravel()])
    found = []
    for pixels in pages:
        samples = 1 if pixels.ndim == 2 else pixels.shape[2]
        photometric = 3 if palette is not None else 1 if samples == 1 else 2
        of_page = {**more, 339: (3, [kinds[pixels.dtype.kind]] * samples)}
        found.append((pixels, photometric, 8 * pixels.dtype.itemsize, of_page))
    return picture_files.tiff(*found)


def palette_png(indices, palette):
    """A PNG of 8-bit indices."""
    return picture_files.png(indices, 3, 8, numpy.asarray(palette, numpy.uint8).tobytes())


def disks(*circles, shape=(60, 80)):
    """Bright disks (cy, cx, r) of 200 on 30."""
    y, x = numpy.mgrid[:shape[0], :shape[1]]
    pixels = numpy.full(shape, 30, numpy.uint8)
    for cy, cx, r in circles:
        pixels[(y - cy) ** 2 + (x - cx) ** 2 <= r * r] = 200
    return pixels
