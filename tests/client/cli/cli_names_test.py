"""What the name of an output promises: written so, or refused by name."""

import json
import re

import numpy

import picture_files
import pictures
import support

FOREIGN = (".gif", ".jp2", ".jxl", ".heic", ".avif", ".GIF", ".tga", ".lsm", ".mpo", ".stk", ".svs", ".dng")
NOT_WRITTEN = (".jpg", ".bmp", ".webp", ".pam", ".jfif", ".jpe")


def noise(shape, dtype=numpy.uint8):
    return numpy.random.default_rng(1).integers(0, 100, shape).astype(dtype)


class Decoded(support.CliTest):
    def coded(self, name, data, *flags):
        self.ok("encode", self.path(name, data), *flags, "-o", self.path("c"), "-f")
        return self.path("c")

    def refused(self, name, *texts):
        error = self.fails(2, "decode", self.path("c"), "-o", self.path(name))
        for text in (f"'{self.path(name)}'", *texts):
            self.assertIn(text, error)
        self.assertFalse(self.path(name).exists())

    def test_a_tensor_is_no_picture(self):
        array = noise((6, 5), numpy.float32)
        numpy.save(self.path("a.npy"), array)
        for flags in (["a.npy", "--as", "tensor"],
                      ["a.raw", "--as", "raw", "--dtype", "float32", "--shape", "6,5"]):
            self.path("a.raw", array.tobytes())
            self.ok("encode", *flags, "-o", "c", "-f", cwd=self.dir)
            ends = (".png", ".tif", ".pgm", ".npz", *NOT_WRITTEN, *FOREIGN)
            for end in ends if "tensor" in flags else ends[:2]:
                self.refused("t" + end, "float32 6x5", "no picture", ".npy")
            for name in ("t", "t.raw", "t.dat"):
                self.ok("decode", "c", "-o", name, "-f", cwd=self.dir)
                self.assertEqual(self.path(name).read_bytes(), array.tobytes())

    def test_a_picture_under_a_name_that_is_not_written(self):
        two = picture_files.png(noise((5, 4, 2)), 4, 8)
        for data, ends in ((pictures.pgm(noise((5, 4))), NOT_WRITTEN + FOREIGN),
                           (pictures.ppm(noise((5, 4, 3))), (".jpg", ".gif")),
                           (two, (".jpg", ".gif"))):
            self.coded("p", data, "--as", "image")
            for end in ends:
                self.refused("t" + end, "is not written", "PNG, TIFF")

    def test_a_picture_of_samples_that_its_format_does_not_hold(self):
        self.coded("p", pictures.tiff(noise((5, 4), numpy.int16)), "--as", "image")
        for end in (".png", ".pgm"):
            self.refused("t" + end, "int16", "TIFF does")

    def test_one_page_of_every_type_comes_back_as_tiff(self):
        """By default under its own name, as several pages do."""
        for shape, kinds in (((5, 4), ("i1", "i2", "i8", "u8", "f2", "f8")),
                             ((5, 4, 3), ("i4", "f4"))):
            for kind in kinds:
                pixels = noise(shape, numpy.dtype(kind))
                name = f"{kind}-{len(shape)}.tif"
                self.path(name, pictures.tiff(pixels))
                self.ok("encode", name, "--as", "image", cwd=self.dir)
                self.ok("decode", name + ".trine", "--out-dir", "o", cwd=self.dir)
                self.ok("decode", name + ".trine", "-o", "a.npy", "-f", cwd=self.dir)
                back = numpy.load(self.path("a.npy"))
                self.assertEqual(back.dtype, pixels.dtype)
                numpy.testing.assert_array_equal(back, pixels)
                self.ok("encode", self.path("o") / name, "--as", "image", "-o", self.path("c"), "-f")
                self.ok("decode", self.path("c"), "-o", self.path("b.npy"), "-f")
                self.assertEqual(self.path("b.npy").read_bytes(), self.path("a.npy").read_bytes())

    def warnings(self, *args):
        """What is said in words and in JSON, which is the same."""
        done = support.run("--json", "decode", self.path("c"), "-f", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)["warnings"]
        self.assertEqual(done.stderr.decode(),
                         "".join(f"trine: warning: {self.path('c')}: {w}\n" for w in told))
        return told

    def test_other_names_of_formats_that_are_written(self):
        pixels = noise((5, 4))
        self.coded("p", pictures.pgm(pixels), "--as", "image")
        for end, magic in ((".apng", b"\x89PNG"), (".btf", b"II*\0"), (".tf8", b"II*\0"), (".TF8", b"II*\0")):
            self.assertEqual(self.warnings("-o", self.path("t" + end)), [])
            self.assertEqual(self.path("t" + end).read_bytes()[:4], magic)

    def test_bare_samples_are_said(self):
        numbers = noise((5, 4)) % 4
        kinds = ((pictures.pgm(noise((5, 4))), "uint8 5x4, gray of 8 bits)",
                  [".tif", ".png", ".pgm", ".npy"]),
                 (pictures.ppm(noise((5, 4, 3), numpy.uint16)), "uint16 5x4x3, rgb of 16 bits)",
                  [".tif", ".png", ".ppm", ".npy"]),
                 (picture_files.png(numbers % 2, 0, 1), "uint8 5x4, gray of 1 bit)",
                  [".tif", ".png", ".pbm", ".npy"]),
                 (picture_files.png(numbers, 3, 2, bytes(12)),
                  "palette of 2 bits, without the palette)", [".tif", ".png"]),
                 (picture_files.png(numbers, 0, 8, trns=b"\0\1"),
                  "gray of 8 bits, without the transparent value)", [".png"]))
        for data, text, names in kinds:
            self.coded("p.weird", data, "--as", "image")
            for name in ("t.bin", "t", "t.weird"):
                (warning,) = self.warnings("-o", self.path(name))
                self.assertIn("bare samples", warning)
                self.assertIn(text, warning)
                self.assertEqual(self.offered(warning), names)
            # To a pipe they go on purpose, but not the loss.
            for name in ("-", "/dev/stdout"):
                piped = support.run("decode", self.path("c"), "-o", name)
                self.assertEqual(piped.stdout, self.path("t.bin").read_bytes())
                self.assertEqual(b"bare samples" in piped.stderr, "without" in text)

    def offered(self, warning):
        """The kinds of file that a warning offers, each of which is written without another one."""
        names = re.findall(r"\.[a-z]{3}\b", warning.split("-o NAME")[1])
        for name in names:
            self.assertEqual(self.warnings("-o", self.path("offered" + name)), [], name)
        return names

    def test_bare_elements_are_said(self):
        """Only kinds of file are offered that hold the type and the shape."""
        for array, as_kind, names in (
                (noise((2, 3, 4), numpy.float32), "tensor", [".npy"]),
                (noise((5, 4), numpy.uint8), "tensor", [".npy"]),
                (noise((5, 4), numpy.float32), "image", [".tif", ".npy"]),
                (noise((5, 4, 3), numpy.int32), "image", [".tif", ".npy"])):
            path = self.path("a.npy")
            numpy.save(path, array)
            if as_kind == "image":
                path = self.path("a.tif", pictures.tiff(array))
            self.ok("encode", path, "--as", as_kind, "-o", self.path("c"), "-f")
            (warning,) = self.warnings("-o", self.path("t.bin"))
            self.assertEqual(self.path("t.bin").read_bytes(), array.tobytes())
            kind = "elements" if as_kind == "tensor" else "samples"
            shape = "x".join(map(str, array.shape))
            self.assertIn(f"the bare {kind} were written ({array.dtype} {shape}", warning)
            self.assertEqual(self.offered(warning), names)
            for name in ("-", "/dev/stdout"):
                self.assertNotIn(b"warning", support.run("decode", self.path("c"), "-o", name).stderr)

    def test_what_was_coded_by_its_shape_comes_back(self):
        """Of bits without a word; elements may have come from an array's file under another name."""
        raw = noise((8, 16)).tobytes()
        for flags, said in ((("--as", "bits", "--shape", "64,16"), b""),
                            (("--as", "raw", "--dtype", "float32", "--shape", "4,8"),
                             b"the bare elements were written (float32 4x8)")):
            source = self.path("rows.bin", raw)
            self.ok("encode", source, *flags, "-o", self.path("rows.bin.trine"), "-f")
            source.unlink()
            for where in ((), ("--out-dir", self.path("o"), "-f")):
                done = support.run("decode", self.path("rows.bin.trine"), *where)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(said, done.stderr)
                self.assertEqual(b"warning" in done.stderr, bool(said))
            self.assertEqual(source.read_bytes(), raw)
            # Under another name nothing is said that is not so.
            self.ok("encode", source, *flags, "-o", self.path("c"), "-f")
            (warning,) = self.warnings("-o", self.path("t.bin"))
            self.assertNotIn("no picture", warning)
            self.offered(warning)

    def test_several_streams_are_no_file_of_a_kind(self):
        array = noise((4, 5, 3))
        numpy.save(self.path("a.npy"), array)
        kinds = {"text": self.path("t.txt", b"plain text"), "tensor": self.path("a.npy"),
                 "image": self.path("p.ppm", pictures.ppm(array)),
                 "bits": self.path("rows", bytes(range(40)))}
        coded = {}
        for kind, path in kinds.items():
            flags = [] if kind == "text" else ["--as", kind]
            flags += ["--shape", "20,16"] if kind == "bits" else []
            self.ok("encode", path, *flags, "-o", self.path("c"), "-f")
            coded[kind] = (self.path("c").read_bytes(),
                           path.read_bytes() if kind in ("text", "bits") else array.tobytes())
        old = self.path("old", b"old").read_bytes()
        server = support.Server(self.dir)
        self.addCleanup(server.kill)
        for first in ("tensor", "image", "bits"):
            for then in coded:
                for target in ([], ["--server", server.address])[:2 if then == "text" else 1]:
                    with self.subTest(first=first, then=then, target=target):
                        joined = coded[first][0] + coded[then][0]
                        for end in (".npy",) if first == "tensor" else (".npy", ".png", ".tif"):
                            out = self.path("t" + end, old)
                            source = self.path(out.name + ".trine", joined)
                            for flags in ([], ["--rm"], ["-o", out]):
                                error = self.fails(1, "decode", source, "-f", *flags, *target)
                                self.assertIn(f"{source}: holds several streams", error)
                                self.assertIn("-o -", error)
                                self.assertEqual((out.read_bytes(), source.read_bytes()), (old, joined))
                        source = self.path("c", joined)
                        both = coded[first][1] + coded[then][1]
                        (warning,) = self.warnings("-o", self.path("t.bin"), *target)
                        self.assertIn("the bytes of several streams", warning)
                        self.assertIn(f"the first of them {first} ", warning)
                        self.assertEqual(self.path("t.bin").read_bytes(), both)
                        piped = support.run("decode", source, "-o", "-", *target)
                        self.assertEqual((piped.returncode, piped.stdout), (0, both))
                        self.assertIn(b"the bytes of several streams", piped.stderr)
                        self.fails(1, "decode", source, "-o", self.path("t.bin"), "-f", "--rm",
                                   *target)
                        told = [self.json("decode", source, "-o", self.path("t.bin"), "-f", *target),
                                self.json("verify", source, *target),
                                self.json("inspect", source, *target)]
                        self.assertEqual([t["content"] for t in told], [{"kind": "bytes"}] * 3)
        # Of plain bytes they are their concatenation under any name.
        source = self.path("t.npy.trine", 2 * coded["text"][0])
        for flags in ([], ["--rm"]):
            self.ok("decode", source, "-f", *flags)
            self.assertEqual(self.path("t.npy").read_bytes(), 2 * b"plain text")
        self.assertFalse(source.exists())

    def test_the_only_record_of_a_shape_is_not_removed(self):
        numbers = noise((5, 4)) % 4
        numpy.save(self.path("a.npy"), noise((2, 3), numpy.float32))
        flagged = self.path("flagged.png", picture_files.png(numbers, 0, 8, trns=b"\0\1"))
        palette = self.path("palette.png", picture_files.png(numbers, 3, 2, bytes(12)))
        rgb = self.path("p.ppm", pictures.ppm(noise((5, 4, 3))))
        multiplied = self.path("multiplied.tif", picture_files.tiff(
            (noise((5, 4, 4)), picture_files.RGB, 8, {338: (3, [1])})))
        rows = self.path("rows", bytes(range(8)))
        shape = ["--as", "raw", "--dtype", "uint8", "--shape", "2,4"]
        for path, flags, lossy, whole in (
                (self.path("a.npy"), ["--as", "tensor"], [(), ("-o", "OUT.bin")], "o.npy"),
                (rgb, ["--as", "image"], [(), ("-o", "OUT")], "o.png"),
                (palette, ["--as", "image"], [(), ("-o", "OUT.npy")], "o.tif"),
                (flagged, ["--as", "image"], [(), ("-o", "OUT.npy")], "o.png"),
                (multiplied, ["--as", "image"], [(), ("-o", "OUT.npy")], "o.tif"),
                (rows, shape, [(), ("-o", "OUT.bin")], "o.npy")):
            source = self.path("i.trine")
            self.ok("encode", path, *flags, "-o", source)
            for to in lossy:
                with self.subTest(path=path, to=to):
                    to = [t.replace("OUT", str(self.path("i"))) for t in to]
                    error = self.fails(1, "decode", source, "--rm", "-q", *to)
                    self.assertIn(f"{source}: --rm needs an output that holds all of it; ", error)
                    self.assertEqual(list(self.dir.glob("i*")), [source])
                    self.ok("decode", source, *to)  # without it they are
                    source_only = [p for p in self.dir.glob("i*") if p != source]
                    self.assertEqual(len(source_only), 1)
                    source_only[0].unlink()
            self.ok("decode", source, "--rm", "-o", self.path(whole), "-f")
            self.assertFalse(source.exists())

    def test_parts_are_no_files_of_a_kind(self):
        self.coded("p", pictures.pgm(noise((5, 4))), "--as", "image")
        for name, kind in (("t.png", "PNG"), ("t.tif", "TIFF"), ("t.lsm", "Zeiss LSM"), ("t.npy", "NPY")):
            for flags in (["--range", "2:5"], ["--recover"]):
                (warning,) = self.warnings("-o", self.path(name), *flags)
                self.assertIn(f"'{self.path(name)}' is no {kind} file", warning)
        self.assertEqual(self.warnings("--range", "2:5", "-o", self.path("t.bin")), [])
        self.coded("p", pictures.pgm(noise((5, 4))))  # the file's bytes
        self.assertEqual(self.warnings("--range", "2:5", "-o", self.path("t.png")), [])

    def test_a_files_own_bytes_go_under_any_name(self):
        data = support.some_bytes(1000)
        self.coded("b", data)
        for end in (".png", ".tif", ".jpg", ".npy", ".gif"):
            self.ok("decode", self.path("c"), "-o", self.path("t" + end))
            self.assertEqual(self.path("t" + end).read_bytes(), data)


