#!/usr/bin/env python3
"""Tests of the scripts and files that build, test and ship trine. None of them installs anything."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import ctest_summary  # noqa: E402

SCRIPTS = [
    ROOT / name
    for name in (".ci/run", "deploy/check-image.sh", "deploy/install-deps.sh",
                 "tests/languages/run.sh", "tests/proto_check.sh", "tests/run.sh")
]


def run(*command):
    return subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)


class Scripts(unittest.TestCase):
    def test_parse_and_are_executable(self):
        for script in SCRIPTS:
            with self.subTest(script=script.name):
                self.assertEqual(run("bash", "-n", script).returncode, 0)
                self.assertTrue(script.stat().st_mode & 0o100)

    def test_unknown_argument_is_wrong_usage(self):
        for script in SCRIPTS:
            if script.name == "proto_check.sh":  # takes none
                continue
            with self.subTest(script=script.name):
                result = run(script, "--no-such-argument")
                self.assertEqual(result.returncode, 2)
                self.assertTrue(result.stderr)

    def test_help(self):
        for name in ("deploy/check-image.sh", "deploy/install-deps.sh", "tests/languages/run.sh",
                     "tests/run.sh"):
            with self.subTest(script=name):
                result = run(ROOT / name, "--help")
                self.assertEqual(result.returncode, 0)
                self.assertTrue(result.stdout.startswith("usage: " + name))


class InstallDeps(unittest.TestCase):
    SCRIPT = ROOT / "deploy/install-deps.sh"

    def packages(self, *arguments):
        result = run(self.SCRIPT, *arguments, "--list")
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.split()

    def test_groups_add_to_the_base(self):
        base = self.packages()
        self.assertIn("libgrpc++-dev", base)
        for option, package in (("--dev", "clang-tidy"), ("--bench", "libdnnl-dev"),
                                ("--image", "docker.io"), ("--otlp", "opentelemetry-cpp-dev")):
            if option != "--otlp" or self.release() == "12":  # 13 has it in its own main section
                self.assertNotIn(package, base)
            self.assertEqual(self.packages(option)[:len(base)], base)
            self.assertIn(package, self.packages(option))

    @staticmethod
    def release():
        return re.search(r'^VERSION_ID="?(\w+)', pathlib.Path("/etc/os-release").read_text(),
                         re.MULTILINE).group(1)

    def test_runtime_libraries_of_traces(self):
        self.assertIn("opentelemetry-cpp", self.packages("--runtime", "--otlp"))
        self.assertNotIn("opentelemetry-cpp-dev", self.packages("--runtime", "--otlp"))

    def test_no_package_is_listed_twice(self):
        everything = self.packages("--dev", "--bench", "--image", "--otlp")
        self.assertEqual(len(everything), len(set(everything)))

    def test_runtime_excludes_the_other_groups(self):
        result = run(self.SCRIPT, "--runtime", "--dev")
        self.assertEqual(result.returncode, 1)
        self.assertIn("--runtime", result.stderr)


class Image(unittest.TestCase):
    def setUp(self):
        self.dockerfile = (ROOT / "Dockerfile").read_text()
        self.compose = (ROOT / "deploy/compose.yaml").read_text()

    def test_needs_no_frontend_from_a_registry(self):
        self.assertNotRegex(self.dockerfile, r"(?m)^#\s*syntax\s*=")

    def test_runs_as_a_user_given_by_number(self):
        user = re.search(r"(?m)^USER (\d+:\d+)$", self.dockerfile).group(1)
        self.assertNotIn("0", user.split(":"))
        self.assertIn(f'user: "{user}"', self.compose)

    def test_compose_is_locked_down(self):
        for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true",
                     '"127.0.0.1:${TRINE_PORTS:-7433}:7433"'):
            self.assertIn(line, self.compose)

    def test_shares_the_compiler_cache_with_the_build_outside(self):
        self.assertIn("ENV CCACHE_DIR=", self.dockerfile)
        for other in ("tests/run.sh", "deploy/quickstart.sh"):
            self.assertIn("CCACHE_DIR:-${TRINE_CACHE_DIR:-$HOME/.cache/trine}/ccache",
                          (ROOT / other).read_text())
        # The settings stand once, where every build finds them.
        for path in (ROOT / "Dockerfile", ROOT / "tests/run.sh", ROOT / "deploy/quickstart.sh"):
            self.assertNotIn("CCACHE_SLOPPINESS", path.read_text())


class Envoy(unittest.TestCase):
    """deploy/envoy.yaml depends on the server's defaults."""

    def setUp(self):
        self.yaml = (ROOT / "deploy/envoy.yaml").read_text()
        self.options = (ROOT / "server/options/options.h").read_text()

    def number(self, text, pattern):
        found = re.findall(pattern, text)
        self.assertEqual(len(found), 1, pattern)
        return float(found[0].replace("'", ""))

    def test_a_call_of_the_longest_message_can_be_repeated(self):
        mib = self.number(self.options, r"max_message_bytes = uint64_t\{(\d+)\} << 20")
        buffered = self.number(self.yaml, r"request_body_buffer_limit: (\d+)")
        self.assertEqual(buffered, mib * 2**20)

    def test_a_health_check_comes_within_the_delay_of_a_servers_end(self):
        delay_ms = self.number(self.options, r"drain_delay_ms = ([\d']+)")
        interval_s = self.number(self.yaml, r" interval: ([\d.]+)s\n +no_traffic_interval")
        self.assertGreater(delay_ms, 4 * 1000 * interval_s)


class CtestSummary(unittest.TestCase):
    CASES = {
        '<testcase status="run"/>': "passed",
        '<testcase status="fail"><failure message=""/></testcase>': "failed",
        '<testcase status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>': "skipped",
        '<testcase status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>':
            "skipped",
        '<testcase status="disabled"/>': "skipped",
        '<testcase status="notrun"><skipped message="Unable to find executable"/></testcase>':
            "failed",
        '<testcase status="notrun"><skipped message="Fixture dependency failed"/></testcase>':
            "failed",
        '<testcase status="something new"/>': "failed",
    }

    def summary(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "junit.xml"
            path.write_text(text)
            return run(sys.executable, ROOT / "tests/ctest_summary.py", path)

    def test_every_kind_of_result(self):
        for case, kind in self.CASES.items():
            with self.subTest(case=case), tempfile.NamedTemporaryFile("w") as file:
                file.write(f"<testsuite>{case}</testsuite>")
                file.flush()
                counts = ctest_summary.count(file.name)
                self.assertEqual(counts, {**{"passed": 0, "failed": 0, "skipped": 0}, kind: 1})

    def test_line_and_exit_status(self):
        passed, skipped = list(self.CASES)[0], list(self.CASES)[2]
        good = self.summary(f"<testsuite>{passed}{passed}{skipped}</testsuite>")
        self.assertEqual((good.stdout, good.returncode), ("2 passed, 0 failed, 1 skipped\n", 0))

    def test_no_test_run_is_no_success(self):
        for text in ("<testsuite/>", f"<testsuite>{list(self.CASES)[2]}</testsuite>", "torn <xml"):
            with self.subTest(text=text):
                self.assertEqual(self.summary(text).returncode, 1)


if __name__ == "__main__":
    unittest.main()
