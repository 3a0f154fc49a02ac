"""A client in another language: messages made by protoc at the start of the test, calls through
Debian's python3-grpcio. One call of each RPC, streams included, errors with their details, health; refusals of every kind.
"""

import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

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
    # others already: ours are put behind theirs.
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


class PythonClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="trine-test-")
        cls.addClassCleanup(cls.holder.cleanup)
        generate(cls.holder.name)
        cls.server = support.Server(cls.holder.name)
        cls.addClassCleanup(cls.server.kill)
        cls.channel = grpc.insecure_channel(cls.server.address)
        cls.addClassCleanup(cls.channel.close)

    def unary(self, service, method, request, response, **kwargs):
        call = self.channel.unary_unary(
            f"/{service}/{method}", request_serializer=type(request).SerializeToString,
            response_deserializer=M[response].FromString)
        return call(request, timeout=support.WAIT_SECONDS, **kwargs)

    def stream(self, service, method, requests, response):
        requests = list(requests)
        call = self.channel.stream_stream(
            f"/{service}/{method}",
            request_serializer=type(requests[0]).SerializeToString,
            response_deserializer=M[response].FromString)
        return call(iter(requests), timeout=support.WAIT_SECONDS)

    @staticmethod
    def floats(values, shape):
        return M["Tensor"](dtype=M["DATA_TYPE_FLOAT32"], shape=shape,
                           data=struct.pack(f"<{len(values)}f", *values))

    # y = x / (1 + x^2), one element a channel window.
    def lrn_options(self):
        return M["LrnOptions"](size=1, alpha=1, beta=1, bias=1)

    def test_normalize(self):
        request = M["NormalizeRequest"](tensor=self.floats([1, 2, 3], [1, 3]),
                                        options=self.lrn_options())
        response = self.unary("trine.v1.NormalizationService", "Normalize", request,
                              "NormalizeResponse")
        values = struct.unpack("<3f", response.tensor.data)
        for got, x in zip(values, (1, 2, 3)):
            self.assertAlmostEqual(got, x / (1 + x * x), places=6)
        self.assertEqual(response.resolved.preset, M["LRN_PRESET_ALEXNET"])
        self.assertEqual((response.resolved.lo, response.resolved.hi), (0, 0))

    def test_normalize_gradient(self):
        request = M["NormalizeGradientRequest"](
            tensor=self.floats([2], [1, 1]), output_gradient=self.floats([1], [1, 1]),
            options=self.lrn_options())
        response = self.unary("trine.v1.NormalizationService", "NormalizeGradient", request,
                              "NormalizeGradientResponse")
        self.assertAlmostEqual(struct.unpack("<f", response.input_gradient.data)[0], -3 / 25,
                               places=6)

    def test_normalize_stream(self):
        items = [M["NormalizeStreamRequest"](item=M["NormalizeRequest"](
            tensor=self.floats([x], [1, 1]), options=self.lrn_options())) for x in range(20)]
        answers = list(self.stream("trine.v1.NormalizationService", "NormalizeStream", items,
                                   "NormalizeStreamResponse"))
        self.assertEqual([a.index for a in answers], list(range(20)))
        for x, answer in enumerate(answers):
            self.assertAlmostEqual(struct.unpack("<f", answer.item.tensor.data)[0],
                                   x / (1 + x * x), places=6)

    def encode(self, data, **options):
        return self.unary("trine.v1.CodingService", "Encode",
                          M["EncodeRequest"](data=data, options=M["EncodeOptions"](**options)),
                          "EncodeResponse")

    def test_encode_decode_inspect(self):
        data = b"abracadabra" * 500
        coded = self.encode(data, model=M["CODING_MODEL_STATIC"])
        self.assertEqual(coded.statistics.raw_bytes, len(data))
        self.assertLess(len(coded.coded), len(data) / 3)
        decoded = self.unary("trine.v1.CodingService", "Decode",
                             M["DecodeRequest"](coded=coded.coded), "DecodeResponse")
        self.assertEqual(decoded.data, data)
        self.assertEqual(decoded.content.WhichOneof("kind"), "bytes")
        part = self.unary("trine.v1.CodingService", "Decode", M["DecodeRequest"](
            coded=coded.coded, range=M["ByteRange"](offset=4, length=7)), "DecodeResponse")
        self.assertEqual(part.data, data[4:11])
        info = self.unary("trine.v1.CodingService", "Inspect",
                          M["InspectRequest"](coded=coded.coded), "InspectResponse")
        self.assertEqual(info.raw_bytes, len(data))
        self.assertEqual(info.model, M["CODING_MODEL_STATIC"])
        self.assertEqual(info.blocks[0].mode, "static")

    def test_exact(self):
        table = M["ProbabilityTable"](text=["a", "b"], decimals=["0.75", "0.25"])
        response = self.unary("trine.v1.CodingService", "Encode", M["EncodeRequest"](
            message="ab", options=M["EncodeOptions"](
                model=M["CODING_MODEL_EXACT"], table=table, max_steps=2)), "EncodeResponse")
        self.assertEqual(response.exact.low.fraction, "9/16")
        self.assertEqual(response.exact.high.fraction, "3/4")
        self.assertEqual([s.symbol for s in response.exact.steps], ["a", "b"])
        decoded = self.unary("trine.v1.CodingService", "Decode", M["DecodeRequest"](
            exact=M["ExactCodeword"](bits=response.exact.shortest, count=2, table=table)),
            "DecodeResponse")
        self.assertEqual(list(decoded.message), ["a", "b"])

    def test_byte_streams(self):
        data = bytes(range(256)) * 10_000
        pieces = [data[i:i + 300_000] for i in range(0, len(data), 300_000)]
        header = M["EncodeStreamRequest"](header=M["EncodeStreamHeader"](
            content=M["Content"](bytes=M["BytesContent"]())))
        answers = list(self.stream(
            "trine.v1.CodingService", "EncodeStream",
            [header] + [M["EncodeStreamRequest"](chunk=p) for p in pieces],
            "EncodeStreamResponse"))
        self.assertEqual(answers[-1].statistics.raw_bytes, len(data))
        coded = b"".join(a.chunk for a in answers[:-1])
        self.assertEqual(len(coded), answers[-1].statistics.coded_bytes)

        back = list(self.stream(
            "trine.v1.CodingService", "DecodeStream",
            [M["DecodeStreamRequest"](header=M["DecodeStreamHeader"]()),
             M["DecodeStreamRequest"](chunk=coded)], "DecodeStreamResponse"))
        self.assertEqual(back[0].WhichOneof("part"), "content")
        self.assertEqual(back[0].content.WhichOneof("kind"), "bytes")
        self.assertEqual(b"".join(a.chunk for a in back[1:-1]), data)
        self.assertEqual(back[-1].summary.raw_bytes, len(data))

    def picture(self, pixels=b"\x0a\xc8", width=2):
        return M["Image"](encoded=b"P5\n%d %d\n255\n" % (width, len(pixels) // width) + pixels)

    def test_segment(self):
        request = M["SegmentRequest"](
            image=self.picture(b"\x0a\x0a\xc8\xc8", 4),
            outputs=M["SegmentOutputs"](mask=True, format=M["IMAGE_FORMAT_TENSOR"]))
        response = self.unary("trine.v1.SegmentationService", "Segment", request,
                              "SegmentResponse")
        self.assertEqual(list(response.threshold.thresholds), [10])
        self.assertEqual(response.mask.tensor.data, b"\0\0\xff\xff")
        self.assertEqual((response.height, response.width), (1, 4))

    def test_segment_stream(self):
        items = [M["SegmentStreamRequest"](item=M["SegmentRequest"](
            image=self.picture(bytes([i, 200])))) for i in range(10)]
        answers = list(self.stream("trine.v1.SegmentationService", "SegmentStream", items,
                                   "SegmentStreamResponse"))
        self.assertEqual([a.item.threshold.thresholds[0] for a in answers], list(range(10)))

    def test_server_info(self):
        response = self.unary("trine.v1.ServerService", "GetServerInfo",
                              M["GetServerInfoRequest"](), "GetServerInfoResponse")
        limits = {limit.name: limit.value for limit in response.limits}
        self.assertEqual(limits["max_message_bytes"], 64 << 20)
        self.assertTrue(response.version)
        self.assertIn("otsu", [name.lower() for name in response.methods])

    def test_health(self):
        response = self.unary("grpc.health.v1.Health", "Check", M["HealthCheckRequest"](),
                              "HealthCheckResponse")
        self.assertEqual(response.status, M["HealthCheckResponse"].SERVING)

    def test_details_of_an_invalid_argument(self):
        request = M["NormalizeRequest"](tensor=self.floats([1], [1, 1]),
                                        options=M["LrnOptions"](size=0))
        with self.assertRaises(grpc.RpcError) as raised:
            self.unary("trine.v1.NormalizationService", "Normalize", request, "NormalizeResponse")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        details = details_of(self, raised.exception)
        self.assertEqual(details["ErrorInfo"].reason, "INVALID_FIELD")
        self.assertEqual(details["ErrorInfo"].domain, "trine")
        self.assertEqual(details["ErrorInfo"].metadata["field"], "options.size")
        self.assertEqual(details["ErrorInfo"].metadata["value"], "0")
        self.assertEqual(details["BadRequest"].field_violations[0].field, "options.size")

    def test_details_of_a_corrupt_stream(self):
        broken = self.encode(b"abc" * 100).coded[:-1]
        with self.assertRaises(grpc.RpcError) as raised:
            self.unary("trine.v1.CodingService", "Decode", M["DecodeRequest"](coded=broken),
                       "DecodeResponse")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.DATA_LOSS)
        info = details_of(self, raised.exception)["ErrorInfo"]
        self.assertEqual(info.reason, "CORRUPT_STREAM")
        self.assertIn("offset", info.metadata)

    def test_details_of_a_corrupt_picture(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.unary("trine.v1.SegmentationService", "Segment",
                       M["SegmentRequest"](image=M["Image"](encoded=b"P5\n9 9\n255\n")),
                       "SegmentResponse")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(details_of(self, raised.exception)["ErrorInfo"].reason, "CORRUPT_IMAGE")

    def test_a_stream_that_is_refused(self):
        call = self.stream("trine.v1.CodingService", "EncodeStream",
                           [M["EncodeStreamRequest"](chunk=b"no header")], "EncodeStreamResponse")
        with self.assertRaises(grpc.RpcError) as raised:
            list(call)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertIn("ErrorInfo", details_of(self, raised.exception))

    def test_an_unknown_method(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.unary("trine.v1.CodingService", "Guess", M["InspectRequest"](), "InspectResponse")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)


# What no error may tell: where files are, who listens where, what the server is made of.
SECRETS = re.compile(r"/\w+/|\.(cc|h|so|pem|key)\b|127\.0\.0\.1|localhost|0x[0-9a-f]|grpc_|protobuf|"
                     r"libpng|libjpeg|libtiff|TIFFOpen|zlib|OpenSSL|absl|std::|errno|trine-test",
                     re.IGNORECASE)


class Refusals(unittest.TestCase):
    """Errors of every kind as AIP-193 asks, from a server that allows little."""

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="trine-test-")
        cls.addClassCleanup(holder.cleanup)
        if not MESSAGES:
            generate(holder.name)
        tokens = pathlib.Path(holder.name) / "tokens"
        tokens.write_text("all\ninfo ServerService\n", encoding="utf-8")
        cls.server = support.Server(holder.name, "--max-streams", "0", "--max-message-bytes", "4KiB",
                                    "--token-file", str(tokens))
        cls.addClassCleanup(cls.server.kill)
        cls.channel = grpc.insecure_channel(cls.server.address)
        cls.addClassCleanup(cls.channel.close)

    def call(self, method, request=b"", token="all"):
        metadata = [("authorization", f"Bearer {token}")] if token else []
        return self.channel.unary_unary(method)(request, metadata=metadata,
                                                timeout=support.WAIT_SECONDS)

    def refused(self, code, reason, call, *args, **kwargs):
        """The details of the error that a call must end with, checked as every error is."""
        with self.assertRaises(grpc.RpcError) as raised:
            call(*args, **kwargs)
        error = raised.exception
        details = details_of(self, error)
        self.assertEqual((error.code(), details["ErrorInfo"].reason), (code, reason))
        self.assertEqual(details["ErrorInfo"].domain, "trine")
        self.assertRegex(reason, "^[A-Z][A-Z0-9_]+$")
        self.assertTrue(error.details())
        for key, value in error.trailing_metadata():
            self.assertLess(len(value), 8192, key)
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            # The names of types are the protocol's.
            self.assertNotRegex(text.replace("type.googleapis.com/google.rpc", ""), SECRETS)
        self.assertNotRegex(error.details(), SECRETS)
        self.assertEqual("BadRequest" in details, code == grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual("QuotaFailure" in details, code == grpc.StatusCode.RESOURCE_EXHAUSTED)
        if "RetryInfo" in details:
            self.assertIn(code, (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE))
        return details

    def limits(self):
        info = M["GetServerInfoResponse"].FromString(
            self.call("/trine.v1.ServerService/GetServerInfo"))
        return {limit.name: limit.value for limit in info.limits}

    def test_a_message_that_is_too_large(self):
        details = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED", self.call,
                               "/trine.v1.CodingService/Encode", bytes(5000))
        (violation,) = details["QuotaFailure"].violations
        self.assertEqual(violation.subject, "max_message_bytes")
        self.assertEqual(self.limits()[violation.subject], 4096)
        self.assertIn("4096", violation.description)
        self.assertNotIn("RetryInfo", details)  # waiting does not help

    def test_too_many_streams(self):
        def stream():
            call = self.channel.stream_stream("/trine.v1.CodingService/EncodeStream")
            list(call(iter([b""]), metadata=[("authorization", "Bearer all")],
                      timeout=support.WAIT_SECONDS))
        details = self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", stream)
        (violation,) = details["QuotaFailure"].violations
        self.assertEqual(violation.subject, "max_streams")
        self.assertEqual(self.limits()[violation.subject], 0)
        delay = details["RetryInfo"].retry_delay
        self.assertGreater(delay.seconds + delay.nanos * 1e-9, 0)

    def test_who_may_not_call(self):
        encode = "/trine.v1.CodingService/Encode"
        for token in (None, "", "wrong", "al", "alll"):
            self.refused(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", self.call, encode,
                         token=token)
        self.refused(grpc.StatusCode.PERMISSION_DENIED, "SERVICE_NOT_ALLOWED", self.call, encode,
                     token="info")
        self.assertTrue(self.call("/trine.v1.ServerService/GetServerInfo", token="info"))

    def test_what_is_not_there(self):
        self.refused(grpc.StatusCode.UNIMPLEMENTED, "UNKNOWN_METHOD", self.call,
                     "/trine.v1.CodingService/Guess")

    def test_messages_that_are_none(self):
        for method in ("NormalizationService/Normalize", "CodingService/Encode",
                       "CodingService/Decode", "SegmentationService/Segment"):
            details = self.refused(grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE", self.call,
                                   f"/trine.v1.{method}", b"\x0a\x7f")
            self.assertEqual(len(details["BadRequest"].field_violations), 1)

    def test_pictures_that_libraries_choke_on(self):
        png = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000002000000020800000000")
        chunk = bytes.fromhex("0000000849444154") + b"nonsense"
        pictures = [
            png, png + chunk, png + bytes.fromhex("57dd52f8") + chunk + b"1234",
            bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffda"),
            bytes.fromhex("ffd8ffc0000b080002000201011100ffda0008010100003f00"),
            b"II*\0\x08\0\0\0" + b"\xff" * 64, b"MM\0*\0\0\0\x08\0\x01" + b"\0" * 30,
            b"BM" + bytes(60), b"P5\n9 9\n255\n", b"\x93NUMPY\x01\0\x10\0{'descr': '<f4'}   ",
            b"nothing of that kind"]
        for picture in pictures:
            with self.subTest(picture=picture[:12]):
                request = M["SegmentRequest"](image=M["Image"](encoded=picture)).SerializeToString()
                with self.assertRaises(grpc.RpcError) as raised:
                    self.call("/trine.v1.SegmentationService/Segment", request)
                code = raised.exception.code()
                self.assertIn(code, (grpc.StatusCode.INVALID_ARGUMENT,
                                     grpc.StatusCode.UNIMPLEMENTED))
                reason = details_of(self, raised.exception)["ErrorInfo"].reason
                self.refused(code, reason, self.call, "/trine.v1.SegmentationService/Segment",
                             request)

    def test_streams_that_are_none(self):
        for coded in (b"", b"TRN", b"\x89TRN\r\n\x1a\n\x01" + bytes(50), bytes(100)):
            self.refused(grpc.StatusCode.DATA_LOSS, "CORRUPT_STREAM", self.call,
                         "/trine.v1.CodingService/Decode",
                         M["DecodeRequest"](coded=coded).SerializeToString())


class Secrets(unittest.TestCase):
    """Files that go bad while the server runs are the operator's business alone."""

    def test_a_client_reads_nothing_of_the_servers_files(self):
        with tempfile.TemporaryDirectory(prefix="trine-test-") as name:
            folder = pathlib.Path(name)
            cert, key, tokens = folder / "cert.pem", folder / "key.pem", folder / "tokens"
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                check=True, capture_output=True)
            authority = cert.read_bytes()
            tokens.write_text("alpha\n", encoding="utf-8")
            with support.Server(name, "--tls-cert", str(cert), "--tls-key", str(key),
                                "--token-file", str(tokens), "--reload-interval-ms", "10ms",
                                "--log-format", "json") as server:
                key.write_text("nonsense", encoding="utf-8")
                tokens.write_text("alpha NoSuchService\n", encoding="utf-8")
                support.wait_until(lambda: server.log_path.read_text().count("make no sense") == 2,
                                   "the warnings")
                self.assertIn("tls-key", server.log_path.read_text())
                info = "/trine.v1.ServerService/GetServerInfo"
                with grpc.secure_channel(server.address,
                                         grpc.ssl_channel_credentials(authority)) as channel:
                    call = channel.unary_unary(info)
                    self.assertTrue(call(b"", metadata=[("authorization", "Bearer alpha")],
                                         timeout=support.WAIT_SECONDS))
                    errors = [self.error(call)]
                with grpc.insecure_channel(server.address) as channel:
                    errors.append(self.error(channel.unary_unary(info)))
                with grpc.secure_channel(server.address,
                                         grpc.ssl_channel_credentials()) as channel:
                    errors.append(self.error(channel.unary_unary(info)))
                self.assertEqual([error.code() for error in errors],
                                 [grpc.StatusCode.UNAUTHENTICATED] +
                                 2 * [grpc.StatusCode.UNAVAILABLE])
                for error in errors:
                    for secret in (folder.name, "cert.pem", "key.pem", "tokens", "alpha"):
                        self.assertNotIn(secret, error.details())

    def error(self, call):
        with self.assertRaises(grpc.RpcError) as raised:
            call(b"", timeout=support.WAIT_SECONDS)
        return raised.exception


if __name__ == "__main__":
    support.main()