class Netpbm(support.CliTest):
    KINDS = {".pbm": b"P4", ".pgm": b"P5", ".ppm": b"P6"}

    def check(self, kind, *command):
        """Under its own name and .pnm the kind is written; under the two others it is refused."""
        for end, magic in {**self.KINDS, ".pnm": kind, ".PGM": b"P5"}.items():
            with self.subTest(command=command, end=end):
                out = self.path("out" + end)
                line = [str(out) if arg == "OUT" else arg for arg in command]
                if magic == kind:
                    self.ok(*line, cwd=self.dir)
                    self.assertEqual(out.read_bytes()[:2], kind)
                    out.unlink()
                else:
                    error = self.fails(2, *line, cwd=self.dir)
                    right = {value: key for key, value in self.KINDS.items()}[kind]
                    self.assertRegex(error, rf"name the output .*{right}\b")
                    self.assertFalse(out.exists())
                    if command[0] != "decode":
                        # Before anything is sent: nobody is there.
                        self.fails(2, "--server", "127.0.0.1:1", *line, cwd=self.dir)

    def test_decoded_pictures(self):
        for kind, pixels in ((b"P5", noise((5, 4))), (b"P5", noise((5, 4), numpy.uint16)),
                             (b"P6", noise((5, 4, 3))), (b"P6", noise((5, 4, 3), numpy.uint16))):
            self.ok("encode", self.path("p", pictures.ppm(pixels)), "--as", "image", "-o",
                    self.path("c"), "-f")
            self.check(kind, "decode", "c", "-o", "OUT")

    def test_decoded_black_and_white(self):
        flags = numpy.random.default_rng(2).integers(0, 2, (7, 11)).astype(numpy.uint8)
        self.ok("encode", self.path("p.png", picture_files.png(flags, 0, 1)), "--as", "image", "-o",
                self.path("c"))
        self.ok("decode", self.path("c"), "-o", self.path("a.pbm"))
        numpy.testing.assert_array_equal(pictures.read_pnm(self.path("a.pbm")), flags * 255)
        # Gray of as many bits: read and coded again it is the same.
        self.ok("decode", self.path("c"), "-o", self.path("a.pgm"))
        self.assertEqual(self.path("a.pgm").read_bytes(), b"P5\n11 7\n1\n" + flags.tobytes())
        self.ok("encode", self.path("a.pgm"), "--as", "image", "-o", self.path("again"))
        self.assertEqual(self.path("again").read_bytes(), self.path("c").read_bytes())
        self.assertIn(".pbm", self.fails(2, "decode", self.path("c"), "-o", self.path("a.ppm")))

    def test_normalized_pictures(self):
        self.path("g.pgm", pictures.pgm(noise((5, 4))))
        self.path("c.ppm", pictures.ppm(noise((5, 4, 3))))
        self.check(b"P5", "normalize", "g.pgm", "-o", "OUT")
        self.check(b"P6", "normalize", "c.ppm", "-o", "OUT")

    def test_masks_labels_and_overlays(self):
        pixels = numpy.zeros((9, 13), numpy.uint8)
        pixels[2:6, 3:9] = 200
        mask = numpy.where(pixels > 0, 255, 0)
        self.path("p.pgm", pictures.pgm(pixels))
        for end, kind in ((".pgm", b"P5"), (".pbm", b"P4")):
            self.ok("segment", "p.pgm", "-o", "m" + end, cwd=self.dir)
            self.assertEqual(self.path("m" + end).read_bytes()[:2], kind)
            numpy.testing.assert_array_equal(pictures.read_pnm(self.path("m" + end)), mask)
        for server in ((), ("--server", "127.0.0.1:1")):
            self.assertIn("name the output .png, .tif, .pgm, .pbm or .npy",
                          self.fails(2, *server, "segment", "p.pgm", "-o", "m.ppm", cwd=self.dir))
        self.check(b"P5", "segment", "p.pgm", "--labels", "OUT")
        self.check(b"P6", "segment", "p.pgm", "--overlay", "OUT")
        self.check(b"P6", "segment", "p.pgm", "--histogram", "OUT")

    def test_cutouts(self):
        gray = noise((5, 4))
        self.path("g.pgm", pictures.pgm(gray))
        self.path("c.ppm", pictures.ppm(noise((5, 4, 3))))
        self.check(b"P5", "segment", "g.pgm", "--cutout", "OUT")
        self.check(b"P6", "segment", "c.ppm", "--cutout", "OUT", "--channel", "1")
        self.ok("segment", "g.pgm", "-o", "m.png", "--cutout", "x.tif", cwd=self.dir)
        # Of 32 bits, in files of different kinds that nobody is told of.
        numpy.save(self.path("f.npy"), gray.astype(numpy.float32))
        for server in ((), ("--server", "127.0.0.1:1")):
            for name in ("x.png", "x.pgm"):
                error = self.fails(2, *server, "segment", "f.npy", "-o", "m.tif", "--cutout", name,
                                   cwd=self.dir)
                self.assertIn("--cutout: ", error)
            self.assertFalse(self.path("m.tif").exists())
        self.ok("segment", "f.npy", "-o", "n.png", "--cutout", "y.tif", cwd=self.dir)

    def test_arrays_that_are_no_pictures(self):
        numpy.save(self.path("a.npy"), numpy.zeros((2, 3, 4, 5), numpy.float32))
        for end in (".png", ".ppm", ".tif"):
            for command in (("normalize", "a.npy"), ("normalize-gradient", "a.npy", "a.npy")):
                error = self.fails(2, "--server", "127.0.0.1:1", *command, "-o",
                                   "x" + end, cwd=self.dir)
                self.assertIn("no picture; name the output .npy", error)


if __name__ == "__main__":
    support.main()
