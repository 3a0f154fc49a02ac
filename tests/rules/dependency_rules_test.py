"""Checks from the #include lines who knows whom (CONTRIBUTING.md, "Who may know whom").

Usage: dependency_rules_test.py SOURCE_DIR. With --self-test it checks that the check itself notices
a breach, on lines made up for that.
"""

import pathlib
import re
import sys

KERNELS = ("normalize", "coding", "segment", "image")
CORE_FORBIDDEN = ("grpc", "google/protobuf", "trine/v1", "google/rpc")
# The one folder of the client that may start a server: the command line's embedded mode.
EMBEDDED = re.compile(r"client/cli/embedded\w*\.(cc|h)$")

# Folder of the including file -> folders of the project that it may include.
ALLOWED = {
    "core/base": {"core/base"},
    "core/runtime": {"core/base", "core/runtime"},
    **{f"core/{k}": {"core/base", "core/runtime", f"core/{k}"} for k in KERNELS},
    "server": {"core", "server"},
    "client": {"core", "client"},
    "tests/oracle": {"core/base", "tests/oracle"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


def folder_of(path):
    for folder in sorted(ALLOWED, key=len, reverse=True):
        if path.startswith(folder + "/"):
            return folder
    return None


def breaches(path, text):
    """The includes of `path` that break a rule."""
    folder = folder_of(path)
    found = []
    for include in INCLUDE.findall(text):
        if path.startswith(("core/", "tests/oracle/")) and include.startswith(CORE_FORBIDDEN):
            found.append(f"{path}: {include}: core knows neither gRPC nor protobuf")
        if not include.startswith(("core/", "server/", "client/", "tests/")):
            continue
        if include.startswith("server/") and EMBEDDED.search(path):
            continue
        if folder is None:
            if not path.startswith("tests/"):
                found.append(f"{path}: no rule for this folder; add it here")
            continue
        if not any(include.startswith(a + "/") for a in ALLOWED[folder]):
            found.append(f"{path}: {include}: not allowed for {folder}")
    return found


def self_test():
    bad = [
        ("core/normalize/a.cc", '#include "core/coding/coding.h"\n'),
        ("core/base/a.h", '#include "core/runtime/context.h"\n'),
        ("core/coding/a.cc", "#include <grpcpp/grpcpp.h>\n"),
        ("core/image/a.cc", '#include "trine/v1/tensor.pb.h"\n'),
        ("client/client.cc", '#include "server/server.h"\n'),
        ("server/main.cc", '#include "client/client.h"\n'),
        ("core/segment/a.cc", '#include "tests/oracle/segment_oracle.h"\n'),
        ("newfolder/a.cc", '#include "core/base/error.h"\n'),
    ]
    good = [
        ("core/normalize/a.cc", '#include "core/base/error.h"\n#include <vector>\n'),
        ("client/cli/embedded_server.cc", '#include "server/server.h"\n'),
        ("server/services/coding_service.cc", '#include "core/coding/coding.h"\n'),
        ("tests/server/a_test.cc", '#include "server/server.h"\n'),
    ]
    for path, text in bad:
        assert breaches(path, text), f"not noticed: {path}: {text}"
    for path, text in good:
        assert not breaches(path, text), f"wrongly refused: {path}: {text}"


def main():
    self_test()
    root = pathlib.Path(sys.argv[1])
    found, files = [], 0
    for top in ("core", "server", "client", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".cc", ".h"):
                files += 1
                found += breaches(path.relative_to(root).as_posix(), path.read_text())
    print("\n".join(found) if found else f"{files} files keep the rules")
    return 1 if found or files < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
