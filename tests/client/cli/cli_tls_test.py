"""The command line and TLS: certificates and keys that are none, and servers that ask for them."""

import shutil
import subprocess
import unittest

import support


class Tls(support.CliTest):
    def assert_few_lines(self, error):
        """An error and a hint, and nothing else."""
        self.assertRegex(error, r"\Atrine: error: .*\ntrine: hint: .*\n\Z")

    def test_pem_files_hold_what_they_are_for(self):
        """Before anything is connected to, which would be blamed on the server."""
        def pem(what):
            return self.path(what.split()[-1] + ".pem",
                             f"-----BEGIN {what}-----\nAAAA\n-----END {what}-----\n")

        key, certificate = pem("EC PRIVATE KEY"), pem("CERTIFICATE")
        request, text = pem("CERTIFICATE REQUEST"), self.path("text.pem", "certificate\n")
        for flags, wrong, said in (
                (["--tls-ca", text], text, "--tls-ca: '{}' is no PEM file"),
                (["--tls-ca", key], key, "--tls-ca: '{}' holds no certificate"),
                (["--tls-ca", request], request, "--tls-ca: '{}' holds no certificate"),
                (["--tls-ca", certificate], certificate, "--tls-ca: '{}' holds no valid certificate"),
                (["--tls-cert", key, "--tls-key", key], key, "--tls-cert: '{}' holds no certificate"),
                (["--tls-cert", certificate, "--tls-key", key], certificate,
                 "--tls-cert: '{}' holds no valid certificate")):
            self.assert_wrong_pem(flags, said.format(wrong))

    def assert_wrong_pem(self, flags, said):
        error = self.fails(2, "info", "--server", "127.0.0.1:1", *flags)
        self.assertIn(said, error)
        self.assertNotIn("is it running", error)

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl to make certificates")
    def test_broken_certificates_and_keys(self):
        def made(name, *more):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-keyout", f"{name}.key", "-out",
                            f"{name}.pem", "-days", "2", "-subj", "/CN=" + name, *more],
                           cwd=self.dir, check=True, capture_output=True)
            return self.path(name + ".pem"), self.path(name + ".key")

        good, good_key = made("good", "-nodes")
        other, other_key = made("other", "-nodes")
        _, locked = made("locked", "-passout", "pass:word")
        lines = good.read_text().splitlines(keepends=True)

        def broken(name, *parts):
            return self.path(name, "".join(parts))

        two = broken("two.pem", *lines, other.read_text())
        # Reaches for the server, which is none: nothing is wrong with the files.
        for flags in (["--tls-ca", good], ["--tls-ca", two],
                      ["--tls-cert", good, "--tls-key", good_key],
                      ["--tls-cert", two, "--tls-key", good_key]):
            self.fails(3, "info", "--server", "127.0.0.1:1", *flags)
        cut = broken("cut.pem", *lines[:2], *lines[3:])
        for path, said in ((cut, "holds no valid certificate"),
                           (broken("end.pem", *lines[:-1]), "holds no valid certificate"),
                           (broken("digits.pem", lines[0], "!!!!\n", *lines[1:]),
                            "holds no valid certificate"),
                           (broken("second.pem", *lines, *lines[:2], *lines[3:]),
                            "holds no valid certificate after the first 1")):
            for flags in (["--tls-ca", path], ["--tls-cert", path, "--tls-key", good_key]):
                self.assert_wrong_pem(flags, f"{flags[0]}: '{path}' {said}")
        own = ["--tls-cert", good, "--tls-key"]
        key_lines = good_key.read_text().splitlines(keepends=True)
        cut_key = broken("cut.key", *key_lines[:1], *key_lines[2:])
        self.assert_wrong_pem([*own, cut_key], f"--tls-key: '{cut_key}' holds no valid private key")
        self.assert_wrong_pem([*own, good], f"--tls-key: '{good}' holds no private key")
        self.assert_wrong_pem([*own, locked],
                              f"--tls-key: '{locked}' holds a private key with a password")
        self.assert_wrong_pem([*own, other_key],
                              f"--tls-key: '{other_key}' is not the key of '{good}'")

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl to make certificates")
    def test_tls_and_mutual_tls(self):
        def openssl(*args):
            subprocess.run(["openssl", *args], cwd=self.dir, check=True, capture_output=True)

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test ca")
        self.path("names", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        for name in ("server", "client"):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                    "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "names")
        tls = ["--tls-cert", str(self.path("server.pem")), "--tls-key",
               str(self.path("server.key"))]
        trust = ["--tls-ca", self.path("ca.pem")]
        own = ["--tls-cert", self.path("client.pem"), "--tls-key", self.path("client.key")]
        with support.Server(self.dir, *tls) as server:
            target = ["--server", server.address]
            self.ok("info", *target, *trust)
            error = self.fails(3, "info", *target)  # plaintext
            self.assertNotIn("--tls-ca", error)
            self.assert_few_lines(error)
            # Neither the system nor an authority of somebody else trusts this certificate.
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", "other.key", "-out", "other.pem", "-days", "2", "-subj",
                    "/CN=another ca")
            for flags in (["--tls"], ["--tls-ca", self.path("other.pem")]):
                error = self.fails(3, "info", *target, *flags)
                self.assertIn("--tls-ca", error)
                self.assertIn("not trusted", error)
                self.assert_few_lines(error)
            # What gRPC writes itself is for those who ask.
            self.assertIn("trine: grpc: ", self.fails(3, "-v", "info", *target, "--tls"))
            # Trusted, but of a server elsewhere.
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", "far.key", "-out", "far.pem", "-days", "2", "-subj",
                    "/CN=far", "-addext", "subjectAltName=DNS:far.example")
            with support.Server(self.dir, "--tls-cert", str(self.path("far.pem")), "--tls-key",
                                str(self.path("far.key"))) as far:
                error = self.fails(3, "info", "--server", far.address, "--tls-ca",
                                   self.path("far.pem"))
                self.assertIn("other names", error)
                self.assert_few_lines(error)
            # The server's own variables in the environment of a health check change nothing.
            environment = support.clean_environment(
                TRINE_TLS_CERT=str(self.path("server.pem")),
                TRINE_TLS_KEY=str(self.path("server.key")), TRINE_TLS_CA=str(self.path("ca.pem")))
            self.ok("health", *target, env=environment)
        mutual = ["--tls-client-ca", str(self.path("ca.pem"))]
        with support.Server(self.dir, *tls, *mutual) as server:
            target = ["--server", server.address]
            self.ok("info", *target, *trust, *own)
            self.fails(3, "info", *target, *trust)
            self.fails(2, "info", *target, *trust, *own[:2])


if __name__ == "__main__":
    support.main()
