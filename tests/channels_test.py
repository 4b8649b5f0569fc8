#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Channels between client and server through the program: TLS and its refusals.

channels_test.py CMIF WRITE_TINY_MODEL: a classifier behind servers in processes
of their own on free loopback ports; keys and certificates by openssl.
"""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CMIF, TINY = "", ""
USAGE, BAD_DATA, NOT_FOUND, NOT_PERMITTED, NO_SERVER = 2, 3, 4, 5, 6
DOES_NOT_FIT = 7


def openssl(*arguments, stdin=b""):
    return subprocess.run(["openssl", *map(str, arguments)], input=stdin,
                          capture_output=True, timeout=60, check=False)


class Server:
    def __init__(self, body, *flags):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [CMIF, "server", "--body", body, "--listen", "127.0.0.1:0",
             *map(str, flags)], stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on "), self.said()
        self.address = line.split()[-1]
        self.key = None
        if any(str(flag).startswith(("--tls", "--attester")) for flag in flags):
            self.key = re.fullmatch(
                r"TLS key sha256 ([0-9a-f]{64})\n",
                self.process.stdout.readline().decode()).group(1)

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        self.process.terminate()
        self.process.wait(15)
        self.process.stdout.close()
        self.log.close()


class ChannelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="cmif-channels-"))
        source = cls.folder / "bert.gguf"
        subprocess.run([TINY, "bert", source, "1"], check=True)
        subprocess.run([CMIF, "split", source, "-o", cls.folder / "bert"],
                       check=True, capture_output=True)
        cls.make_certificates()

    @classmethod
    def make_certificates(cls):
        """An authority, and keys with certificates of it."""
        folder = cls.folder
        for name in ("ca", "other-ca"):
            made = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:P-256", "-nodes", "-subj",
                           "/CN=owner", "-keyout", folder / f"{name}.key",
                           "-out", folder / f"{name}.pem", "-days", "30")
            assert made.returncode == 0, made.stderr
        for name in ("server", "client"):
            made = openssl("req", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:P-256", "-nodes", "-subj",
                           f"/CN={name}", "-addext",
                           "subjectAltName=IP:127.0.0.1", "-keyout",
                           folder / f"{name}.key", "-out",
                           folder / f"{name}.csr")
            assert made.returncode == 0, made.stderr
            made = openssl("x509", "-req", "-in", folder / f"{name}.csr",
                           "-CA", folder / "ca.pem", "-CAkey",
                           folder / "ca.key", "-copy_extensions", "copy",
                           "-days", "30", "-out", folder / f"{name}.pem")
            assert made.returncode == 0, made.stderr

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def server(self, *flags):
        server = Server(self.folder / "bert/body.gguf", *flags)
        self.addCleanup(server.stop)
        return server

    def classify(self, server, *flags):
        return subprocess.run(
            [CMIF, "classify", "--bundle", self.folder / "bert", "--server",
             server.address, *map(str, flags)], input=b"bada kilo\n",
            capture_output=True, timeout=120, check=False)

    def expect(self, code, done, *says):
        self.assertEqual(done.returncode, code, done.stderr)
        for words in says:
            self.assertIn(words.encode(), done.stderr)
        if code != 0:
            self.assertEqual(done.stdout, b"")
            self.assertRegex(done.stderr, rb"^(hardening: .*\n)?cmif: .*\n$")

    def test_key_made_at_start(self):
        server = self.server("--tls-self")
        self.expect(0, self.classify(server, "--tls", "--server-key",
                                     server.key))
        self.expect(NOT_PERMITTED, self.classify(
            server, "--tls", "--server-key", "00" * 32), server.key, "pinned")
        self.expect(USAGE, self.classify(server, "--tls"), "--server-key")
        self.expect(USAGE, self.classify(server, "--server-key", server.key),
                    "--tls")
        self.expect(USAGE, self.classify(server, "--tls", "--server-key",
                                         "0"), "64 hex digits")
        self.expect(NO_SERVER, self.classify(server), "--tls")

    def test_owner_authority(self):
        server = self.server("--tls-cert", self.folder / "server.pem",
                             "--tls-key", self.folder / "server.key")
        self.expect(0, self.classify(server, "--tls", "--server-ca",
                                     self.folder / "ca.pem"))
        self.expect(NOT_PERMITTED, self.classify(
            server, "--tls", "--server-ca", self.folder / "other-ca.pem"),
            "authority")
        server.address = server.address.replace("127.0.0.1", "localhost")
        self.expect(NOT_PERMITTED, self.classify(
            server, "--tls", "--server-ca", self.folder / "ca.pem"),
            "is not for 'localhost'")
        self.expect(NOT_FOUND, self.classify(
            server, "--tls", "--server-ca", self.folder / "none.pem"))
        self.expect(BAD_DATA, self.classify(
            server, "--tls", "--server-ca", self.folder / "ca.key"), "--server-ca")

    def test_own_certificate_that_expired_is_refused_at_start(self):
        old = self.folder / "old.pem"
        made = openssl("x509", "-req", "-in", self.folder / "server.csr",
                       "-CA", self.folder / "ca.pem", "-CAkey",
                       self.folder / "ca.key", "-days", "-1", "-out", old)
        assert made.returncode == 0, made.stderr
        done = subprocess.run(
            [CMIF, "server", "--body", self.folder / "bert/body.gguf",
             "--listen", "127.0.0.1:0", "--tls-cert", old, "--tls-key",
             self.folder / "server.key"], capture_output=True, timeout=60,
            check=False)
        self.expect(NOT_PERMITTED, done, "old.pem", "expired")

    def test_mutual(self):
        server = self.server("--tls-self", "--client-ca",
                             self.folder / "ca.pem")
        known = ("--client-cert", self.folder / "client.pem", "--client-key",
                 self.folder / "client.key")
        tls = ("--tls", "--server-key", server.key)
        self.expect(0, self.classify(server, *tls, *known))
        self.expect(NO_SERVER, self.classify(server, *tls), "--client-cert")
        self.assertIn("a client is refused", server.said())
        self.expect(DOES_NOT_FIT, self.classify(
            server, *tls, "--client-cert", self.folder / "client.pem",
            "--client-key", self.folder / "server.key"), "does not belong")
        self.expect(USAGE, self.classify(server, *tls, "--client-cert",
                                         self.folder / "client.pem"),
                    "go together")

    def test_tls_13_alone(self):
        """What is negotiated, seen by openssl."""
        server = self.server("--tls-self")
        new = openssl("s_client", "-connect", server.address, "-tls1_3",
                      "-alpn", "h2")
        self.assertIn(b"New, TLSv1.3", new.stdout)
        for version in ("-tls1_2", "-tls1_1"):
            old = openssl("s_client", "-connect", server.address, version,
                          "-cipher", "ALL:@SECLEVEL=0")
            self.assertNotEqual(old.returncode, 0, version)
            self.assertIn(b"(NONE)", old.stdout)

    def test_client_speaks_tls_13_alone(self):
        """Against a server of openssl's: no handshake with TLS 1.2."""
        for version, spoken in (("-tls1_3", True), ("-tls1_2", False)):
            peer = subprocess.Popen(
                ["openssl", "s_server", "-accept", "127.0.0.1:0", version,
                 "-alpn", "h2", "-cert", self.folder / "server.pem", "-key",
                 self.folder / "server.key"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for line in peer.stdout:
                if line.startswith(b"ACCEPT"):
                    break

            class At:
                address = line.split()[-1].decode()
            done = self.classify(At, "--tls", "--server-ca",
                                 self.folder / "ca.pem")
            self.assertEqual(done.returncode, NO_SERVER, done.stderr)
            self.assertEqual(b"does not speak TLS 1.3" in done.stderr,
                             not spoken, done.stderr)
            peer.kill()
            peer.communicate()

    def test_server_refuses_what_does_not_fit(self):
        body = self.folder / "bert/body.gguf"

        def start(*flags):
            return subprocess.run(
                [CMIF, "server", "--body", body, "--listen", "127.0.0.1:0",
                 *map(str, flags)], capture_output=True, timeout=60,
                check=False)
        self.expect(DOES_NOT_FIT, start(
            "--tls-cert", self.folder / "server.pem", "--tls-key",
            self.folder / "client.key"), "does not belong")
        self.expect(USAGE, start("--tls-cert", self.folder / "server.pem"),
                    "go together")
        self.expect(USAGE, start("--client-ca", self.folder / "ca.pem"),
                    "--tls-self")
        self.expect(USAGE, start("--tls-self", "--client-key-pin", "zz"),
                    "--client-key-pin")
        self.expect(USAGE, start("--tls-cert", self.folder / "server.pem",
                                 "--tls-key", self.folder / "server.pem"),
                    "openssl genpkey")

    def test_addresses_beyond_this_machine_need_tls(self):
        """With TLS a wide address is no error; without it still is."""
        body = self.folder / "bert/body.gguf"
        done = subprocess.run(
            [CMIF, "server", "--body", body, "--listen", "0.0.0.0:0"],
            capture_output=True, timeout=60, check=False)
        self.expect(NOT_PERMITTED, done, "--tls-self", "--insecure-bind")
        wide = subprocess.Popen(
            [CMIF, "server", "--body", body, "--listen", "0.0.0.0:0",
             "--tls-self"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertIn(b"listening on 0.0.0.0:", wide.stdout.readline())
        wide.terminate()
        wide.communicate(timeout=15)


if __name__ == "__main__":
    CMIF, TINY = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
