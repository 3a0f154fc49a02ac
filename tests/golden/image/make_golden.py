#!/usr/bin/env python3
"""Writes the golden pictures of this folder, and beside each NAME the NAME.npy that it decodes to.

Needs numpy, Pillow and tifffile with imagecodecs. The files are committed: they are other
software's output, so that our readers are not checked against our writers. Run it in an empty
folder to compare.
BMP, plain PNM, NPY oddities and interlaced PNG are written by hand below, from the specifications.
In one file, though it is long: who makes the pictures again runs one program.
"""
import io
import struct
import sys
import zlib

import numpy as np
import tifffile
from PIL import Image

H, W = 9, 13  # odd on purpose: padding of rows, of bits and of chroma all matter


def pattern(dtype, channels=1, maximum=None, h=H, w=W):
    """Values over the whole range, every row and column different."""
    y, x, c = np.mgrid[0:h, 0:w, 0:channels]
    maximum = maximum or np.iinfo(dtype).max
    v = (y * 7919 + x * 104729 + c * 1299709 + x * y * 31) % (maximum + 1)
    v[0, 0, :] = 0
    v[-1, -1, :] = maximum
    v = v.astype(dtype)
    return v[:, :, 0] if channels == 1 else v


def colormap(size):
    """[size, 3], not gray."""
    return pattern(np.uint8, 3, h=size, w=1).reshape(size, 3) ^ np.array([0, 85, 0], np.uint8)


def smooth(channels, h=24, w=37):
    """Something that JPEG likes."""
    y, x, c = np.mgrid[0:h, 0:w, 0:channels]
    v = (127 + 120 * np.sin(x / 7 + c) * np.cos(y / 5)).astype(np.uint8)
    return v[:, :, 0] if channels == 1 else v


def save(name, data, expected):
    with open(name, "wb") as f:
        f.write(data)
    np.save(name + ".npy", np.asarray(expected, order="C"))


def turned(upright, orientation):
    """The stored picture that `orientation` turns into `upright` (EXIF 2.3, tag 0x0112)."""
    return {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: np.swapaxes(upright, 0, 1),
        6: np.swapaxes(upright, 0, 1)[::-1],  # stored turned left: to be turned right
        7: np.swapaxes(upright, 0, 1)[::-1, ::-1],
        8: np.swapaxes(upright, 0, 1)[:, ::-1],
    }[orientation]


def pillow(image, fmt, **options):
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


# ---------------------------------------------------------------- PNG

def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def pack_rows(samples, depth):
    """[h, n] samples to bytes a row."""
    if depth == 16:
        return [row.astype(">u2").tobytes() for row in samples]
    if depth == 8:
        return [row.astype(np.uint8).tobytes() for row in samples]
    rows = []
    for row in samples:
        bits = "".join(format(int(v), f"0{depth}b") for v in row)
        bits += "0" * (-len(bits) % 8)
        rows.append(int(bits, 2).to_bytes(len(bits) // 8, "big"))
    return rows


def png(samples, color_type, depth, palette=b"", extra=b"", interlaced=False, idat=40):
    h, w = samples.shape[:2]
    flat = samples.reshape(h, w, -1)
    passes = [(0, 0, 1, 1)]
    if interlaced:  # (first row, first column, row step, column step) of Adam7
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2),
                  (0, 1, 2, 2), (1, 0, 2, 1)]
    raw = b""
    for y0, x0, dy, dx in passes:
        part = flat[y0::dy, x0::dx]
        if part.size == 0:
            continue
        for row in pack_rows(part.reshape(part.shape[0], -1), depth):
            raw += b"\0" + row
    coded = zlib.compress(raw, 9)
    out = b"\x89PNG\r\n\x1a\n"
    out += chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, color_type, 0, 0, interlaced))
    out += extra
    if palette:
        out += chunk(b"PLTE", palette)
    for i in range(0, len(coded), idat):
        out += chunk(b"IDAT", coded[i:i + idat])
    return out + chunk(b"IEND", b"")


