"""Checks from the #include lines who knows whom (CONTRIBUTING.md, "Who may know whom").

Usage: dependency_rules_test.py SOURCE_DIR. Before it reads the tree it checks on made-up lines that
each rule notices a breach of it.
"""

import pathlib
import re
import sys

KERNELS = ("normalize", "coding", "segment", "image")
CORE_FORBIDDEN = ("grpc", "google/protobuf", "trine/v1", "google/rpc")
# The files of the command line that may start a server: its embedded mode.
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

# What a kernel shows to server and client.
CONTRACTS = {
    "normalize": ("lrn.h", "presets.h"),
    "coding": ("coding.h", "exact.h", "stats.h", "table.h", "table_store.h"),
    "segment": ("label_metrics.h", "mask_values.h", "metrics.h", "segment.h", "steps.h"),
    "image": ("image.h",),
}

# Rooms of coding, each of which knows those before it and itself; the root's headers are everybody's.
CODING_ROOMS = ("container", "coder", "models", "stream")
# The files in coding's models/ that know the models' folders.
MODEL_LISTS = ("model_list", "select_model")
# Folders whose folders do not know each other: what they share is at the root.
STRANGERS = ("core/segment", "core/image")
# One of these that its neighbours stand on.
FLOORS = {"core/segment": "kernels"}
# Folder -> folders that it does not know; "" is the files at the root of server or client.
UNKNOWN = {
    "server/base": ("", "call", "convert", "net", "observe", "options", "services", "wire"),
    "server/services": ("", "net"),
    "server/wire": ("", "call"),
    "server/call": ("", "services"),
    "server/convert": ("", "services"),
    "server/net": ("", "services"),
    "server/observe": ("", "call", "services"),
    "server/options": ("", "call", "services"),
    "client/cli/flags": ("cli/commands",),
    "client/cli/files": ("cli/commands",),
    "client/cli/report": ("cli/commands",),
}

