"""NPY files that numpy.load reads and that hold more, or other bytes, than their headers say."""

import io
import json

import numpy

import support


def saved(array):
    out = io.BytesIO()
    numpy.save(out, array)
    return out.getvalue()


class BytesBehind(support.CliTest):
    SAID = "7 bytes behind the NPY array were not read"

    def setUp(self):
        super().setUp()
        self.array = numpy.random.default_rng(1).integers(0, 255, (12, 17)).astype(numpy.uint8)
        self.plain = self.path("plain.npy", saved(self.array))
        self.long = self.path("long.npy", saved(self.array) + b"further")

    def warned(self, *args, **kwargs):
        done = support.run("--json", *args, **kwargs)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.SAID, "".join(json.loads(done.stdout)["warnings"]))
        self.assertIn(self.SAID, done.stderr.decode())

    def test_of_what_is_segmented_and_normalized(self):
        for command in ("segment", "normalize"):
            self.ok(command, self.plain, "-o", self.path("a.npy"), "-f")
            self.warned(command, self.long, "-o", self.path("b.npy"))
            self.assertEqual(self.path("a.npy").read_bytes(), self.path("b.npy").read_bytes())
            self.path("b.npy").unlink()
        self.warned("segment", self.plain, "--mask", self.long, "-o", self.path("m.npy"))
        self.warned("segment", self.plain, "--ground-truth", self.long, "-o", self.path("t.npy"))
        self.warned("segment", self.long, "--overlay", self.path("o.png"))
        self.warned("compare-masks", self.long, self.plain)

    def test_of_what_is_encoded(self):
        fortran = self.path("f.npy", saved(numpy.asfortranarray(self.array)) + b"further")
        for source in (self.long, fortran):
            self.warned("encode", source, "--as", "tensor", "-o", self.path("c"), "-f")
            self.ok("decode", self.path("c"), "-o", self.path("back.npy"), "-f")
            self.assertEqual(self.path("back.npy").read_bytes(), self.plain.read_bytes())
        self.warned("encode", "-", "--as", "tensor", "-o", self.path("c"), "-f",
                    stdin=self.long.read_bytes())
        self.ok("decode", self.path("c"), "-o", self.path("back.npy"), "-f")
        self.assertEqual(self.path("back.npy").read_bytes(), self.plain.read_bytes())
        self.assertEqual(self.json("encode", self.plain, "--as", "tensor", "-o", self.path("c"),
                                   "-f")["warnings"], [])
        self.fails(1, "encode", self.path("short.npy", self.plain.read_bytes()[:-1]), "--as", "tensor",
                   "-o", self.path("c"), "-f")

    def test_of_an_array_longer_than_a_message(self):
        array = numpy.random.default_rng(2).random((40, 8, 32, 32), dtype=numpy.float32)
        plain, long = (self.path(name, saved(array) + more)
                       for name, more in (("p.npy", b""), ("l.npy", b"further")))
        flags = ["--max-message-bytes", "300kB", "-f", "-o"]
        self.ok("normalize", plain, *flags, self.path("a.npy"))
        self.warned("normalize", long, *flags, self.path("b.npy"))
        self.assertEqual(self.path("a.npy").read_bytes(), self.path("b.npy").read_bytes())


class Bool(BytesBehind):
    """Bytes of bool above 1, which NumPy takes for true."""

    SAID = "1 byte of bool that is neither 0 nor 1 was taken as 1"

    def setUp(self):
        super().setUp()
        self.array = numpy.random.default_rng(3).integers(0, 2, (12, 17)).astype(bool)
        self.array[11, 16] = True
        self.plain = self.path("plain.npy", saved(self.array))
        self.long = self.path("odd.npy", self.plain.read_bytes()[:-1] + b"\7")

    def test_of_what_is_encoded(self):
        """As it lies in the file; or turned, and then said."""
        self.ok("encode", self.long, "--as", "tensor", "-o", self.path("c"))
        self.ok("decode", self.path("c"), "-o", self.path("back.npy"))
        self.assertEqual(self.path("back.npy").read_bytes(), self.long.read_bytes())
        data = saved(numpy.asfortranarray(self.array))
        self.warned("encode", self.path("f.npy", data[:-1] + b"\7"), "--as", "tensor", "-o",
                    self.path("c"), "-f")

    def test_of_an_array_longer_than_a_message(self):
        array = numpy.random.default_rng(2).integers(0, 2, (40, 8, 32, 32)).astype(bool)
        array[39, 7, 31, 31] = True
        plain = self.path("p.npy", saved(array))
        odd = self.path("o.npy", plain.read_bytes()[:-1] + b"\7")
        flags = ["--max-message-bytes", "900kB", "-f", "-o"]
        self.ok("normalize", plain, *flags, self.path("a.npy"))
        self.warned("normalize", odd, *flags, self.path("b.npy"))
        self.assertEqual(self.path("a.npy").read_bytes(), self.path("b.npy").read_bytes())


if __name__ == "__main__":
    support.main()
