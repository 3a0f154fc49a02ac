"""Pictures of every kind that is read, coded whole and given back, or refused by what is not kept."""

import json

import numpy

import picture_files
from picture_files import GRAY, GRAY_WHITE, PALETTE, RGB
import pictures
import support

SHAPE = (9, 13)


def noise(maximum, channels=1, dtype=numpy.uint8, seed=1):
    shape = SHAPE if channels == 1 else SHAPE + (channels,)
    return numpy.random.default_rng(seed).integers(0, maximum + 1, shape, endpoint=False).astype(dtype)


def colours(n, seed=2):
    return bytes(numpy.random.default_rng(seed).integers(0, 256, 3 * n).astype(numpy.uint8))


def table(palette):
    return numpy.frombuffer(palette, numpy.uint8).reshape(-1, 3)


def colormap(wide):
    """TIFF's tag of a palette of 16 bits, [n,3]."""
    return {320: (3, [int(v) for v in wide.T.reshape(-1)])}


def extra(kind):
    return {338: (3, [kind])}


class Kind:
    """A file; the pixels that other readers make of it, gray or RGB of 8 or 16 bits (None where they
    are none of those); what coding keeps of it: color, bits, palette entries."""

    def __init__(self, name, data, plain, color, bits, entries=0):
        self.name, self.data, self.plain = name, data, plain
        self.color, self.bits, self.entries = color, bits, entries

    @property
    def is_transparent(self):
        return any(text in self.name for text in ("graya", "rgba", "_alpha", "_key"))


