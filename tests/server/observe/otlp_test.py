"""Calls as OpenTelemetry spans, as a collector gets them over OTLP/gRPC.

Usage: otlp_test.py TRINE_SERVER. Where the server was built without OpenTelemetry it checks the
refusal only, and prints "no OpenTelemetry in this build" when that is right.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

SERVER = sys.argv.pop(1)
PATIENCE_S = 60
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SERVER_KIND = 2
INTERNAL_KIND = 1


def environment():
    return {k: v for k, v in os.environ.items() if not k.startswith(("TRINE_", "OTEL_"))}


def refusal():
    """What the server says of an endpoint at its start; "" where it is content."""
    done = subprocess.run([SERVER, "--otlp-endpoint", "127.0.0.1:4317", "--check-config"],
                          capture_output=True, text=True, env=environment(), timeout=PATIENCE_S,
                          check=False)
    return done.stderr if done.returncode == 2 else ""


NOT_BUILT = refusal()


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """A protobuf message as {field number: [values]}: numbers, or bytes."""
    found = {}
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            form = {1: "<Q", 5: "<I"}[kind]
            value, at = struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
        found.setdefault(key >> 3, []).append(value)
    return found


def attributes(pairs):
    """KeyValue messages as a dictionary; text and integers."""
    found = {}
    for pair in map(fields, pairs):
        value = fields(pair[2][0])
        found[pair[1][0].decode()] = value[1][0].decode() if 1 in value else value[3][0]
    return found


class Span:
    def __init__(self, data, resource):
        f = fields(data)
        self.trace = f[1][0].hex()
        self.id = f[2][0].hex()
        self.parent = f.get(4, [b""])[0].hex()
        self.name = f[5][0].decode()
        self.kind = f[6][0]
        self.start, self.end = f[7][0], f[8][0]
        self.attributes = attributes(f.get(9, []))
        self.status = fields(f.get(15, [b""])[0]).get(3, [0])[0]  # 2: error
        self.resource = resource


class Collector:
    """The trace service of a collector on a port of its own."""

    METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

    def __init__(self):
        self.spans = []
        self.lock = threading.Lock()
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        self.server.add_generic_rpc_handlers((self,))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(self.export) \
            if details.method == self.METHOD else None

    def export(self, request, _):
        with self.lock:
            for group in map(fields, fields(request)[1]):
                resource = attributes(fields(group[1][0]).get(1, []))
                for scope in map(fields, group[2]):
                    self.spans += [Span(span, resource) for span in scope[2]]
        return b""


class Server:
    def __init__(self, folder, *arguments, **variables):
        port_file = pathlib.Path(folder) / "ports.json"
        port_file.unlink(missing_ok=True)
        self.log_path = pathlib.Path(folder) / "log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [SERVER, "--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-format", "json",
                 "--port-file", port_file, "--drain-delay-ms", "0", *arguments],
                stdout=log, stderr=log, env={**environment(), **variables})
        end = time.monotonic() + PATIENCE_S
        while not port_file.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(self.log_path.read_text())
            time.sleep(0.01)
        address = json.loads(port_file.read_text())["listen"][0]
        self.port = int(address.rsplit(":", 1)[1])
        self.channel = grpc.insecure_channel(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def call(self, method, request=b"", *metadata):
        """The call's answer, or its error, and the traceparent that came back."""
        call = self.channel.unary_unary(method).with_call
        try:
            answer, state = call(request, metadata=metadata, timeout=PATIENCE_S)
        except grpc.RpcError as error:
            answer = state = error
        return answer, dict(state.initial_metadata()).get("traceparent", "")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_S)


ENCODE = "/trine.v1.CodingService/Encode"
HELLO = b"\x0a\x05hello"  # EncodeRequest: data (field 1) of five bytes


