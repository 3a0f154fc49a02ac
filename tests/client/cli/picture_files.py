"""Small writers and readers of PNG and TIFF, and a writer of BMP, from the specifications."""

import struct
import zlib

import numpy


def packed_rows(samples, depth):
    """The bytes of each row of samples of `depth` bits, most significant bit first."""
    rows = samples.reshape(samples.shape[0], -1)
    if depth == 16:
        return [row.astype(">u2").tobytes() for row in rows]
    bits = (rows[..., None] >> numpy.arange(depth)[::-1]) & 1
    return [bytes(row) for row in numpy.packbits(bits.reshape(len(rows), -1), axis=1)]


def unpacked_rows(data, height, row_samples, depth):
    if depth == 16:
        return numpy.frombuffer(data, ">u2").reshape(height, row_samples).astype(numpy.uint16)
    rows = numpy.frombuffer(data, numpy.uint8).reshape(height, -1)
    bits = numpy.unpackbits(rows, axis=1)[:, :row_samples * depth]
    weights = 1 << numpy.arange(depth)[::-1]
    return (bits.reshape(height, row_samples, depth) * weights).sum(axis=2).astype(numpy.uint8)


# ---- PNG -------------------------------------------------------------------------------------

PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png_chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def png(samples, color, depth, palette=b"", trns=b"", chunks=(), behind_rows=b"", behind_data=b""):
    """`behind_...`: what nobody asked for, inside the compressed data and behind them."""
    height, width = samples.shape[:2]
    raster = b"".join(b"\0" + row for row in packed_rows(samples, depth))
    out = b"\x89PNG\r\n\x1a\n" + png_chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    for kind, data in chunks:
        out += png_chunk(kind, data)
    if palette:
        out += png_chunk(b"PLTE", palette)
    if trns:
        out += png_chunk(b"tRNS", trns)
    return out + png_chunk(b"IDAT", zlib.compress(raster + behind_rows) + behind_data) + png_chunk(b"IEND", b"")