def png_kinds():
    for depth in (1, 2, 4, 8, 16):
        dtype = numpy.uint16 if depth == 16 else numpy.uint8
        gray = noise(2 ** depth - 1, dtype=dtype)
        scaled = gray * dtype(255 // (2 ** depth - 1)) if depth < 8 else gray
        yield Kind(f"gray{depth}.png", picture_files.png(gray, 0, depth), scaled, "gray", depth)
        key = int(gray[3, 4]).to_bytes(2, "big")
        yield Kind(f"gray{depth}_key.png", picture_files.png(gray, 0, depth, trns=key), scaled, "gray",
                   depth)
        if depth <= 8:
            n = 2 ** depth if depth < 8 else 200
            numbers, palette = noise(n - 1), colours(n)
            plain = table(palette)[numbers]
            yield Kind(f"palette{depth}.png", picture_files.png(numbers, 3, depth, palette), plain,
                       "palette", depth, n)
            clear = b"\xff" * int(numbers[3, 4]) + b"\x10"
            yield Kind(f"palette{depth}_alpha.png",
                       picture_files.png(numbers, 3, depth, palette, trns=clear), plain, "palette",
                       depth, n)
        if depth >= 8:
            most = 2 ** depth - 1
            two, three, four = (noise(most, c, dtype) for c in (2, 3, 4))
            yield Kind(f"graya{depth}.png", picture_files.png(two, 4, depth), two[..., 0], "gray-alpha",
                       depth)
            yield Kind(f"rgb{depth}.png", picture_files.png(three, 2, depth), three, "rgb", depth)
            yield Kind(f"rgba{depth}.png", picture_files.png(four, 6, depth), four[..., :3], "rgba",
                       depth)
            key = b"".join(int(v).to_bytes(2, "big") for v in three[2, 2])
            yield Kind(f"rgb{depth}_key.png", picture_files.png(three, 2, depth, trns=key), three, "rgb",
                       depth)


def tiff_kinds():
    for depth in (1, 2, 4, 8, 16):
        dtype = numpy.uint16 if depth == 16 else numpy.uint8
        gray = noise(2 ** depth - 1, dtype=dtype)
        scaled = gray * dtype(255 // (2 ** depth - 1)) if depth < 8 else gray
        yield Kind(f"gray{depth}.tif", picture_files.tiff((gray, GRAY, depth, {})), scaled, "gray", depth)
        if depth <= 8:
            n = 2 ** depth
            wide = numpy.frombuffer(colours(2 * n), "<u2").reshape(n, 3)
            for name, palette in (("", wide), ("_8bit", wide // 257 * 257)):
                yield Kind(f"palette{depth}{name}.tif",
                           picture_files.tiff((gray, PALETTE, depth, colormap(palette))),
                           (palette >> 8).astype(numpy.uint8)[gray], "palette", depth, n)
        if depth >= 8:
            most = 2 ** depth - 1
            two, three, four = (noise(most, c, dtype) for c in (2, 3, 4))
            yield Kind(f"rgb{depth}.tif", picture_files.tiff((three, RGB, depth, {})), three, "rgb", depth)
            for kind, name in ((2, ""), (1, "-premultiplied")):
                yield Kind(f"graya{depth}{name}.tif", picture_files.tiff((two, GRAY, depth, extra(kind))),
                           two[..., 0], "gray" + (name or "-alpha"), depth)
                yield Kind(f"rgba{depth}{name}.tif", picture_files.tiff((four, RGB, depth, extra(kind))),
                           four[..., :3], "rgb" + (name or "a"), depth)
    floats = numpy.random.default_rng(3).standard_normal(SHAPE).astype(numpy.float32)
    yield Kind("float32.tif", picture_files.tiff((floats, GRAY, 32, {339: (3, [3])})), None, "gray", 32)


def other_kinds():
    for bits in (1, 4, 8):
        n = 2 ** bits
        numbers, palette = noise(n - 1), colours(n)
        yield Kind(f"palette{bits}.bmp", picture_files.bmp(numbers, bits, palette), table(palette)[numbers],
                   "palette", bits, n)
    rgb = noise(255, 3)
    yield Kind("rgb.bmp", picture_files.bmp(rgb, 24), rgb, "rgb", 8)
    yield Kind("rgb.ppm", pictures.ppm(rgb), rgb, "rgb", 8)
    for depth, dtype in ((3, numpy.uint8), (8, numpy.uint8), (12, numpy.uint16), (16, numpy.uint16)):
        gray = noise(2 ** depth - 1, dtype=dtype)
        data = pictures.pgm(gray).replace(b"\n255\n" if depth <= 8 else b"\n65535\n",
                                          b"\n%d\n" % (2 ** depth - 1), 1)
        yield Kind(f"gray{depth}.pgm", data, gray, "gray", depth)


def kinds():
    yield from png_kinds()
    yield from tiff_kinds()
    yield from other_kinds()


class Matrix(support.CliTest):
    """Every kind of file with every way to use it."""

    def test_as_bytes(self):
        for kind in support.walk(kinds()):
            with self.subTest(kind.name):
                self.ok("encode", self.path(kind.name, kind.data), "-o", self.path("c"), "-f")
                self.ok("decode", self.path("c"), "-o", self.path("back"), "-f")
                self.assertEqual(self.path("back").read_bytes(), kind.data)

    def test_as_image(self):
        for kind in support.walk(kinds()):
            with self.subTest(kind.name):
                told = self.json("encode", self.path(kind.name, kind.data), "--as", "image", "-o",
                                 self.path("c"), "-f")
                self.assertEqual(told["warnings"], [])
                self.check_content(kind, told["content"])
                self.assertEqual(self.json("inspect", self.path("c"))["content"], told["content"])
                self.check_raw_length(told)
                if kind.name.endswith(".png"):
                    self.check_png(kind)
                elif kind.name.endswith(".tif"):
                    self.check_tiff(kind)
                else:
                    self.check_plain(kind)

    def check_content(self, kind, content):
        if content["kind"] == "picture":
            self.assertEqual((content["color"], content["bit_depth"], content["palette_entries"]),
                             (kind.color, kind.bits, kind.entries))
            self.assertEqual(content["has_transparent_value"], "_key" in kind.name)
        elif content["kind"] == "bits":
            self.assertEqual((kind.color, kind.bits), ("gray", 1))
        else:
            self.assertEqual(content["kind"], "image")
            self.assertIn(kind.color, ("gray", "rgb"))
            self.assertIn(kind.bits, (8, 16, 32))

    def check_raw_length(self, told):
        content = told["content"]
        row = int(numpy.prod(content["shape"][1:]))
        if content["kind"] == "bits" or content.get("bit_depth") == 1:
            expected = SHAPE[0] * ((row + 7) // 8)
        else:
            expected = SHAPE[0] * row * numpy.dtype(content["dtype"]).itemsize
        self.assertEqual(told["raw_bytes"], expected)

    def check_png(self, kind):
        self.ok("decode", self.path("c"), "-o", self.path("back.png"), "-f")
        found, expected = (picture_files.read_png(self.path(n)) for n in ("back.png", kind.name))
        numpy.testing.assert_array_equal(found.pop("samples"), expected.pop("samples"))
        self.assertEqual(found, expected)

    def check_tiff(self, kind):
        self.ok("decode", self.path("c"), "-o", self.path("back.tif"), "-f")
        found, expected = (picture_files.read_tiff(self.path(n)) for n in ("back.tif", kind.name))
        for page, of in zip(found, expected, strict=True):
            samples = of.pop("samples")
            numpy.testing.assert_array_equal(page.pop("samples"), samples)
            self.assertEqual(page, of)

    def check_plain(self, kind):
        """BMP and PNM come back as PNG or PNM."""
        if kind.color == "palette":
            self.ok("decode", self.path("c"), "-o", self.path("back.png"), "-f")
            found = picture_files.read_png(self.path("back.png"))
            self.assertEqual((found["color"], found["depth"]), (3, kind.bits))
            numpy.testing.assert_array_equal(table(found["palette"])[found["samples"]], kind.plain)
            return
        back = self.path("back.pgm" if kind.color == "gray" else "back.ppm")
        self.ok("decode", self.path("c"), "-o", back, "-f")
        numpy.testing.assert_array_equal(pictures.read_pnm(back), kind.plain)
        head = back.read_bytes().split(b"\n")[2]
        self.assertEqual(int(head), 2 ** kind.bits - 1)

    def results(self, *args):
        """Of a command that writes to its file and says what it did."""
        told = self.json(*args, "-o", self.path("result.npy"), "-f")
        warnings = told.pop("warnings")
        for key in ("input", "output", "elapsed_ms"):
            told.pop(key, None)
        return told, warnings, numpy.load(self.path("result.npy"))

    def check_same_results(self, *command):
        references = {}  # many kinds are of the same pixels
        for kind in support.walk(kinds()):
            if kind.plain is None:
                continue
            with self.subTest(kind.name):
                told, warnings, pixels = self.results(*command, self.path(kind.name, kind.data))
                plain = pictures.ppm(kind.plain)
                if plain not in references:
                    references[plain] = self.results(*command, self.path("reference.ppm", plain))
                expected, said_anyway, expected_pixels = references[plain]
                self.assertEqual(told, expected)
                numpy.testing.assert_array_equal(pixels, expected_pixels)
                left_out = ["its transparency was left out"] if kind.is_transparent else []
                self.assertEqual(sorted(warnings), sorted(left_out + said_anyway))

    def test_segment(self):
        self.check_same_results("segment")

    def test_normalize(self):
        self.check_same_results("normalize")

    def test_an_overlay_says_what_it_left_out(self):
        file = self.path("a.png", picture_files.png(noise(255, 4), 6, 8))
        told = self.json("segment", file, "--overlay", self.path("o.png"))
        self.assertEqual(told["warnings"], ["its transparency was left out"])
        mask = self.path("m.png", picture_files.png(noise(255, 2), 4, 8))
        told = self.json("segment", file, "--mask", mask, "-o", self.path("r.png"))
        self.assertEqual(sorted(told["warnings"]), ["--mask: its transparency was left out",
                                                    "its transparency was left out"])

    def test_an_animation_is_its_first_picture(self):
        frames = (b"acTL", b"\0\0\0\2\0\0\0\0")
        file = self.path("moving.png", picture_files.png(noise(255), 0, 8, chunks=[frames]))
        for command in ("segment", "normalize"):
            told = self.json(command, file, "-o", self.path("r.npy"), "-f")
            self.assertTrue(any("animation" in w for w in told["warnings"]), told["warnings"])

    def test_an_animated_webp_is_its_first_frame(self):
        pixels = numpy.zeros((*SHAPE, 3), numpy.uint8)
        pixels[:, 6:] = 200, 120, 40
        still = bytes.fromhex("5650384c160000002f0c00020010da10cef6ff547d9007a5ff1300e9fd01")  # VP8L

        def chunk(name, data):
            return name + len(data).to_bytes(4, "little") + data
        side = bytes([SHAPE[1] - 1, 0, 0, SHAPE[0] - 1, 0, 0])
        frame = chunk(b"ANMF", bytes(6) + side + bytes([100, 0, 0, 0]) + still)
        data = b"WEBP" + chunk(b"VP8X", bytes([2, 0, 0, 0]) + side) + chunk(b"ANIM", bytes(6)) + 2 * frame
        file = self.path("moving.webp", chunk(b"RIFF", data))
        plain = self.path("plain.ppm", pictures.ppm(pixels))
        said = "it is an animation of 2 frames, of which the first was read"
        for command in ("segment", "normalize"):
            self.ok(command, plain, "-o", self.path("p.npy"), "-f")
            told = self.json(command, file, "-o", self.path("r.npy"), "-f")
            self.assertIn(said, "".join(told["warnings"]))
            self.assertEqual(self.path("r.npy").read_bytes(), self.path("p.npy").read_bytes())
            self.assertIn("--page", self.fails(1, command, file, "--page", "1", "-o", self.path("n.npy")))
        self.assertIn("an animation of 2 frames",
                      self.fails(1, "encode", file, "--as", "image", "-o", self.path("c")))
        self.ok("encode", file, "--as", "image", "--page", "0", "-o", self.path("c"))
        self.ok("decode", self.path("c"), "-o", self.path("b.npy"))
        numpy.testing.assert_array_equal(numpy.load(self.path("b.npy")), pixels)


class Stacks(support.CliTest):
    def setUp(self):
        super().setUp()
        self.pages = [noise(65535, dtype=numpy.uint16, seed=s) for s in range(3)]
        self.file = self.path("s.tif", picture_files.tiff(*((p, GRAY, 16, {}) for p in self.pages)))

    def test_all_pages(self):
        told = self.json("encode", self.file, "--as", "image", "-o", self.path("c"))
        self.assertEqual(told["content"], {"kind": "picture", "dtype": "uint16",
                                           "shape": [3, *SHAPE], "color": "gray", "bit_depth": 16,
                                           "palette_entries": 0, "has_transparent_value": False})
        self.ok("decode", self.path("c"), "-o", self.path("b.tif"))
        found = picture_files.read_tiff(self.path("b.tif"))
        self.assertEqual(len(found), 3)
        for page, expected in zip(found, self.pages):
            numpy.testing.assert_array_equal(page["samples"], expected)
        self.ok("decode", self.path("c"), "-o", self.path("b.npy"))
        numpy.testing.assert_array_equal(numpy.load(self.path("b.npy")), self.pages)
        for name in ("b.png", "b.pgm"):
            error = self.fails(2, "decode", self.path("c"), "-o", self.path(name))
            self.assertIn("pages", error)
            self.assertIn("TIFF", error)
        text = self.ok("inspect", self.path("c")).decode()
        self.assertIn("picture gray of 16 bits uint16 3x9x13", text)

    def test_a_page(self):
        for page, expected in enumerate(self.pages):
            self.ok("encode", self.file, "--as", "image", "--page", page, "-o", self.path("c"), "-f")
            self.ok("decode", self.path("c"), "-o", self.path("b.png"), "-f")
            numpy.testing.assert_array_equal(picture_files.read_png(self.path("b.png"))["samples"],
                                             expected)
        told = self.json("encode", self.file, "--as", "image", "--page", "all", "-o", self.path("a"))
        self.assertEqual(told["content"]["shape"], [3, *SHAPE])
        self.ok("encode", self.file, "--as", "image", "-o", self.path("default"))
        self.assertEqual(self.path("a").read_bytes(), self.path("default").read_bytes())
        self.fails(2, "encode", self.file, "--page", "all", "-o", self.path("d"))
        self.assertIn("3 pages", self.fails(1, "encode", self.file, "--as", "image", "--page", "3",
                                            "-o", self.path("d")))
        self.fails(2, "encode", self.file, "--as", "image", "--page", "-1", "-o", self.path("d"))
        self.fails(2, "encode", self.file, "--page", "0", "-o", self.path("d"))

    def test_normalize_takes_a_page(self):
        done = support.run("--json", "normalize", self.file, "-o", self.path("n.npy"))
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr.decode(), r"warning: .*s\.tif: it has 3 pages, and page 0 was taken; ")
        self.assertEqual(len(json.loads(done.stdout)["warnings"]), 1)
        for page, pixels in enumerate(self.pages):
            plain = self.path("p.pgm", pictures.pgm(pixels))
            self.ok("normalize", plain, "-o", self.path("p.npy"), "-f")
            told = self.json("normalize", self.file, "--page", page, "-o", self.path("n.npy"), "-f")
            self.assertEqual(told["warnings"], [])
            numpy.testing.assert_array_equal(numpy.load(self.path("n.npy")),
                                             numpy.load(self.path("p.npy")))
        self.assertIn("--page", self.fails(1, "normalize", self.file, "--page", "3", "-o", self.path("d")))
        self.fails(2, "normalize", self.file, "--page", "-1", "-o", self.path("d"))
        array = self.path("a.npy")
        numpy.save(array, numpy.zeros((2, 3), numpy.float32))
        self.assertIn("--page", self.fails(2, "normalize", array, "--page", "0", "-o", self.path("d")))

    def test_pages_that_differ(self):
        other = noise(255)
        mixed = self.path("m.tif", picture_files.tiff((self.pages[0], GRAY, 16, {}), (other, GRAY, 8, {})))
        error = self.fails(1, "encode", mixed, "--as", "image", "-o", self.path("c"))
        self.assertIn("--page", error)
        self.assertIn("page 0 (uint16 9x13, gray of 16 bits) and page 1 (uint8", error)
        self.assertIn("without --as", error)
        self.assertFalse(self.path("c").exists())
        self.ok("encode", mixed, "--as", "image", "--page", "1", "-o", self.path("c"))
        self.ok("decode", self.path("c"), "-o", self.path("b.npy"))
        numpy.testing.assert_array_equal(numpy.load(self.path("b.npy")), other)

    def described(self, name, pages, text):
        """One directory, of the first page; the others follow its data."""
        height, width = SHAPE
        first = {257: (4, [height]), 278: (4, [height]), 279: (4, [2 * height * width]),
                 270: (2, list(text.encode()) + [0])}
        return self.path(name, picture_files.tiff((numpy.concatenate(pages), GRAY, 16, first)))

    def test_pages_without_directories(self):
        """As ImageJ leaves them above 4 GB, and tifffile where it is told to."""
        for text in ("ImageJ=1.53t\nimages=3\n", '{"shape": [3, 9, 13], "truncated": true}'):
            file = self.described("d.tif", self.pages, text)
            told = self.json("encode", file, "--as", "image", "-o", self.path("c"), "-f")
            self.assertEqual(told["content"]["shape"], [3, *SHAPE])
            self.ok("decode", self.path("c"), "-o", self.path("b.npy"), "-f")
            numpy.testing.assert_array_equal(numpy.load(self.path("b.npy")), self.pages)
            for command in ("segment", "normalize"):
                told = self.json(command, file, "-o", self.path("o.npy"), "-f")
                self.assertIn("it has 3 pages, and page 0 was taken", "".join(told["warnings"]))
                results = []
                for source in (file, self.file):
                    told = self.json(command, source, "--page", "2", "-o", self.path("o.npy"), "-f")
                    self.assertEqual(told["warnings"], [])
                    results.append(numpy.load(self.path("o.npy")))
                numpy.testing.assert_array_equal(*results)
            lines = self.ok("--json", "segment", file, "--page", "all").decode().splitlines()
            self.assertEqual([json.loads(line)["page"] for line in lines], [0, 1, 2])

    def test_pages_that_are_missing(self):
        ome = '<?xml version="1.0"?><OME><Image><Pixels SizeZ="4" SizeC="1" SizeT="1"/></Image></OME>'
        for text, name, there in (("ImageJ=1.53t\nimages=4\n", "ImageJ", 3), (ome, "OME-XML", 1),
                                  ('{"shape": [4, 9, 13]}', "tifffile", 3)):
            file = self.described("d.tif", self.pages, text)
            said = (f"its description ({name}) tells of a stack of 4 pictures, of which the file holds "
                    f"{there}")
            self.assertIn(said, self.fails(1, "encode", file, "--as", "image", "-o", self.path("c")))
            self.assertFalse(self.path("c").exists())
            told = self.json("encode", file, "--as", "image", "--page", "0", "-o", self.path("p"), "-f")
            self.assertIn(said, told["warnings"])
            for command in (["segment", file], ["normalize", file], ["segment", self.file, "--page", "0",
                                                                     "--mask", file]):
                done = support.run("--json", *command, "-o", self.path("o.npy"), "-f")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(said, "".join(json.loads(done.stdout)["warnings"]))
                self.assertIn(said, done.stderr.decode())

    def test_pages_of_a_stack_that_is_cut(self):
        height, width = SHAPE
        head = picture_files.tiff((self.pages[0], GRAY, 16, {
            270: (2, list(b"ImageJ=1.53t\nslices=4\n\0")), 273: (4, [0]), 279: (4, [2 * height * width])}))
        entry = head.index(b"\x11\1\4\0")
        head = head[:entry + 8] + len(head).to_bytes(4, "little") + head[entry + 12:]
        data = b"".join(p.astype("<u2").tobytes() for p in self.pages)
        file = self.path("cut.tif", head + data + bytes(100))
        said = "(ImageJ) tells of a stack of 4 pictures, of which the file holds 3"
        self.assertIn(said, self.fails(1, "encode", file, "--as", "image", "-o", self.path("c")))
        for page, pixels in enumerate(self.pages):
            told = self.json("encode", file, "--as", "image", "--page", page, "-o", self.path("c"), "-f")
            self.assertIn(said, "".join(told["warnings"]))
            self.ok("decode", self.path("c"), "-o", self.path("b.npy"), "-f")
            numpy.testing.assert_array_equal(numpy.load(self.path("b.npy")), pixels)
            for command in ("segment", "normalize"):
                told = self.json(command, file, "--page", page, "-o", self.path("o.npy"), "-f")
                self.assertIn(said, "".join(told["warnings"]))

    def test_volumes_are_refused(self):
        volume = self.path("v.tif", picture_files.tiff((self.pages[0], GRAY, 16, {32997: (4, [5])})))
        for command in (["encode", "--as", "image"], ["segment"], ["normalize"]):
            error = self.fails(1, *command, volume, "-o", self.path("o.npy"))
            self.assertIn("ImageDepth (tag 32997) is 5", error)
            self.assertFalse(self.path("o.npy").exists())

    def test_ranges_count_raw_bytes(self):
        bits = numpy.stack([noise(1, seed=s) for s in range(4)])
        alpha = noise(255, 4)
        cases = [
            (picture_files.tiff(*((p, GRAY, 16, {}) for p in self.pages)),
             b"".join(p.astype("<u2").tobytes() for p in self.pages)),
            (picture_files.png(alpha, 6, 8), alpha.tobytes()),
            (picture_files.tiff(*((p, GRAY, 1, {}) for p in bits)),
             b"".join(b"".join(picture_files.packed_rows(p, 1)) for p in bits))]
        for data, raw in cases:
            self.ok("encode", self.path("in", data), "--as", "image", "-o", self.path("c"), "-f",
                    "--block-size", "256")
            self.assertEqual(self.json("inspect", self.path("c"))["raw_bytes"], len(raw))
            for begin, length in ((0, 1), (31, 17), (len(raw) - 5, 5), (0, len(raw))):
                self.ok("decode", self.path("c"), "--range", f"{begin}:{length}", "-o",
                        self.path("part.tif"), "-f")
                self.assertEqual(self.path("part.tif").read_bytes(), raw[begin:begin + length])
            self.fails(1, "decode", self.path("c"), "--range", f"{len(raw)}:1", "-o",
                       self.path("no"))

    def test_arrays_of_pictures(self):
        flags = noise(1)
        self.ok("encode", self.path("f.png", picture_files.png(flags, 0, 1)), "--as", "image", "-o",
                self.path("c"))
        told = self.json("decode", self.path("c"), "-o", self.path("f.npy"))
        self.assertEqual((told["written_as"], told["warnings"]), ("npy", []))
        back = numpy.load(self.path("f.npy"))
        self.assertEqual(back.dtype, bool)
        numpy.testing.assert_array_equal(back, flags)
        numbers = noise(3)
        self.ok("encode", self.path("p.png", picture_files.png(numbers, 3, 2, colours(4))), "--as",
                "image", "-o", self.path("c"), "-f")
        done = support.run("--json", "decode", self.path("c"), "-o", self.path("p.npy"))
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"trine: warning: ", done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["warnings"]), 1)
        numpy.testing.assert_array_equal(numpy.load(self.path("p.npy")), numbers)


class Refusals(support.CliTest):
    """What cannot be kept is refused, or said, by name; and the file's bytes always are."""

    def refused(self, name, data, *texts):
        error = self.fails(1, "encode", self.path(name, data), "--as", "image", "-o", self.path("c"))
        for text in texts:
            self.assertIn(text, error)
        self.assertRegex(error, r"(?m)^trine: hint: .*'trine encode' without --as")
        self.assertFalse(self.path("c").exists())

    def test_of_files(self):
        five = noise(255, 5)
        self.refused("five.tif", picture_files.tiff((five, RGB, 8, {338: (3, [0, 0])})),
                     "2 samples a pixel beside its colours")
        self.refused("unknown.tif", picture_files.tiff((noise(255, 2), GRAY, 8, extra(0))),
                     "1 sample a pixel beside its colours that is")
        frames = (b"acTL", b"\0\0\0\2\0\0\0\0")
        self.refused("moving.png", picture_files.png(noise(255), 0, 8, chunks=[frames]), "animation")
        two = pictures.pgm(noise(255)) * 2
        self.refused("two.pgm", two, "more pictures")

    def test_of_output_formats(self):
        cases = [(picture_files.png(noise(255, 4), 6, 8), "o.ppm", "PNG and TIFF"),
                 (picture_files.png(noise(255, 2), 4, 8), "o.pgm", "gray-alpha"),
                 (picture_files.png(noise(3), 3, 2, colours(4)), "o.ppm", "palette"),
                 (picture_files.png(noise(3), 3, 2, colours(4), b"\1"), "o.tif", "palette with alpha"),
                 (picture_files.png(noise(255), 0, 8, trns=b"\0\1"), "o.tif", "transparent value"),
                 (picture_files.tiff((noise(255, 4), RGB, 8, extra(1))), "o.png", "premultiplied"),
                 (picture_files.png(noise(255, 4), 6, 8), "o.jpg", "not written")]
        for data, name, text in cases:
            self.ok("encode", self.path("in", data), "--as", "image", "-o", self.path("c"), "-f")
            self.assertIn(text, self.fails(2, "decode", self.path("c"), "-o", self.path(name)))
            self.assertFalse(self.path(name).exists())

    def test_what_is_said(self):
        profile = (b"iCCP", b"name\0\0" + b"x")
        note = (b"tEXt", b"a\0b")
        data = picture_files.png(noise(255), 0, 8, chunks=[profile, note])
        done = support.run("--json", "encode", self.path("in", data), "--as", "image", "-o",
                           self.path("c"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["warnings"], ["not kept: iCCP, tEXt"])
        self.assertRegex(done.stderr.decode(), r"^trine: warning: .*in: not kept: iCCP, tEXt\n$")
        quiet = support.run("-q", "encode", self.path("in"), "--as", "image", "-o", self.path("d"))
        self.assertEqual((quiet.stdout, quiet.stderr), (b"", b""))

    def test_what_is_said_of_png(self):
        gray = noise(255)
        note = picture_files.png(gray, 0, 8, chunks=[(b"tEXt", b"a\0b")])
        at = note.index(b"tEXta\0b") + 7
        cases = [(picture_files.png(gray, 0, 8, behind_rows=bytes(50)), "behind the pixels"),
                 (picture_files.png(gray, 0, 8, behind_data=b"x" * 9), "behind the pixels"),
                 (note[:at] + b"none" + note[at + 4:], "checksum is wrong were left out: tEXt"),
                 (note[:-4] + b"none", "the PNG's IEND chunk is wrong")]
        for data, text in cases:
            file = self.path("in.png", data)
            for command, *flags in (["segment"], ["normalize"], ["encode", "--as", "image"]):
                told = self.json(command, file, *flags, "-o", self.path("o.npy"), "-f")
                self.assertIn(text, "".join(told["warnings"]))

    def test_what_is_said_of_tiff(self):
        beside = {305: (2, [97, 98, 99, 0]), 330: (4, [8]), 65000: (3, [7])}
        formats = {"encode": ["--as", "image"], "segment": [], "normalize": []}
        expected = {"encode": "not kept: 1 picture in SubIFDs, the software, tag 65000",
                    "segment": "1 picture in SubIFDs was not read",
                    "normalize": "1 picture in SubIFDs was not read"}
        file = self.path("s.tif", picture_files.tiff((noise(255), GRAY, 8, beside)))
        for command, flags in formats.items():
            told = self.json(command, file, *flags, "-o", self.path("o.npy"), "-f")
            self.assertIn(expected[command], told["warnings"])
        white = self.path("w.tif", picture_files.tiff((noise(255), GRAY_WHITE, 8, {})))
        told = self.json("encode", white, "--as", "image", "-o", self.path("c"))
        self.assertEqual(told["warnings"],
                         ["not kept: that 0 is white (values are turned round, and 0 is black)"])

    def test_white_is_zero(self):
        gray = noise(3)
        self.ok("encode", self.path("w.tif", picture_files.tiff((gray, GRAY_WHITE, 2, {}))), "--as",
                "image", "-o", self.path("c"))
        self.ok("decode", self.path("c"), "-o", self.path("b.tif"))
        (page,) = picture_files.read_tiff(self.path("b.tif"))
        self.assertEqual((page["photometric"], page["bits"]), (GRAY, 2))
        numpy.testing.assert_array_equal(page["samples"], 3 - gray)

    def test_gray_of_two_values_keeps_its_bits(self):
        gray = noise(1) * numpy.uint8(255)
        self.ok("encode", self.path("g.png", picture_files.png(gray, 0, 8)), "--as", "image", "-o",
                self.path("c"))
        self.ok("decode", self.path("c"), "-o", self.path("b.png"))
        self.assertEqual(picture_files.read_png(self.path("b.png"))["depth"], 8)
        self.ok("decode", self.path("c"), "-o", self.path("b.pbm"))
        self.assertEqual(self.path("b.pbm").read_bytes()[:2], b"P4")


if __name__ == "__main__":
    support.main()
