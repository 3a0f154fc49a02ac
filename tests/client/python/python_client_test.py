"""A client in another language: calls through Debian's python3-grpcio. One call of each RPC, streams
included, errors with their details, health.
"""

import struct
import tempfile
import unittest

import grpc

from python_support import M, details_of, generate
import support


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


if __name__ == "__main__":
    support.main()