def exif(orientation, order="<"):
    mark = b"II" if order == "<" else b"MM"
    return (mark + struct.pack(order + "HIH", 42, 8, 1) +
            struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0) +
            struct.pack(order + "I", 0))


def make_png():
    for depth in (1, 2, 4, 8, 16):
        maximum = (1 << depth) - 1
        gray = pattern(np.uint16, maximum=maximum)
        scaled = gray if depth == 16 else (gray * (255 // maximum)).astype(np.uint8)
        for interlaced in (False, True):
            suffix = "_adam7" if interlaced else ""
            save(f"gray{depth}{suffix}.png", png(gray, 0, depth, interlaced=interlaced), scaled)
    for depth, dtype in ((8, np.uint8), (16, np.uint16)):
        rgba = pattern(dtype, 4)
        save(f"rgb{depth}.png", png(rgba[..., :3], 2, depth), rgba[..., :3])
        save(f"rgba{depth}_adam7.png", png(rgba, 6, depth, interlaced=True), rgba[..., :3])
        save(f"graya{depth}.png", png(rgba[..., :2], 4, depth), rgba[..., 0])
    for depth in (1, 2, 4, 8):
        size = 1 << depth
        colours = colormap(size)
        grays = np.repeat(colours[:, :1], 3, axis=1)
        index = pattern(np.uint8, maximum=size - 1)
        save(f"palette{depth}.png", png(index, 3, depth, colours.tobytes(),
                                        interlaced=depth == 4), colours[index])
        save(f"palette{depth}_gray.png", png(index, 3, depth, grays.tobytes()),
             grays[index][..., 0])
    # tRNS stands behind PLTE, where `extra` does not: alpha for the first three entries.
    opaque = png(index, 3, 8, colours.tobytes())
    at = opaque.index(b"IDAT") - 4
    save("palette8_trns.png", opaque[:at] + chunk(b"tRNS", bytes([0, 7, 99])) + opaque[at:],
         colours[index])
    rgb = pattern(np.uint8, 3)
    ancillary = (chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"tEXt", b"Comment\0none") +
                 chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(3000))))
    save("ancillary.png", png(rgb, 2, 8, extra=ancillary), rgb)
    save("trns.png", png(rgb, 2, 8, extra=chunk(b"tRNS", struct.pack(">HHH", 0, 0, 0))), rgb)
    for o in range(1, 9):
        order = "<" if o % 2 else ">"
        save(f"orientation{o}.png",
             png(turned(rgb, o), 2, 8, extra=chunk(b"eXIf", exif(o, order))), rgb)
    save("pillow.png", pillow(Image.fromarray(rgb), "PNG"), rgb)
    bits = pattern(np.uint8, maximum=1) * 255
    save("pillow1.png", pillow(Image.fromarray(bits).convert("1"), "PNG"), bits)


# ---------------------------------------------------------------- JPEG

