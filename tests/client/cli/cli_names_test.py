"""What the name of an output promises: written so, or refused by name."""

import numpy

import picture_files
import pictures
import support

FOREIGN = (".gif", ".jp2", ".jxl", ".heic", ".avif", ".GIF", ".tga")
NOT_WRITTEN = (".jpg", ".bmp", ".webp", ".pam")


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
            for end in (".png", ".tif", ".pgm", ".npz", *NOT_WRITTEN, *FOREIGN):
                self.refused("t" + end, "float32 [6,5]", "no picture", ".npy")
            for name in ("t", "t.raw", "t.dat"):
                self.ok("decode", "c", "-o", name, "-f", cwd=self.dir)
                self.assertEqual(self.path(name).read_bytes(), array.tobytes())

    def test_a_picture_under_a_name_that_is_not_written(self):
        two = picture_files.png(noise((5, 4, 2)), 4, 8)
        for data in (pictures.pgm(noise((5, 4))), pictures.ppm(noise((5, 4, 3))), two):
            self.coded("p", data, "--as", "image")
            for end in NOT_WRITTEN + FOREIGN:
                self.refused("t" + end, "is not written", "PNG, TIFF")

    def test_a_picture_of_samples_that_its_format_does_not_hold(self):
        self.coded("p", pictures.tiff(noise((5, 4), numpy.int16)), "--as", "image")
        for end in (".png", ".pgm"):
            self.refused("t" + end, "int16", "TIFF does")

    def test_one_page_of_every_type_comes_back_as_tiff(self):
        """By default under its own name, as several pages do."""
        for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
            for shape in ((5, 4), (5, 4, 3)):
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

    def test_a_files_own_bytes_go_under_any_name(self):
        data = support.some_bytes(1000)
        self.coded("b", data)
        for end in (".png", ".tif", ".pgm", ".jpg", ".npy", *FOREIGN):
            self.ok("decode", self.path("c"), "-o", self.path("t" + end))
            self.assertEqual(self.path("t" + end).read_bytes(), data)


if __name__ == "__main__":
    support.main()