# (including file, include) -> why it may stay.
EXCEPTIONS = {
    # Recovery has a header of its own, which is not at coding's root yet.
    ("server/convert/coding.h", "core/coding/stream/recover.h"): "recovery",
    ("server/services/coding_streams.cc", "core/coding/stream/recover.h"): "recovery",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


def folder_of(path):
    for folder in sorted(ALLOWED, key=len, reverse=True):
        if path.startswith(folder + "/"):
            return folder
    return None


def room_of(path, folder):
    """The first folder of `path` under `folder`; "" for a file of that folder itself."""
    parts = path[len(folder) + 1 :].split("/")
    return parts[0] if len(parts) > 1 else ""


def between_folders(path, include):
    """Core's folders, server, client and tests/oracle."""
    folder = folder_of(path)
    if path.startswith(("core/", "tests/oracle/")) and include.startswith(CORE_FORBIDDEN):
        return "core knows neither gRPC nor protobuf"
    if not include.startswith(("core/", "server/", "client/", "tests/")):
        return None
    if include.startswith("server/") and EMBEDDED.search(path):
        return None
    if folder is None:
        return None if path.startswith("tests/") else "no rule for this folder; add it here"
    if not any(include.startswith(a + "/") for a in ALLOWED[folder]):
        return f"not allowed for {folder}"
    return None


def contracts(path, include):
    """Outsiders include a kernel's contract only."""
    if not path.startswith(("server/", "client/")):
        return None
    for kernel, headers in CONTRACTS.items():
        if include.startswith(f"core/{kernel}/") and include.split("/", 2)[2] not in headers:
            return f"not of {kernel}'s contract: " + " ".join(headers)
    return None


def in_coding(path, include):
    """container <- coder <- models <- stream, and a model never another model."""
    top = "core/coding"
    if not path.startswith(top + "/") or not include.startswith(top + "/"):
        return None
    room, other = room_of(path, top), room_of(include, top)
    if room == "":
        if path.endswith(".h") and other != "":
            return "a header of coding's contract knows no room"
        return None
    if other != "" and CODING_ROOMS.index(other) > CODING_ROOMS.index(room):
        return " <- ".join(CODING_ROOMS)
    if room == "models" and other == "models":
        name = pathlib.PurePosixPath(path).name.split(".")[0]
        model, other_model = room_of(path, top + "/models"), room_of(include, top + "/models")
        if model == "" and other_model != "" and name not in MODEL_LISTS:
            return "only " + " and ".join(MODEL_LISTS) + " know the models"
        if model != "" and other_model not in ("", model):
            return "a model never knows another model"
        if model != "" and include.split("/")[-1].split(".")[0] in MODEL_LISTS:
            return "a model knows nobody who lists the models"
    return None


def strangers(path, include):
    """Folders side by side."""
    for top in STRANGERS:
        if path.startswith(top + "/") and include.startswith(top + "/"):
            room, other = room_of(path, top), room_of(include, top)
            if room != "" and other not in ("", room, FLOORS.get(top)):
                return f"the folders in {top} do not know each other"
    return None


def in_service(path, include):
    """Rooms of server and client."""
    for folder, unknown in UNKNOWN.items():
        top = folder.split("/", 1)[0]
        if not path.startswith(folder + "/") or not include.startswith(top + "/"):
            continue
        other = include[len(top) + 1 :].rpartition("/")[0]
        for name in unknown:
            if other == name or (name and other.startswith(name + "/")):
                return f"{folder} does not know {name or 'the root of ' + top}"
    if path.startswith("client/") and room_of(path, "client") == "":
        if include.startswith("client/cli/"):
            return "the client library does not know the command line"
    return None


RULES = (between_folders, contracts, in_coding, strangers, in_service)


def breaches(path, text):
    """(file, include, why) of the includes of `path` that break a rule."""
    found = []
    for include in INCLUDE.findall(text):
        for rule in RULES:
            why = rule(path, include)
            if why:
                found.append((path, include, why))
                break
    return found


# (including file, include, the rule that it breaks).
BREACHES = [
    ("core/normalize/a.cc", "core/coding/coding.h", between_folders),
    ("core/base/a.h", "core/runtime/context.h", between_folders),
    ("core/coding/a.cc", "grpcpp/grpcpp.h", between_folders),
    ("core/image/a.cc", "trine/v1/tensor.pb.h", between_folders),
    ("client/client.cc", "server/server.h", between_folders),
    ("client/cli/commands/a.cc", "server/server.h", between_folders),
    ("server/main.cc", "client/client.h", between_folders),
    ("core/segment/a.cc", "tests/oracle/segment_oracle.h", between_folders),
    ("newfolder/a.cc", "core/base/error.h", between_folders),
    ("server/services/a.cc", "core/coding/stream/block.h", contracts),
    ("server/services/a.cc", "core/normalize/geometry.h", contracts),
    ("client/cli/files/a.cc", "core/image/png/png.h", contracts),
    ("client/cli/flags/a.cc", "core/segment/picture.h", contracts),
    ("core/coding/coding.h", "core/coding/container/format.h", in_coding),
    ("core/coding/container/a.cc", "core/coding/coder/lanes.h", in_coding),
    ("core/coding/coder/a.cc", "core/coding/models/payload.h", in_coding),
    ("core/coding/models/mix/a.cc", "core/coding/stream/block.h", in_coding),
    ("core/coding/models/mix/a.cc", "core/coding/models/static/order1_table.h", in_coding),
    ("core/coding/models/mix/a.cc", "core/coding/models/model_list.h", in_coding),
    ("core/coding/models/payload.h", "core/coding/models/static/order1_table.h", in_coding),
    ("core/segment/regions/a.cc", "core/segment/threshold/otsu.h", strangers),
    ("core/image/png/a.cc", "core/image/tiff/tiff.h", strangers),
    ("server/base/a.cc", "server/options/config.h", in_service),
    ("server/base/a.cc", "server/server.h", in_service),
    ("server/services/a.cc", "server/net/tls.h", in_service),
    ("server/wire/a.cc", "server/call/call.h", in_service),
    ("server/net/a.cc", "server/server.h", in_service),
    ("client/cli/flags/a.cc", "client/cli/commands/commands.h", in_service),
    ("client/cli/files/a.cc", "client/cli/commands/commands.h", in_service),
    ("client/cli/report/a.cc", "client/cli/commands/commands.h", in_service),
    ("client/client.cc", "client/cli/errors.h", in_service),
]
KEPT = [
    ("core/normalize/a.cc", "core/base/error.h"),
    ("core/normalize/a.cc", "vector"),
    ("core/coding/exact.cc", "core/coding/models/table/table_fit.h"),
    ("core/coding/models/model_list.cc", "core/coding/models/static/static_model.h"),
    ("core/coding/models/static/a.cc", "core/coding/models/payload.h"),
    ("core/coding/models/static/a.cc", "core/coding/coder/lanes.h"),
    ("core/coding/coder/a.cc", "core/coding/coding.h"),
    ("core/coding/stream/a.cc", "core/coding/models/model_list.h"),
    ("core/segment/pipeline.cc", "core/segment/regions/distance.h"),
    ("core/segment/regions/a.cc", "core/segment/picture.h"),
    ("client/cli/embedded_server.cc", "server/server.h"),
    ("client/cli/commands/a.cc", "client/cli/flags/enum_text.h"),
    ("server/services/coding_service.cc", "core/coding/coding.h"),
    ("server/call/a.cc", "server/wire/rpc.h"),
    ("server/base/a.cc", "server/base/text.h"),
    ("server/server.cc", "server/net/tls.h"),
    ("tests/server/a_test.cc", "server/server.h"),
    ("tests/core/coding/a_test.cc", "core/coding/stream/block.h"),
]


def self_test():
    for path, include, rule in BREACHES:
        assert rule(path, include), f"{rule.__name__} does not notice {path}: {include}"
        assert breaches(path, f'#include "{include}"\n'), f"not noticed: {path}: {include}"
    for path, include in KEPT:
        found = breaches(path, f'#include "{include}"\n')
        assert not found, f"wrongly refused: {found}"


def main():
    self_test()
    root = pathlib.Path(sys.argv[1])
    found, files = [], 0
    for top in ("core", "server", "client", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".cc", ".h"):
                files += 1
                found += breaches(path.relative_to(root).as_posix(), path.read_text())
    mistakes = [
        f"{path}: {include}: {why}"
        for path, include, why in found
        if (path, include) not in EXCEPTIONS
    ]
    broken = {(path, include) for path, include, _ in found}
    mistakes += [
        f"{path}: {include}: no exception is needed any more; delete it from EXCEPTIONS"
        for path, include in EXCEPTIONS
        if (path, include) not in broken
    ]
    print("\n".join(mistakes) if mistakes else f"{files} files keep the rules")
    return 1 if mistakes or files < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
