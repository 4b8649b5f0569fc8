#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Evidence between client and server through the program, with simulated
machines: who is served, and what every refusal says.

attested_channels_test.py CMIF WRITE_TINY_MODEL
"""
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import channels_test
from channels_test import (BAD_DATA, DOES_NOT_FIT, NO_SERVER, NOT_FOUND,
                           NOT_PERMITTED, USAGE, Server, openssl)

CMIF, TINY = "", ""
SERVER_CODE, CLIENT_CODE, OTHER_CODE = "51" * 48, "c1" * 48, "0f" * 48


class AttestedChannelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="cmif-attested-"))
        for kind in ("bert", "llama"):
            source = cls.folder / f"{kind}.gguf"
            subprocess.run([TINY, kind, source, "1"], check=True)
            subprocess.run([CMIF, "split", source, "-o", cls.folder / kind],
                           check=True, capture_output=True)
        cls.keys = {}
        for name in ("machine", "stranger", "owner"):
            path = cls.folder / f"{name}.pem"
            made = openssl("genpkey", "-algorithm", "ed25519", "-out", path)
            assert made.returncode == 0, made.stderr
            public = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
            cls.keys[name] = public.stdout[-32:].hex()
        cls.server_policy = cls.policy("server", SERVER_CODE)
        cls.client_policy = cls.policy("client", CLIENT_CODE)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def policy(cls, name, measurement, **changes):
        """Accepts one measurement of the simulated machine."""
        policy = {"kind": "cmif-attestation-policy", "name": name,
                  "version": 1, "base": "deployment",
                  "allow_unsigned_policy": True, "allow_simulated": True,
                  "simulated": {"keys": [cls.keys["machine"]],
                                "measurements": [measurement]}}
        policy.update(changes)
        path = cls.folder / f"{name}.json"
        path.write_text(json.dumps(policy))
        return path

    def simulated(self, code, key="machine"):
        return ("--attester", "simulated", "--simulated-key",
                self.folder / f"{key}.pem", "--simulated-measurement", code)

    def server(self, *flags, kind="bert"):
        server = Server(self.folder / kind / "body.gguf", *flags)
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
        if code == 0:
            self.assertEqual(done.stdout.count(b"\n"), 1, done.stdout)
        else:
            self.assertEqual(done.stdout, b"")

    def attested(self, *more):
        """A client's flags that demand the server's code."""
        return ("--tls", "--server-policy", self.server_policy, *more)

    def test_a_genuine_server_is_used_and_simulation_is_named(self):
        server = self.server(*self.simulated(SERVER_CODE))
        self.assertEqual(server.process.stdout.readline(),
                         b"evidence simulated\n")
        self.assertIn("SIMULATED", server.said())
        self.expect(0, self.classify(server, *self.attested()), "SIMULATED",
                    "this policy allows allow_unsigned_policy, allow_simulated")
        # Besides the evidence its key may be pinned.
        self.expect(0, self.classify(server, *self.attested(
            "--server-key", server.key)))
        self.expect(NOT_PERMITTED, self.classify(server, *self.attested(
            "--server-key", "00" * 32)), "pinned")

    def test_both_sides_prove_themselves(self):
        server = self.server(*self.simulated(SERVER_CODE),
                             "--require-client-attestation",
                             self.client_policy)
        self.expect(0, self.classify(server, *self.attested(
            *self.simulated(CLIENT_CODE))))
        # Alone the server demands, too.
        self.expect(0, self.classify(server, "--tls", "--server-key",
                                     server.key, *self.simulated(CLIENT_CODE)))
        for flags in ((), self.simulated(OTHER_CODE),
                      self.simulated(CLIENT_CODE, "stranger")):
            self.expect(NO_SERVER, self.classify(
                server, *self.attested(*flags)), "its log says why")
        for words in ("carries no evidence", "measurement", "chain.trusted"):
            self.assertIn(words, server.said())

    def test_questions_are_asked_of_proven_servers_alone(self):
        server = self.server(*self.simulated(SERVER_CODE),
                             "--require-client-attestation",
                             self.client_policy, kind="llama")

        def ask(*flags):
            return subprocess.run(
                [CMIF, "ask", "bada kilo", "--bundle", self.folder / "llama",
                 "--server", server.address, "--json", "--max-tokens", "4",
                 *map(str, flags)], capture_output=True, timeout=120,
                check=False)
        done = ask(*self.attested(*self.simulated(CLIENT_CODE)))
        self.expect(0, done)
        self.assertGreater(json.loads(done.stdout)["tokens_out"], 0)
        other = self.policy("other", OTHER_CODE)
        self.expect(NOT_PERMITTED, ask("--tls", "--server-policy", other,
                                       *self.simulated(CLIENT_CODE)),
                    "measurement")
        self.expect(NO_SERVER, ask(*self.attested()), "its log says why")

    def test_other_code_is_refused(self):
        server = self.server(*self.simulated(OTHER_CODE))
        self.expect(NOT_PERMITTED, self.classify(server, *self.attested()),
                    "(simulated) is refused", "measurement")

    def test_another_machine_is_refused(self):
        server = self.server(*self.simulated(SERVER_CODE, "stranger"))
        self.expect(NOT_PERMITTED, self.classify(server, *self.attested()),
                    "chain.trusted")

    def test_a_server_without_evidence_is_refused(self):
        server = self.server("--tls-self")
        self.expect(NOT_PERMITTED, self.classify(server, *self.attested()),
                    "carries no evidence", "--attester")
        self.expect(NOT_PERMITTED, self.classify(server, *self.attested(
            "--server-key", server.key)), "carries no evidence")

    def test_policies_that_do_not_allow_simulation_refuse_it(self):
        server = self.server(*self.simulated(SERVER_CODE))
        policy = self.policy("strict", SERVER_CODE, allow_simulated=False)
        self.expect(NOT_PERMITTED, self.classify(
            server, "--tls", "--server-policy", policy), "policy.simulated")

    def test_copied_evidence_is_refused(self):
        """A genuine certificate's evidence beside another key."""
        genuine = self.server(*self.simulated(SERVER_CODE))
        host, port = genuine.address.split(":")
        pem = self.folder / "genuine.pem"
        pem.write_text(ssl.get_server_certificate((host, int(port))))
        shown = openssl("asn1parse", "-in", pem).stdout.decode().splitlines()
        oid = "1.3.6.1.5.5.7.1.35"
        at = next(i for i, line in enumerate(shown)
                  if line.endswith((":" + oid, ":id-pe-cmw")))
        value = shown[at + 1].rsplit(":", 1)[1]
        config = self.folder / "stolen.cnf"
        config.write_text("[req]\ndistinguished_name=dn\nx509_extensions=x\n"
                          f"prompt=no\n[dn]\nCN=cmif\n[x]\n{oid}=DER:{value}\n")
        made = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:P-256", "-nodes", "-config", config,
                       "-keyout", self.folder / "thief.key", "-out",
                       self.folder / "stolen.pem", "-days", "2")
        self.assertEqual(made.returncode, 0, made.stderr)
        thief = self.server("--tls-cert", self.folder / "stolen.pem",
                            "--tls-key", self.folder / "thief.key")
        self.expect(NOT_PERMITTED, self.classify(thief, *self.attested()),
                    "certificate.key")
        # The certificate itself is of no use without its key.
        done = self.start("--tls-cert", pem, "--tls-key",
                          self.folder / "thief.key")
        self.expect(DOES_NOT_FIT, done, "does not belong")

    def test_policies_are_signed(self):
        server = self.server(*self.simulated(SERVER_CODE))
        path = self.policy("signed", SERVER_CODE, allow_unsigned_policy=False)
        public = self.folder / "owner.pub"
        openssl("pkey", "-in", self.folder / "owner.pem", "-pubout", "-out",
                public)
        flags = ("--tls", "--server-policy", path)
        signed = (*flags, "--policy-key", public)
        self.expect(USAGE, self.classify(server, *flags), "--policy-key")
        self.expect(NOT_PERMITTED, self.classify(server, *signed),
                    "is no signature")
        openssl("pkeyutl", "-sign", "-rawin", "-inkey",
                self.folder / "owner.pem", "-in", path, "-out", f"{path}.sig")
        self.expect(0, self.classify(server, *signed))

    def start(self, *flags):
        return subprocess.run(
            [CMIF, "server", "--body", self.folder / "bert/body.gguf",
             "--listen", "127.0.0.1:0", *map(str, flags)],
            capture_output=True, timeout=60, check=False)

    def test_flags_that_do_not_fit(self):
        policy = self.client_policy
        self.expect(USAGE, self.start("--require-client-attestation", policy),
                    "--attester")
        self.expect(USAGE, self.start("--endorsements", policy),
                    "--require-client-attestation")
        self.expect(USAGE, self.start("--simulated-key", "x"),
                    "--attester simulated")
        self.expect(NOT_FOUND, self.start(
            "--tls-self", "--require-client-attestation",
            self.folder / "none"))
        self.expect(BAD_DATA, self.start(
            "--tls-self", "--require-client-attestation",
            self.folder / "machine.pem"))
        self.expect(USAGE, self.start(*self.simulated(SERVER_CODE),
                                      "--tls-cert", "c", "--tls-key", "k"),
                    "exclude each other")

        class Nobody:
            address = "127.0.0.1:9"
        for flags in (("--server-policy", policy),
                      self.simulated(CLIENT_CODE)):
            self.expect(USAGE, self.classify(Nobody, *flags), "--tls")
        self.expect(USAGE, self.classify(
            Nobody, *self.attested(*self.simulated(CLIENT_CODE)),
            "--client-cert", "c", "--client-key", "k"), "exclude each other")


if __name__ == "__main__":
    CMIF, TINY = channels_test.CMIF, channels_test.TINY = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
