"""Holds the dashboard against a real scrape: every metric that it draws is one that the server has.

Usage: grafana_test.py TRINE_SERVER
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVER = sys.argv.pop(1)
PATIENCE_S = 60
DASHBOARD = json.loads((ROOT / "deploy/grafana/trine.json").read_text(encoding="utf-8"))
KEYWORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless",
            "bool", "offset"}


def metrics_of(expression):
    """The metrics' names in a PromQL expression."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    names = set()
    for match in re.finditer(r"[a-zA-Z_:][a-zA-Z0-9_:]*", bare):
        is_function = bare[match.end():].lstrip().startswith("(")
        part_of_number = match.start() > 0 and bare[match.start() - 1].isdigit()
        if not is_function and not part_of_number and match.group() not in KEYWORDS:
            names.add(match.group())
    return names


def labels_of(expression):
    """Pairs of a metric's name and a label that is asked of it."""
    return {(name, label)
            for name, selector in re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}", expression)
            for label in re.findall(r"(\w+)\s*(?:=|!)", selector)}


def expressions():
    found = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    found += [note["expr"] for note in DASHBOARD["annotations"]["list"]]
    for variable in DASHBOARD["templating"]["list"]:
        match = re.fullmatch(r"label_values\((.*), \w+\)", variable.get("definition", ""))
        if match:
            found.append(match.group(1))
    return found


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True, timeout=PATIENCE_S)


class Dashboard(unittest.TestCase):
    def scrape(self):
        """A page of a server with every option on that has metrics, after calls of all kinds."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            make_certificate(folder)
            (folder / "tokens").write_text("alpha\n", encoding="utf-8")
            port_file = folder / "ports.json"
            environment = {k: v for k, v in os.environ.items() if not k.startswith("TRINE_")}
            server = subprocess.Popen(
                [SERVER, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
                 "--port-file", port_file, "--tls-cert", folder / "cert.pem", "--tls-key",
                 folder / "key.pem", "--token-file", folder / "tokens", "--log-level", "off"],
                env=environment, stdout=subprocess.DEVNULL)
            try:
                end = time.monotonic() + PATIENCE_S
                while not port_file.exists():
                    self.assertIsNone(server.poll())
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.01)
                ports = json.loads(port_file.read_text(encoding="utf-8"))
                credentials = grpc.ssl_channel_credentials((folder / "cert.pem").read_bytes())
                with grpc.secure_channel(ports["listen"][0], credentials) as channel:
                    encode = channel.unary_unary("/trine.v1.CodingService/Encode")
                    token = (("authorization", "Bearer alpha"),)
                    # EncodeRequest: data (field 1) of five bytes.
                    encode(b"\x0a\x05hello", metadata=token, timeout=PATIENCE_S)
                    with self.assertRaises(grpc.RpcError):
                        encode(b"", timeout=PATIENCE_S)
                # A call is counted a little after its answer.
                while True:
                    with urllib.request.urlopen(f"http://{ports['metrics']}/metrics",
                                                timeout=PATIENCE_S) as answer:
                        page = answer.read().decode()
                    if "trine_refusals_total{" in page and "trine_coding_seconds_count{" in page:
                        return page
                    self.assertLess(time.monotonic(), end, page)
                    time.sleep(0.01)
            finally:
                server.kill()
                server.wait()

    def test_draws_only_what_there_is(self):
        self.assertGreater(len(expressions()), 20)
        page = self.scrape()
        self.assertRegex(page, r'trine_coding_seconds_count\{[^}]*"Encode"[^}]*model="[a-z]+"\} 1')
        samples = {}
        for name, labels in re.findall(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$", page, re.MULTILINE):
            samples.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
        for expression in expressions():
            with self.subTest(expression=expression):
                names = metrics_of(expression)
                self.assertTrue(names)
                self.assertEqual(names - set(samples), set())
                for name, label in labels_of(expression):
                    # Prometheus itself adds where a sample comes from.
                    if label not in ("job", "instance"):
                        self.assertIn(label, samples[name])

    def test_metrics_of_an_expression(self):
        self.assertEqual(metrics_of('sum by (le, x) (rate(a_b{c="d e{f}"}[5m])) / 1e3 - time()'),
                         {"a_b"})
        self.assertEqual(metrics_of("a and on (b) c offset 5m > 0.5"), {"a", "c"})

    def test_the_datasource_is_a_variable(self):
        self.assertEqual(DASHBOARD["templating"]["list"][0]["type"], "datasource")
        for panel in DASHBOARD["panels"]:
            if panel["type"] != "row":
                self.assertEqual(panel["datasource"]["uid"], "${datasource}", panel["title"])
                self.assertTrue(panel["targets"], panel["title"])

    def test_panels_have_ids_and_places_of_their_own(self):
        self.assertEqual(len({panel["id"] for panel in DASHBOARD["panels"]}),
                         len(DASHBOARD["panels"]))
        taken = set()
        for panel in DASHBOARD["panels"]:
            place = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), taken, panel["title"])
                    self.assertLess(x, 24)
                    taken.add((x, y))


if __name__ == "__main__":
    unittest.main(verbosity=2)