def unfiltered(raster, height, row_bytes, step):
    """PNG's filters undone (clause 9)."""
    rows, before = [], bytes(row_bytes)
    for y in range(height):
        at = y * (row_bytes + 1)
        kind, row = raster[at], bytearray(raster[at + 1:at + 1 + row_bytes])
        for x in range(row_bytes):
            a = row[x - step] if x >= step else 0
            b = before[x]
            c = before[x - step] if x >= step else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[x] = (row[x] + (0, a, b, (a + b) // 2, paeth)[kind]) & 0xFF
        rows.append(bytes(row))
        before = row
    return b"".join(rows)


def read_png(path):
    """{color, depth, samples, palette, trns} of a PNG file that is not interlaced."""
    data, at, found, idat = path.read_bytes(), 8, {"palette": b"", "trns": b""}, b""
    while at < len(data):
        (length,), kind = struct.unpack_from(">I", data, at), data[at + 4:at + 8]
        body = data[at + 8:at + 8 + length]
        at += 12 + length
        if kind == b"IHDR":
            width, height, found["depth"], found["color"] = struct.unpack_from(">IIBB", body)
        elif kind in (b"PLTE", b"tRNS"):
            found["palette" if kind == b"PLTE" else "trns"] = body
        elif kind == b"IDAT":
            idat += body
    channels, depth = PNG_CHANNELS[found["color"]], found["depth"]
    row_bytes = (width * channels * depth + 7) // 8
    raster = unfiltered(zlib.decompress(idat), height, row_bytes, max(1, channels * depth // 8))
    samples = unpacked_rows(raster, height, width * channels, depth)
    found["samples"] = samples.reshape((height, width) + ((channels,) if channels > 1 else ()))
    return found


# ---- TIFF ------------------------------------------------------------------------------------

GRAY_WHITE, GRAY, RGB, PALETTE = 0, 1, 2, 3  # photometric interpretations


def tiff(*pages):
    """An uncompressed file; a page is (samples, photometric, bits) and then a dictionary of tags
    beside those of every page: {tag: (type, values)}."""
    out, link = bytearray(b"II*\0\0\0\0\0"), 4
    formats = {1: "B", 2: "B", 3: "H", 4: "I", 7: "B"}
    for samples, photometric, bits, more in pages:
        height, width = samples.shape[:2]
        channels = samples.shape[2] if samples.ndim == 3 else 1
        if bits < 8:
            raster = b"".join(packed_rows(samples, bits))
        else:
            raster = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
        tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * channels),
                259: (3, [1]), 262: (3, [photometric]), 273: (4, [len(out)]),
                277: (3, [channels]), 278: (4, [height]), 279: (4, [len(raster)]), **more}
        out += raster + b"\0" * (len(raster) % 2)
        entries = b""
        for tag, (kind, values) in sorted(tags.items()):
            value = struct.pack("<%d%s" % (len(values), formats[kind]), *values)
            if len(value) > 4:
                where = len(out)
                out += value + b"\0" * (len(value) % 2)
                value = struct.pack("<I", where)
            entries += struct.pack("<HHI", tag, kind, len(values)) + value.ljust(4, b"\0")
        out[link:link + 4] = struct.pack("<I", len(out))
        out += struct.pack("<H", len(tags)) + entries
        link = len(out)
        out += bytes(4)
    return bytes(out)


def read_tiff(path):
    """The pages of a little-endian file, each {samples, photometric, bits, extra, colormap}."""
    data = path.read_bytes()
    (at,) = struct.unpack_from("<I", data, 4)
    pages = []
    while at:
        (count,) = struct.unpack_from("<H", data, at)
        tags = {}
        for i in range(count):
            tag, kind, n = struct.unpack_from("<HHI", data, at + 2 + 12 * i)
            if kind not in (1, 2, 3, 4, 7):
                continue  # resolutions and the like
            size = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}[kind] * n
            where = at + 10 + 12 * i
            if size > 4:
                (where,) = struct.unpack_from("<I", data, where)
            form = "<%d%s" % (n, {1: "B", 2: "B", 3: "H", 4: "I", 7: "B"}[kind])
            tags[tag] = struct.unpack_from(form, data, where)
        (at,) = struct.unpack_from("<I", data, at + 2 + 12 * count)
        pages.append(tiff_page(data, tags))
    return pages


def tiff_page(data, tags):
    width, height, bits = tags[256][0], tags[257][0], tags[258][0]
    channels = tags.get(277, (1,))[0]
    raster = b""
    for begin, length in zip(tags[273], tags[279]):
        strip = data[begin:begin + length]
        raster += zlib.decompress(strip) if tags[259][0] == 8 else strip
    if bits < 8:
        samples = unpacked_rows(raster, height, width * channels, bits)
    else:
        kind = {1: "u", 2: "i", 3: "f"}[tags.get(339, (1,))[0]]
        if tags.get(317, (1,))[0] == 3:  # bytes of the rows apart, and differences
            rows = numpy.frombuffer(raster, numpy.uint8).reshape(height, -1)
            rows = numpy.cumsum(rows.reshape(height, -1, channels), axis=1, dtype=numpy.uint8)
            planes = rows.reshape(height, bits // 8, -1)[:, ::-1]
            raster = numpy.moveaxis(planes, 1, 2).tobytes()
        samples = numpy.frombuffer(raster, "<%s%d" % (kind, bits // 8)).reshape(height, -1, channels)
        if tags.get(317, (1,))[0] == 2:
            samples = numpy.cumsum(samples, axis=1, dtype=samples.dtype)
    samples = samples.reshape((height, width) + ((channels,) if channels > 1 else ()))
    return {"samples": samples, "photometric": tags[262][0], "bits": bits,
            "extra": tags.get(338, ()), "colormap": tags.get(320, ())}


# ---- BMP -------------------------------------------------------------------------------------


def bmp(samples, bits, palette=b""):
    """Palette numbers, or [H,W,3] as 24 bits."""
    height, width = samples.shape[:2]
    rows = packed_rows(samples[..., ::-1] if samples.ndim == 3 else samples,
                       8 if samples.ndim == 3 else bits)
    raster = b"".join(row.ljust((len(row) + 3) // 4 * 4, b"\0") for row in rows[::-1])
    colours = b"".join(palette[i:i + 3][::-1] + b"\0" for i in range(0, len(palette), 3))
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(raster), 0, 0,
                       len(palette) // 3, 0)
    at = 14 + len(head) + len(colours)
    return struct.pack("<2sIHHI", b"BM", at + len(raster), 0, 0, at) + head + colours + raster
