"""A cgroup of so much memory, for a program to run in: the kernel ends what needs more."""

import os
import pathlib
import shutil

MIB = 1 << 20
ROOT = pathlib.Path("/sys/fs/cgroup")


class Cage:
    """A group of cgroup v2 below the root, where that may be written; else, as root, a scope of
    systemd's; else none, and `missing` says why. `prefix` starts a command in it."""

    def __init__(self, limit_mib):
        self.prefix, self.missing = [], ""
        self._folder = ROOT / f"trine-load-{os.getpid()}-{limit_mib}"
        try:
            self._make(limit_mib)
        except OSError as error:
            self._remove()
            self._folder = None
            if os.geteuid() == 0 and shutil.which("systemd-run") and os.path.isdir(
                    "/run/systemd/system"):
                self.prefix = ["systemd-run", "--scope", "--quiet", "-p", f"MemoryMax={limit_mib}M",
                               "-p", "MemorySwapMax=0"]
            else:
                self.missing = f"no cgroup v2 to write, and no systemd: {error}"

    def _make(self, limit_mib):
        if not (ROOT / "cgroup.controllers").exists():
            raise FileNotFoundError("cgroup v1")
        control = ROOT / "cgroup.subtree_control"
        if "memory" not in control.read_text().split():
            control.write_text("+memory")
        self._folder.mkdir()
        (self._folder / "memory.max").write_text(str(limit_mib * MIB))
        swap = self._folder / "memory.swap.max"
        if swap.exists():
            swap.write_text("0")
        self.prefix = ["sh", "-c", f'echo $$ >"{self._folder}/cgroup.procs" && exec "$@"', "sh"]

    def _remove(self):
        try:
            self._folder.rmdir()
        except OSError:
            pass  # never made

    def peak_mib(self):
        """The most that the group has used; None where the kernel does not say."""
        try:
            return int((self._folder / "memory.peak").read_text()) / MIB
        except (OSError, TypeError):
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._folder is not None:
            self._remove()