def make_jpeg():
    def decoded(data, mode):
        return np.asarray(Image.open(io.BytesIO(data)).convert(mode))

    colour, gray = Image.fromarray(smooth(3)), Image.fromarray(smooth(1))
    for name, image, options in (
            ("gray.jpg", gray, dict(quality=90)),
            ("rgb444.jpg", colour, dict(quality=90, subsampling=0)),
            ("rgb420.jpg", colour, dict(quality=75, subsampling=2)),
            ("rgb422.jpg", colour, dict(quality=75, subsampling=1)),
            ("progressive.jpg", colour, dict(quality=80, progressive=True)),
            ("progressive_gray.jpg", gray, dict(quality=80, progressive=True)),
            ("restart.jpg", colour, dict(quality=80, restart_marker_blocks=2))):
        data = pillow(image, "JPEG", **options)
        save(name, data, decoded(data, image.mode))
    cmyk = Image.fromarray(smooth(4), "CMYK")
    data = pillow(cmyk, "JPEG", quality=95)
    # Adobe's marker: what is stored is 255 - ink. Pillow undoes that, hence 255 - here.
    light = 255 - np.asarray(Image.open(io.BytesIO(data))).astype(np.int64)
    save("cmyk.jpg", data, ((light[..., :3] * light[..., 3:] + 127) // 255).astype(np.uint8))
    for o in range(1, 9):
        # The orientation of the expected picture is made by hand from what is stored.
        stored = Image.fromarray(np.ascontiguousarray(turned(smooth(3), o)))
        data = pillow(stored, "JPEG", quality=95, subsampling=0,
                      exif=b"Exif\0\0" + exif(o, ">" if o % 2 else "<"))
        inverse = {6: 8, 8: 6}.get(o, o)  # the others undo themselves
        save(f"orientation{o}.jpg", data, turned(decoded(data, "RGB"), inverse))


# ---------------------------------------------------------------- TIFF

def make_tiff():
    def tiff(array, **options):
        out = io.BytesIO()
        order = options.pop("byteorder", "<")
        big = options.pop("bigtiff", False)
        with tifffile.TiffWriter(out, byteorder=order, bigtiff=big) as writer:
            writer.write(array, metadata=None, software=None, **options)
        return out.getvalue()

    for order, letter in (("<", "le"), (">", "be")):
        for dtype in (np.uint8, np.uint16, np.uint32):
            a = pattern(dtype)
            save(f"gray_{np.dtype(dtype).name}_{letter}.tif",
                 tiff(a, photometric="minisblack", byteorder=order), a)
        f = (pattern(np.uint16).astype(np.float32) - 1000) / 7
        save(f"gray_float32_{letter}.tif", tiff(f, photometric="minisblack", byteorder=order), f)
        rgb16 = pattern(np.uint16, 3)
        save(f"rgb16_{letter}.tif", tiff(rgb16, photometric="rgb", byteorder=order), rgb16)
    i32 = pattern(np.int32) - 5
    save("gray_int32.tif", tiff(i32, photometric="minisblack"), i32)
    gray, rgb, rgba = pattern(np.uint8), pattern(np.uint8, 3), pattern(np.uint8, 4)
    save("bigtiff.tif", tiff(gray, photometric="minisblack", bigtiff=True), gray)
    save("white_is_zero.tif", tiff(gray, photometric="miniswhite"), 255 - gray)
    for compression in ("lzw", "zlib", "packbits"):
        for predictor in (False, True):
            if predictor and compression == "packbits":
                continue
            name = f"rgb_{compression}{'_predictor' if predictor else ''}.tif"
            save(name, tiff(rgb, photometric="rgb", compression=compression, predictor=predictor,
                            rowsperstrip=4), rgb)
    planar = np.moveaxis(rgb, 2, 0)
    save("planar.tif", tiff(planar, photometric="rgb", planarconfig="separate"), rgb)
    save("planar_strips_lzw.tif", tiff(planar, photometric="rgb", planarconfig="separate",
                                       compression="lzw", rowsperstrip=2), rgb)
    save("planar_tiled.tif", tiff(planar, photometric="rgb", planarconfig="separate",
                                  tile=(16, 16), compression="zlib"), rgb)
    save("rgba.tif", tiff(rgba, photometric="rgb", extrasamples=["unassalpha"]), rgba[..., :3])
    save("graya.tif", tiff(rgba[..., :2], photometric="minisblack", planarconfig="contig",
                           extrasamples=["unassalpha"]), rgba[..., 0])
    large = pattern(np.uint8, 3, h=37, w=41)
    save("tiled.tif", tiff(large, photometric="rgb", tile=(16, 32), compression="lzw"), large)
    tiled16 = pattern(np.uint16, h=19, w=35)
    save("tiled_gray16_be.tif", tiff(tiled16, photometric="minisblack", tile=(16, 16),
                                     byteorder=">"), tiled16)
    colours = pattern(np.uint16, 3, h=256, w=1).reshape(256, 3)
    save("palette8.tif", tiff(gray, photometric="palette", colormap=colours.T),
         (colours >> 8).astype(np.uint8)[gray])
    bits = pattern(np.uint8, maximum=1).astype(bool)
    save("bilevel.tif", tiff(bits, photometric="minisblack"), bits * np.uint8(255))
    picture = Image.fromarray(bits * np.uint8(255)).convert("1")
    for compression in ("group3", "group4", "tiff_ccitt"):
        save(f"bilevel_{compression}.tif", pillow(picture, "TIFF", compression=compression),
             bits * np.uint8(255))
    jpeg = pillow(Image.fromarray(smooth(3)), "TIFF", compression="jpeg", quality=90)
    save("jpeg.tif", jpeg, np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")))
    for o in range(1, 9):
        stored = np.ascontiguousarray(turned(rgb, o))
        save(f"orientation{o}.tif",
             tiff(stored, photometric="rgb", extratags=[(274, "H", 1, o, True)]), rgb)
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for page in range(3):
            writer.write(gray + np.uint8(page), metadata=None, software=None,
                         photometric="minisblack")
    save("pages.tif", out.getvalue(), gray)
    # By hand: 4 bits, gray and palette, and 2 bits where 0 is white.
    four = pattern(np.uint8, maximum=15)
    two = pattern(np.uint8, maximum=3)
    map16 = pattern(np.uint16, 3, h=16, w=1).reshape(16, 3)
    save("gray4.tif", tiff_bits(four, 4, 1), four * np.uint8(17))
    save("gray2_white.tif", tiff_bits(two, 2, 0), 255 - two * np.uint8(85))
    save("palette4.tif", tiff_bits(four, 4, 3, map16), (map16 >> 8).astype(np.uint8)[four])


def tiff_bits(samples, depth, photometric, colormap=None):
    h, w = samples.shape
    raster = b"".join(pack_rows(samples, depth))
    tags = [(256, 4, 1, w), (257, 4, 1, h), (258, 3, 1, depth), (259, 3, 1, 1),
            (262, 3, 1, photometric), (273, 4, 1, None), (277, 3, 1, 1), (278, 4, 1, h),
            (279, 4, 1, len(raster))]
    if colormap is not None:
        tags.append((320, 3, colormap.size, None))
    at = 8 + 2 + 12 * len(tags) + 4
    out = b"II" + struct.pack("<HIH", 42, 8, len(tags))
    extra = colormap.T.astype("<u2").tobytes() if colormap is not None else b""
    for tag, kind, count, value in tags:
        if tag == 273:
            value = at + len(extra)
        elif tag == 320:
            value = at
        out += struct.pack("<HHII", tag, kind, count, value)
    return out + struct.pack("<I", 0) + extra + raster


# ---------------------------------------------------------------- BMP

def bmp(w, h, bits, raster, palette=b"", compression=0, header=40, used=0, masks=b""):
    info = struct.pack("<IiiHHIIiiII", header, w, h, 1, bits, compression, len(raster), 2835, 2835,
                       used, 0)
    if header == 12:
        info = struct.pack("<IHHHH", 12, w, h, 1, bits)
    info += masks
    info += bytes(max(0, header - len(info)))
    at = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(raster), 0, 0, at) + info + palette + raster


def padded(rows):
    return b"".join(r + bytes(-len(r) % 4) for r in rows)


def make_bmp():
    rgb = pattern(np.uint8, 3)
    bgr = rgb[..., ::-1]
    up = [r.tobytes() for r in bgr[::-1]]
    save("rgb24.bmp", bmp(W, H, 24, padded(up)), rgb)
    save("rgb24_top_down.bmp", bmp(W, -H, 24, padded(up[::-1])), rgb)
    save("rgb24_core.bmp", bmp(W, H, 24, padded(up), header=12), rgb)
    save("pillow24.bmp", pillow(Image.fromarray(rgb), "BMP"), rgb)
    bgrx = np.concatenate([bgr, np.full((H, W, 1), 77, np.uint8)], axis=2)
    raster = bgrx[::-1].tobytes()
    save("rgb32.bmp", bmp(W, H, 32, raster), rgb)
    masks = struct.pack("<III", 0xFF000000, 0x00FF0000, 0x0000FF00)
    word = (rgb[..., 0].astype(np.uint32) << 24 | rgb[..., 1].astype(np.uint32) << 16 |
            rgb[..., 2].astype(np.uint32) << 8 | 0x5A)
    save("rgb32_bitfields.bmp",
         bmp(W, H, 32, word[::-1].astype("<u4").tobytes(), compression=3, masks=masks), rgb)
    save("rgb32_bitfields_v5.bmp", bmp(W, H, 32, word[::-1].astype("<u4").tobytes(), compression=3,
                                       masks=masks, header=124), rgb)
    five = pattern(np.uint16, 3, maximum=31)
    eight = ((five.astype(np.int64) * 255 + 15) // 31).astype(np.uint8)
    word = five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]
    rows = [r.astype("<u2").tobytes() for r in word[::-1]]
    save("rgb16_555.bmp", bmp(W, H, 16, padded(rows)), eight)
    six = pattern(np.uint16, maximum=63)
    green = ((six.astype(np.int64) * 255 + 31) // 63).astype(np.uint8)
    word = five[..., 0] << 11 | six << 5 | five[..., 2]
    rows = [r.astype("<u2").tobytes() for r in word[::-1]]
    expected = np.stack([eight[..., 0], green, eight[..., 2]], axis=2)
    save("rgb16_565.bmp", bmp(W, H, 16, padded(rows), compression=3,
                              masks=struct.pack("<III", 0xF800, 0x07E0, 0x001F)), expected)
    for depth in (1, 2, 4, 8):
        size = 1 << depth
        colours = colormap(size)
        grays = np.repeat(colours[:, :1], 3, axis=1)
        index = pattern(np.uint8, maximum=size - 1)
        rows = pack_rows(index[::-1], depth)

        def quads(c):
            return b"".join(bytes(e[::-1]) + b"\0" for e in c)

        def triples(c):
            return b"".join(bytes(e[::-1]) for e in c)
        save(f"palette{depth}.bmp", bmp(W, H, depth, padded(rows), quads(colours)), colours[index])
        save(f"palette{depth}_gray.bmp", bmp(W, H, depth, padded(rows), quads(grays)),
             grays[index][..., 0])
        save(f"palette{depth}_core.bmp", bmp(W, H, depth, padded(rows), triples(colours),
                                             header=12), colours[index])
    colours = colormap(7)
    index = pattern(np.uint8, maximum=6)
    save("palette_used.bmp", bmp(W, H, 8, padded(pack_rows(index[::-1], 8)), quads(colours),
                                 used=7), colours[index])
    for depth in (4, 8):
        size = 1 << depth
        colours = colormap(size)
        index = pattern(np.uint8, maximum=size - 1)
        index[2, 3:11] = 5
        index[4, :] = 9
        save(f"rle{depth}.bmp", bmp(W, H, depth, rle(index[::-1], depth), quads(colours),
                                    compression=1 if depth == 8 else 2), colours[index])


def rle(rows, depth):
    """Runs where two neighbours are equal, else literals of 3 and more; single pixels as runs."""
    out = b""
    for row in rows:
        x, values = 0, [int(v) for v in row]
        while x < len(values):
            n = 1
            while x + n < len(values) and values[x + n] == values[x]:
                n += 1
            literal = 1
            while x + literal < len(values) and values[x + literal] != values[x + literal - 1]:
                literal += 1
            if n == 1 and literal >= 3:
                part = values[x:x + literal]
                data = bytes(part) if depth == 8 else bytes(
                    int(a) << 4 | int(b) for a, b in zip(part[::2], (part + [0])[1::2]))
                out += bytes([0, literal]) + data + bytes(len(data) % 2)
                x += literal
                continue
            v = values[x]
            out += bytes([n, v if depth == 8 else v << 4 | v])
            x += n
        out += b"\0\0"
    return out + b"\0\1"


# ---------------------------------------------------------------- PNM

def make_pnm():
    bits = pattern(np.uint8, maximum=1)
    ink = bits * np.uint8(255)
    gray, rgb = pattern(np.uint8), pattern(np.uint8, 3)
    plain1 = "\n".join("".join(str(1 - v) for v in row) for row in bits)
    save("plain.pbm", f"P1\n# made by hand\n{W} {H}\n{plain1}\n".encode(), ink)
    spaced = "\n".join(" ".join(str(1 - v) for v in row) for row in bits)
    save("plain_spaced.pbm", f"P1 {W}\t{H} {spaced}".encode(), ink)
    save("raw.pbm", f"P4\n{W} {H}\n".encode() + b"".join(pack_rows(1 - bits, 1)), ink)
    text = "\n".join(" ".join(str(v) for v in row) for row in gray)
    save("plain.pgm", f"P2 # gray\n{W}#w\n {H}\n255\n{text}\n".encode(), gray)
    text = "\n".join(" ".join(str(v) for v in row.ravel()) for row in rgb)
    save("plain.ppm", f"P3\n{W} {H}\n255\n# colours\n{text}\n".encode(), rgb)
    save("raw.pgm", f"P5\n{W} {H}\n255\n".encode() + gray.tobytes(), gray)
    save("raw.ppm", f"P6\n#c\n{W} {H}\n255\n".encode() + rgb.tobytes(), rgb)
    for maximum in (1, 7, 254, 256, 1000, 65535):
        dtype = np.uint8 if maximum < 256 else np.uint16
        a = pattern(dtype, maximum=maximum)
        raw = a.astype(">u2").tobytes() if maximum > 255 else a.tobytes()
        save(f"raw_max{maximum}.pgm", f"P5 {W} {H} {maximum}\n".encode() + raw, a)
    text = " ".join(str(v) for v in a.ravel())
    save("plain16.pgm", f"P2 {W} {H} 65535 {text}".encode(), a)
    rgb16 = pattern(np.uint16, 3)
    save("raw16.ppm", f"P6 {W} {H} 65535\n".encode() + rgb16.astype(">u2").tobytes(), rgb16)
    save("pillow.ppm", pillow(Image.fromarray(rgb), "PPM"), rgb)


# ---------------------------------------------------------------- NPY

def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def make_npy():
    """The expected arrays are little-endian, row-major, version 1.0."""
    rng = np.random.default_rng(20260101)
    for name in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"):
        raw = rng.integers(0, 256, (3, 5, 4 * np.dtype(name).itemsize)).astype(np.uint8)
        a = np.nan_to_num(raw.view("<" + name))
        native = a.astype("<" + name)
        save(f"{name}_c_le.array", npy(native), native)
        save(f"{name}_f_be.array", npy(np.asfortranarray(native).astype(">" + name, order="F")),
             native)
    flags = rng.integers(0, 2, (4, 6)).astype(bool)
    save("b1_f.array", npy(np.asfortranarray(flags)), flags)
    for version in ((1, 0), (2, 0), (3, 0)):
        a = np.arange(7, dtype="<i4")
        save(f"version{version[0]}.array", npy(a, version), a)
    save("scalar.array", npy(np.array(3.5)), np.array(3.5))
    save("empty.array", npy(np.zeros((3, 0, 2), "<f4")), np.zeros((3, 0, 2), "<f4"))
    deep = np.arange(2 * 3 * 1 * 2 * 2, dtype="<i2").reshape(2, 3, 1, 2, 2)
    save("rank5_f.array", npy(np.asfortranarray(deep)), deep)


if __name__ == "__main__":
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    make_png()
    make_jpeg()
    make_tiff()
    make_bmp()
    make_pnm()
    make_npy()
