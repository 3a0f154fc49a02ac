"""A client in another language is refused: by limits, tokens, bytes that are no message; and reads
nothing that is not for it.
"""

import pathlib
import re
import subprocess
import tempfile
import unittest

import grpc

from python_support import MESSAGES, M, details_of, generate
import support

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
        cls.server = support.Server(holder.name, "--max-streams", "0", "--max-message-bytes", "16KiB",
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
                               "/trine.v1.CodingService/Encode", bytes(17000))
        (violation,) = details["QuotaFailure"].violations
        self.assertEqual(violation.subject, "max_message_bytes")
        self.assertEqual(self.limits()[violation.subject], 16384)
        self.assertIn("16384", violation.description)
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
