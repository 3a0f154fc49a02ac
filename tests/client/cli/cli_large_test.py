"""Files far larger than what client and server may hold: memory stays bounded.

--size-mib says how large (1024 by default). Both processes must stay below 256 MiB at their peak.
"""

import hashlib
import os
import random
import shutil
import signal
import unittest

import support

CAP_KIB = 256 << 10
MIB = 1 << 20


def write_pattern(path, size_mib):
    """Skewed bytes from a generator, 8 MiB of them, again and again; the digest of all."""
    letters = [round(200 * (i / 255) ** 4) for i in range(256)]
    pattern = random.Random(11).randbytes(8 * MIB).translate(bytes(letters))
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for _ in range(size_mib // 8):
            file.write(pattern)
            digest.update(pattern)
    return digest.hexdigest()


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(MIB):
            digest.update(piece)
    return digest.hexdigest()


class Large(support.CliTest):
    def setUp(self):
        super().setUp()
        self.size = support.OPTIONS.size_mib * MIB
        if shutil.disk_usage(self.dir).free < 4 * self.size:
            self.skipTest("not enough room in the temporary folder")

    def peak_of(self, *args):
        """Runs a command that must succeed; its peak of memory [KiB].

        The kernel counts what this interpreter held at the fork too: an upper bound.
        """
        process = support.start("-q", *args)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0, args)
        return usage.ru_maxrss

    def test_encode_and_decode(self):
        source, coded, back = self.path("in"), self.path("coded"), self.path("back")
        expected = write_pattern(source, support.OPTIONS.size_mib)
        with support.Server(self.dir) as server:
            target = ["--server", server.address]
            peaks = {"encode": self.peak_of("encode", source, "-o", coded, *target)}
            source.unlink()
            peaks["decode"] = self.peak_of("decode", coded, "-o", back, *target)
            peaks["server"] = support.peak_kib(server.process.pid)
        self.assertEqual(back.stat().st_size, self.size)
        self.assertEqual(digest_of(back), expected)
        print({name: f"{kib >> 10} MiB" for name, kib in peaks.items()}, end=" ", flush=True)
        for name, kib in peaks.items():
            self.assertLess(kib, CAP_KIB, name)

    def test_what_codes_to_almost_nothing(self):
        """A few coded bytes that decode to the whole size, and one process with both sides."""
        source, coded, back = self.path("in"), self.path("coded"), self.path("back")
        with open(source, "wb") as file:
            file.truncate(self.size)  # zeros, without room on the disk
        # Twice what one side may take: both are in the process.
        self.assertLess(self.peak_of("encode", source, "-o", coded), 2 * CAP_KIB)
        self.assertLess(coded.stat().st_size, self.size // 1000)
        with support.Server(self.dir) as server:
            client = self.peak_of("decode", coded, "-o", back, "--server", server.address)
            self.assertLess(client, CAP_KIB)
            self.assertLess(support.peak_kib(server.process.pid), CAP_KIB)
        self.assertEqual(back.stat().st_size, self.size)

    def test_a_reader_that_is_stopped(self):
        """A client that reads nothing must not make the server hold what it decodes."""
        source, coded = self.path("in"), self.path("coded")
        with open(source, "wb") as file:
            file.truncate(self.size)
        self.peak_of("encode", source, "-o", coded)
        with support.Server(self.dir) as server:
            reader, writer = os.pipe()
            process = support.start("-q", "decode", coded, "-o", "-", "--server", server.address,
                                    stdout=writer)
            os.close(writer)
            self.assertEqual(len(os.read(reader, 1)), 1)  # it flows, and now nobody reads
            seen = [0]

            def settled():
                seen.append(support.peak_kib(server.process.pid))
                return len(seen) > 50 and seen[-1] == seen[-50]

            support.wait_until(settled, "the server's memory to settle")
            self.assertLess(seen[-1], CAP_KIB)
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGKILL)
            process.wait()
            os.close(reader)


if __name__ == "__main__":
    support.main()
