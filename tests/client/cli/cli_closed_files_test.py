"""A shell that starts trine without stdin, stdout or stderr."""

import shlex
import subprocess

import numpy

from pictures import pgm
import support


class ClosedFiles(support.CliTest):
    """What a shell closes with <&- and >&-: no file that is opened takes its place."""

    def closed(self, redirection, *args):
        line = " ".join(shlex.quote(str(arg)) for arg in (support.OPTIONS.trine, *args))
        return subprocess.run(["bash", "-c", f"{line} {redirection}"], capture_output=True,
                              cwd=self.dir, env=support.clean_environment(), timeout=60)

    def test_stdin(self):
        for args in (["encode", "-o", "o.trine"], ["segment", "-o", "o.png"],
                     ["verify", "-"], ["segment", "--csv", "o.csv", "--components"]):
            with self.subTest(args=args):
                done = self.closed("<&-", *args)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(b"Bad file descriptor", done.stderr)
        self.assertEqual([p.name for p in self.dir.iterdir()], [])

    def test_stdout_and_stderr(self):
        picture = self.path("p.pgm", pgm(numpy.arange(64, dtype=numpy.uint8).reshape(8, 8)))
        for redirection, flags in ((">&-", []), (">&-", ["--json"]), ("2>&-", [])):
            with self.subTest(redirection=redirection, flags=flags):
                self.closed(redirection, "segment", picture, "--components", "--csv", "r.csv", "-f",
                            *flags)
                lines = self.path("r.csv").read_text().splitlines()
                self.assertEqual(len(lines), 2)
                self.assertTrue(lines[0].startswith("label,area"))


if __name__ == "__main__":
    support.main()
