"""Server reflection, v1 and v1alpha, as another language's client uses it, on a server that asks
everybody else for a token.

Usage: reflection_test.py TRINE_SERVER PROTOC PROTO_DIR
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool

SERVER, PROTOC, PROTO_DIR = sys.argv[1:4]
del sys.argv[1:4]
PATIENCE_S = 60
TOKEN = "6f1ed002ab5595859014ebf0951522d9"
VERSIONS = ("grpc.reflection.v1", "grpc.reflection.v1alpha")
SERVICES = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection", "trine.v1.CodingService",
            "trine.v1.NormalizationService", "trine.v1.SegmentationService",
            "trine.v1.ServerService"]
NOT_FOUND, INVALID_ARGUMENT = 5, 3


def generate(folder):
    """Compiles the protocol's messages for Python and imports them."""
    subprocess.run([PROTOC, "-I", PROTO_DIR, f"--python_out={folder}",
                    "grpc/reflection/v1/reflection.proto"], check=True)
    # "grpc" is a package already: the generated one comes after it.
    grpc.__path__.append(str(pathlib.Path(folder) / "grpc"))
    from grpc.reflection.v1 import reflection_pb2
    return reflection_pb2


class Server:
    def __init__(self, folder, *arguments):
        port_file = pathlib.Path(folder) / "ports.json"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TRINE_")}
        self.process = subprocess.Popen(
            [SERVER, "--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-level", "off",
             "--drain-delay-ms", "0", "--port-file", port_file, *arguments],
            stdout=subprocess.DEVNULL, env=clean)
        end = time.monotonic() + PATIENCE_S
        while not port_file.exists():
            assert self.process.poll() is None and time.monotonic() < end, "no server"
            time.sleep(0.01)
        self.ports = json.loads(port_file.read_text())
        self.channel = grpc.insecure_channel(self.ports["listen"][0])

    def close(self):
        self.channel.close()
        self.process.kill()
        self.process.wait()


