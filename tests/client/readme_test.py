"""The README's commands, in order and as they stand, in one shell on the files that the project makes.

Every block of code is run, but those of the sections in EXCEPTED. What is replaced is the address of
the server, so that one that listens on the default port is left alone. Where there is no grpcurl,
which Debian does not package, readme_grpcurl.py is in its place.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import support

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADDRESS = "127.0.0.1:7433"

# Section -> why its blocks are not run here; tests of their own do.
EXCEPTED = {
    "Two commands": "installs packages and builds everything",
    "Deployment": "needs Docker",
}
LANGUAGES = {"sh", "python"}


def blocks(text):
    """(section, language, code) of each block, in order."""
    section, found = "", []
    for match in re.finditer(r"^#+ ([^\n]*)$|^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if match.group(1) is not None:
            section = match.group(1)
        else:
            found.append((section, match.group(2), match.group(3)))
    return found


def as_script(found):
    """One script for bash; Python blocks are one program, which grows from block to block."""
    script = ["set -euo pipefail", "trap 'kill $(jobs -p) 2> /dev/null' EXIT"]
    python = ""
    for number, (section, language, code) in enumerate(found):
        script.append(f"echo '== block {number}: {section}'")
        if language == "python":
            python += code
            script.append(f"/usr/bin/python3 - <<'END OF THE PROGRAM'\n{python}END OF THE PROGRAM")
        else:
            script.append(code)
    return "\n".join(script) + "\n"


class Readme(support.CliTest):
    def setUp(self):
        super().setUp()
        self.text = (ROOT / "README.md").read_text()
        # Its folders as the commands name them, of which only client/examples is written to.
        for name in ("deploy", "proto"):
            self.path(name).symlink_to(ROOT / name)
        self.path("client").mkdir()
        programs = self.path("programs")
        programs.mkdir()
        for name, path in (("trine", support.OPTIONS.trine),
                           ("trine-server", support.OPTIONS.server),
                           ("protoc", support.OPTIONS.protoc), ("python3", "/usr/bin/python3")):
            (programs / name).symlink_to(pathlib.Path(path).resolve())
        if shutil.which("grpcurl") is None:
            stand_in = programs / "grpcurl"
            stand_in.write_text(f'#!/bin/sh\nexec /usr/bin/python3 -B "{ROOT}/tests/client/'
                                f'readme_grpcurl.py" "$@"\n')
            stand_in.chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        path = f"{programs}:{os.environ['PATH']}"
        self.environment = support.clean_environment(
            PATH=path, TRINE_LISTEN=self.address, TRINE_METRICS_LISTEN="127.0.0.1:0",
            TRINE_DRAIN_DELAY_MS="0", PYTHONDONTWRITEBYTECODE="1")

    def test_every_block(self):
        found = blocks(self.text)
        self.assertEqual({language for _, language, _ in found} - LANGUAGES, set())
        self.assertEqual(EXCEPTED.keys() - {section for section, _, _ in found}, set())
        run = [block for block in found if block[0] not in EXCEPTED]
        self.assertGreater(len(run), 8)
        script = as_script(run)
        self.assertIn(ADDRESS, script)
        self.path("script").write_text(script.replace(ADDRESS, self.address))
        with open(self.path("log"), "wb") as log:
            process = subprocess.Popen(["bash", "script"], cwd=self.dir, env=self.environment,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
            try:
                code = process.wait(10 * support.WAIT_SECONDS)
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    process.wait()
        told = self.path("log").read_text(errors="replace")
        self.assertEqual(code, 0, told[-4000:])
        self.assertEqual(told.count("== block "), len(run))
        for said in ("[0.343, 0.49)", "0110", "calls/s", "trine.v1.SegmentationService",
                     "plateau", "cut off"):
            self.assertIn(said, told)
        examples = self.path("client/examples")
        for made in ("ink.png", "overlay.png", "objects.png", "areas.png", "cells.csv", "all.csv", "torch.npy", "tf.npy",
                     "contrast.npy", "dx.npy", "book.txt.trine", "part", "rescued.txt",
                     "small.trine", "latent.trine", "book.trine", "mask.png"):
            self.assertGreater((examples / made).stat().st_size, 0, made)

    def test_the_extraction(self):
        text = "# A\n```sh\none\n```\n## B\n\n```python\ntwo = 1\n```\n```python\nthree = two\n```\n"
        found = blocks(text)
        self.assertEqual(found, [("A", "sh", "one\n"), ("B", "python", "two = 1\n"),
                                 ("B", "python", "three = two\n")])
        self.assertEqual(as_script(found).count("two = 1"), 2)


if __name__ == "__main__":
    support.main()
