"""What the tests of a client in another language share: messages made by protoc at the start of the
test, and the details of errors.
"""

import pathlib
import subprocess
import sys

import grpc

import support

MESSAGES = {}  # filled by generate()


def generate(folder):
    """Compiles the protocol for Python and imports it."""
    protos = ["trine/v1/tensor.proto", "trine/v1/normalization.proto", "trine/v1/coding.proto",
              "trine/v1/segmentation.proto", "trine/v1/server.proto", "google/rpc/status.proto",
              "google/rpc/error_details.proto", "grpc/health/v1/health.proto"]
    subprocess.run([support.OPTIONS.protoc, "-I", support.OPTIONS.proto_dir,
                    f"--python_out={folder}", *protos], check=True)
    # The generated modules import each other by these names. "grpc" and "google" are packages of
    # others already: ours are put after theirs.
    import google
    sys.path.insert(0, folder)
    google.__path__.append(str(pathlib.Path(folder) / "google"))
    grpc.__path__.append(str(pathlib.Path(folder) / "grpc"))
    from google.rpc import error_details_pb2, status_pb2
    from grpc.health.v1 import health_pb2
    from trine.v1 import (coding_pb2, normalization_pb2, segmentation_pb2, server_pb2, tensor_pb2)
    for module in (error_details_pb2, status_pb2, health_pb2, coding_pb2, normalization_pb2,
                   segmentation_pb2, server_pb2, tensor_pb2):
        MESSAGES.update({name: value for name, value in vars(module).items()
                         if not name.startswith("_")})


class M:
    """M.Tensor(...) for the message of that name."""

    def __class_getitem__(cls, name):
        return MESSAGES[name]


def details_of(test, error):
    """The google.rpc.Status behind an error, and its details by type."""
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            status = M["Status"].FromString(value)
            test.assertEqual(status.code, error.code().value[0])
            test.assertEqual(status.message, error.details())
            details = {}
            for packed in status.details:
                name = packed.type_url.rsplit(".", 1)[1]
                details[name] = M[name].FromString(packed.value)
            return details
    test.fail("no grpc-status-details-bin")