class Reflection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.pb = generate(holder.name)
        tokens = pathlib.Path(holder.name) / "tokens"
        tokens.write_text(TOKEN + "\n")
        cls.server = Server(holder.name, "--token-file", tokens, "--health-listen", "127.0.0.1:0")
        cls.addClassCleanup(cls.server.close)

    def stream(self, version, requests, channel=None):
        """A stream's answers; requests as messages or as bytes."""
        call = (channel or self.server.channel).stream_stream(
            f"/{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=lambda r: r if isinstance(r, bytes) else r.SerializeToString(),
            response_deserializer=self.pb.ServerReflectionResponse.FromString)
        return call(iter(requests), timeout=PATIENCE_S)

    def ask(self, version, channel=None, **request):
        request = self.pb.ServerReflectionRequest(host="somewhere", **request)
        (answer,) = self.stream(version, [request], channel)
        self.assertEqual(answer.valid_host, "somewhere")
        self.assertEqual(answer.original_request, request)
        return answer

    def files(self, answer):
        """The files of an answer by their names, the one that was asked for first."""
        protos = [descriptor_pb2.FileDescriptorProto.FromString(data)
                  for data in answer.file_descriptor_response.file_descriptor_proto]
        self.assertTrue(protos, answer)
        found = {proto.name: proto for proto in protos}
        self.assertEqual(len(found), len(protos), "a file came twice")
        return found

    def assert_error(self, answer, code):
        self.assertEqual(answer.WhichOneof("message_response"), "error_response")
        self.assertEqual(answer.error_response.error_code, code)
        self.assertTrue(answer.error_response.error_message)

    def test_others_need_a_token(self):
        call = self.server.channel.unary_unary("/trine.v1.ServerService/GetServerInfo")
        with self.assertRaises(grpc.RpcError) as refused:
            call(b"", timeout=PATIENCE_S)
        self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
        bearer = [("authorization", "Bearer " + TOKEN)]
        self.assertTrue(call(b"", timeout=PATIENCE_S, metadata=bearer))

    def test_lists_the_services(self):
        for version in VERSIONS:
            answer = self.ask(version, list_services="*")
            self.assertEqual([s.name for s in answer.list_services_response.service], SERVICES)

    def test_describes_every_service_with_all_that_it_imports(self):
        for version in VERSIONS:
            for service in SERVICES:
                files = self.files(self.ask(version, file_containing_symbol=service))
                first = next(iter(files.values()))
                package, _, name = service.rpartition(".")
                self.assertEqual(first.package, package)
                self.assertIn(name, [s.name for s in first.service])
                # A pool takes a file only after all that it imports.
                pool = descriptor_pool.DescriptorPool()
                left = dict(files)
                while left:
                    ready = [f for f in left.values() if not set(f.dependency) & set(left)]
                    self.assertTrue(ready, f"{service}: imports are missing or in a circle")
                    for file in ready:
                        pool.Add(file)
                        del left[file.name]
                methods = pool.FindServiceByName(service).methods
                self.assertTrue(all(method.output_type.full_name for method in methods))

    def test_finds_what_is_inside_a_service_or_message(self):
        for symbol in ("trine.v1.CodingService.Encode", "trine.v1.Tensor.shape",
                       "trine.v1.DATA_TYPE_FLOAT32"):
            files = self.files(self.ask(VERSIONS[0], file_containing_symbol=symbol))
            self.assertTrue(next(iter(files)).startswith("trine/v1/"), symbol)

    def test_gives_files_by_name(self):
        files = self.files(self.ask(VERSIONS[0], file_by_filename="trine/v1/coding.proto"))
        self.assertEqual(next(iter(files)), "trine/v1/coding.proto")
        self.assertIn("trine/v1/tensor.proto", files)

    def test_knows_of_extensions(self):
        # None is linked into the server: the test in C++ has some.
        answer = self.ask(VERSIONS[0], all_extension_numbers_of_type="trine.v1.Tensor")
        numbers = answer.all_extension_numbers_response
        self.assertEqual((numbers.base_type_name, list(numbers.extension_number)),
                         ("trine.v1.Tensor", []))
        self.assert_error(self.ask(VERSIONS[0], all_extension_numbers_of_type="no.Such"), NOT_FOUND)
        self.assert_error(self.ask(VERSIONS[0], file_containing_extension=self.pb.ExtensionRequest(
            containing_type="trine.v1.Tensor", extension_number=1000)), NOT_FOUND)

    def test_a_stream_goes_on_after_what_is_not_known(self):
        for version in VERSIONS:
            request = self.pb.ServerReflectionRequest
            answers = list(self.stream(version, [
                request(file_by_filename="no/such.proto"), request(file_containing_symbol="no.Such"),
                request(), request(list_services="")]))
            self.assertEqual(len(answers), 4)
            self.assert_error(answers[0], NOT_FOUND)
            self.assert_error(answers[1], NOT_FOUND)
            self.assert_error(answers[2], INVALID_ARGUMENT)
            self.assertEqual(len(answers[3].list_services_response.service), len(SERVICES))

    def test_refuses_what_is_no_request(self):
        long_name = self.pb.ServerReflectionRequest(file_by_filename="x" * 5000)
        for message, code in ((b"\xff", grpc.StatusCode.INVALID_ARGUMENT),
                              (long_name, grpc.StatusCode.RESOURCE_EXHAUSTED)):
            with self.assertRaises(grpc.RpcError) as refused:
                list(self.stream(VERSIONS[0], [message]))
            self.assertEqual(refused.exception.code(), code)

    def test_the_port_for_health_describes_itself(self):
        with grpc.insecure_channel(self.server.ports["health"]) as channel:
            for version in VERSIONS:
                answer = self.ask(version, channel, list_services="")
                self.assertEqual([s.name for s in answer.list_services_response.service],
                                 SERVICES[:3])

    def test_is_not_there_where_it_is_off(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(folder, "--no-reflection")
            self.addCleanup(server.close)
            for version in VERSIONS:
                with self.assertRaises(grpc.RpcError) as refused:
                    self.ask(version, server.channel, list_services="")
                self.assertEqual(refused.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_an_open_stream_does_not_hold_up_the_servers_end(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(folder)
            self.addCleanup(server.close)
            sent = iter([self.pb.ServerReflectionRequest(list_services="")])

            def requests():
                yield next(sent)
                server.process.wait()  # the client's half of the stream stays open

            answers = self.stream(VERSIONS[0], requests(), server.channel)
            self.assertTrue(next(answers).list_services_response.service)
            server.process.send_signal(signal.SIGTERM)
            with self.assertRaises(grpc.RpcError) as ended:
                next(answers)
            self.assertEqual(ended.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertEqual(ended.exception.details(), "the server ends")
            self.assertEqual(server.process.wait(timeout=PATIENCE_S), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