@unittest.skipIf(NOT_BUILT, "no OpenTelemetry in this build")
class Traces(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.collector = Collector()
        self.addCleanup(self.collector.server.stop, None)

    def serve(self, *arguments, **variables):
        return Server(self.folder, "--otlp-endpoint", f"127.0.0.1:{self.collector.port}",
                      *arguments, **variables)

    def spans(self, server):
        """All spans of a server, which sends what it has when it ends."""
        self.assertEqual(server.end(), 0)
        with self.collector.lock:
            return list(self.collector.spans)

    def test_a_call_is_a_span_of_its_callers_trace(self):
        with self.serve() as server:
            before = time.time_ns()
            _, answered = server.call(ENCODE, HELLO, ("traceparent", f"00-{TRACE}-{PARENT}-01"),
                                      ("x-request-id", "req-7"))
            after = time.time_ns()
            spans = self.spans(server)
            log = server.log_path.read_text()
        self.assertEqual({span.trace for span in spans}, {TRACE})
        (root,) = [span for span in spans if span.kind == SERVER_KIND]
        self.assertEqual(root.name, "trine.v1.CodingService/Encode")
        self.assertEqual(root.parent, PARENT)
        self.assertEqual(answered, f"00-{TRACE}-{root.id}-01")
        self.assertIn(f'"span_id":"{root.id}"', log)
        self.assertEqual(root.status, 0)
        expected = {"rpc.system.name": "grpc", "rpc.method": "trine.v1.CodingService/Encode",
                    "rpc.response.status_code": "OK", "server.address": "127.0.0.1",
                    "server.port": server.port, "client.address": "127.0.0.1",
                    "network.transport": "tcp", "network.type": "ipv4",
                    "network.peer.address": "127.0.0.1", "trine.request_id": "req-7",
                    "trine.client": "ipv4:127.0.0.1", "trine.request.bytes": len(HELLO)}
        self.assertEqual({k: v for k, v in root.attributes.items() if k in expected}, expected)
        self.assertGreater(root.attributes["network.peer.port"], 0)
        self.assertGreater(root.attributes["trine.response.bytes"], 0)
        self.assertRegex(root.attributes["trine.coding.model"], "^[a-z]+$")
        for absent in ("error.type", "trine.reason", "rpc.system", "rpc.grpc.status_code"):
            self.assertNotIn(absent, root.attributes)
        self.assertEqual(root.resource["service.name"], "trine-server")
        # The clocks of two processes of one machine are one; read a moment apart they part a little.
        slack = 50_000_000
        self.assertLess(before - slack, root.start)
        self.assertLess(root.end, after + slack)
        children = {span.name: span for span in spans if span.kind == INTERNAL_KIND}
        self.assertEqual(set(children), {"queue", "compute"})
        for child in children.values():
            self.assertEqual(child.parent, root.id)
            self.assertLessEqual(child.start, child.end)
            self.assertLessEqual(root.start - slack, child.start)
            self.assertLessEqual(child.end, root.end + slack)
        self.assertEqual(len({span.id for span in spans}), 3)

    def test_a_caller_that_does_not_record_is_not_recorded(self):
        with self.serve() as server:
            _, answered = server.call(ENCODE, HELLO, ("traceparent", f"00-{TRACE}-{PARENT}-00"))
            self.assertRegex(answered, f"^00-{TRACE}-[0-9a-f]{{16}}-00$")
            self.assertEqual(self.spans(server), [])

    def test_a_call_without_a_trace_begins_one(self):
        with self.serve() as server:
            answers = [server.call(ENCODE, HELLO)[1] for _ in range(5)]
            roots = [span for span in self.spans(server) if span.kind == SERVER_KIND]
        self.assertEqual({f"00-{span.trace}-{span.id}-01" for span in roots}, set(answers))
        self.assertEqual(len(set(answers)), 5)
        self.assertEqual({span.parent for span in roots}, {""})

    def test_such_calls_are_sampled(self):
        with self.serve("--otlp-sample-percent", "0") as server:
            self.assertEqual(server.call(ENCODE, HELLO)[1], "")
            server.call(ENCODE, HELLO, ("traceparent", f"00-{TRACE}-{PARENT}-01"))
            self.assertEqual({span.trace for span in self.spans(server)}, {TRACE})

    def test_errors(self):
        with self.serve() as server:
            server.call(ENCODE, b"\x0a\x7f")
            server.call("/made.up.Service/Method")
            spans = {span.name: span for span in self.spans(server) if span.kind == SERVER_KIND}
        refused = spans["trine.v1.CodingService/Encode"]
        self.assertEqual(refused.attributes["rpc.response.status_code"], "INVALID_ARGUMENT")
        self.assertEqual(refused.attributes["trine.reason"], "MALFORMED_MESSAGE")
        self.assertNotIn("error.type", refused.attributes)
        self.assertEqual(refused.status, 0)  # the caller's mistake, not the server's
        unknown = spans["grpc"]
        self.assertEqual(unknown.attributes["rpc.method"], "_OTHER")
        self.assertEqual(unknown.attributes["rpc.method_original"], "made.up.Service/Method")
        self.assertEqual(unknown.attributes["error.type"], "UNIMPLEMENTED")
        self.assertEqual(unknown.status, 2)

    def test_old_names_where_the_variable_asks_for_them(self):
        for opt_in, today in (("rpc/dup", True), ("rpc/old", False)):
            self.collector.spans.clear()
            with self.serve(OTEL_SEMCONV_STABILITY_OPT_IN=opt_in) as server:
                server.call(ENCODE, HELLO)
                (root,) = [span for span in self.spans(server) if span.kind == SERVER_KIND]
            self.assertEqual(root.name, "trine.v1.CodingService/Encode")
            self.assertEqual(root.attributes["rpc.service"], "trine.v1.CodingService")
            self.assertEqual(root.attributes["rpc.grpc.status_code"], 0)
            self.assertEqual(root.attributes["rpc.method"],
                             "trine.v1.CodingService/Encode" if today else "Encode")
            self.assertEqual("rpc.system.name" in root.attributes, today)

    def test_a_stream_is_one_span(self):
        with self.serve() as server:
            call = server.channel.stream_stream("/trine.v1.CodingService/EncodeStream")
            list(call(iter([b"\x0a\x00", b"\x12\x05hello", b"\x12\x05hello"]), timeout=PATIENCE_S))
            roots = [span for span in self.spans(server) if span.kind == SERVER_KIND]
        self.assertEqual([span.name for span in roots], ["trine.v1.CodingService/EncodeStream"])

    def test_a_collector_that_is_away_costs_no_call(self):
        self.collector.server.stop(None).wait()
        with self.serve() as server:
            for _ in range(20):
                self.assertIsInstance(server.call(ENCODE, HELLO)[0], bytes)
            self.assertEqual(server.end(), 0)
            log = server.log_path.read_text()
        self.assertEqual(log.count("spans cannot be exported"), 1)
        for line in log.splitlines():
            if not re.match("trine-server .* listens on ", line):
                json.loads(line)  # nothing else writes there

    def test_endpoints_that_make_no_sense(self):
        for endpoint in ("nowhere", "unix:/x", "ftp://a:1", "127.0.0.1:0", "http://", "http://a:1/x"):
            done = subprocess.run([SERVER, "--otlp-endpoint", endpoint, "--check-config"],
                                  capture_output=True, text=True, env=environment(),
                                  timeout=PATIENCE_S, check=False)
            self.assertEqual(done.returncode, 2, endpoint)
            self.assertIn("otlp-endpoint", done.stderr)


class Refusal(unittest.TestCase):
    @unittest.skipUnless(NOT_BUILT, "this build exports")
    def test_says_what_is_missing(self):
        self.assertIn("otlp-endpoint", NOT_BUILT)
        self.assertIn("built without opentelemetry-cpp", NOT_BUILT)


if __name__ == "__main__":
    program = unittest.main(verbosity=2, exit=False)
    if not program.result.wasSuccessful():
        sys.exit(1)
    if NOT_BUILT:
        print("no OpenTelemetry in this build")
