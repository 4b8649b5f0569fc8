#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients are bound to, and keys by evidence, through the program.

broker_test.py CMIF WRITE_TINY_MODEL: owner, key broker, client and server in
processes of their own on free loopback ports; machines are simulated. SmolLM2
is asked where the demo left it in the cache, else a tiny classifier.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CMIF, TINY = "", ""
USAGE, BAD_DATA, NOT_PERMITTED, NO_SERVER, DOES_NOT_FIT, LIMIT = 2, 3, 5, 6, 7, 9
SMOL = (Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") /
        "cmif/SmolLM2-135M-Instruct.Q4_1.gguf")
MEASUREMENT = "11" * 48


def run(*arguments, stdin=b""):
    return subprocess.run([CMIF, *map(str, arguments)], input=stdin,
                          capture_output=True, timeout=1500, check=False)


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)],
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


class Sealed:
    """A folder with a sealed bundle, its owner and a simulated machine."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="cmif-broker-"))
        for name in ("owner", "other", "machine"):
            openssl("genpkey", "-algorithm", "ed25519", "-out",
                    self.folder / f"{name}.pem")
            openssl("pkey", "-in", self.folder / f"{name}.pem", "-pubout",
                    "-out", self.folder / f"{name}.pub")
        subprocess.run([TINY, "bert", self.folder / "bert.gguf", "1"],
                       check=True)
        self.bundle, self.key = self.split(self.folder / "bert.gguf", "bundle")

    def split(self, model, name):
        """A sealed bundle of a model, and its key."""
        bundle, key = self.folder / name, self.folder / f"{name}.key"
        done = run("split", model, "-o", bundle, "--seal", key, "--owner-key",
                   self.folder / "owner.pem", "--epsilon", "1")
        assert done.returncode == 0, done.stderr
        return bundle, key

    def sign(self, file, owner="owner"):
        openssl("pkeyutl", "-sign", "-rawin", "-inkey",
                self.folder / f"{owner}.pem", "-in", file, "-out",
                f"{file}.sig")

    def machine(self, host_data="00" * 32, measurement=MEASUREMENT):
        return ("--attester", "simulated", "--simulated-key",
                self.folder / "machine.pem", "--simulated-measurement",
                measurement, "--simulated-host-data", host_data)

    def config(self, name, *flags):
        """Its file, and its hash."""
        file = self.folder / name
        done = run("broker", "config", "--bundle", self.bundle, "--bundle-key",
                   self.key, "--out", file, "--json", *flags)
        assert done.returncode == 0, done.stderr
        return file, json.loads(done.stdout)["sha256"]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sealed = Sealed()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.sealed.folder, ignore_errors=True)

    def sanitize(self, *flags):
        return run("sanitize", "--bundle", self.sealed.bundle, *flags,
                   stdin=b"bada kilo\n")

    def expect(self, code, done, *says):
        self.assertEqual(done.returncode, code, done.stderr)
        for words in says:
            self.assertIn(words.encode(), done.stderr)
        if code != 0:
            self.assertEqual(done.stdout, b"")


class BoundConfigurationTest(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.sealed.folder / "owner.pub"
        cls.file, cls.hash = cls.sealed.config(
            "bound.json", "--epsilon", "1.5", "--owner-key", cls.owner)

    def bound(self, *flags):
        return self.sanitize("--bundle-key", self.sealed.key, "--owner-key",
                             self.owner, "--bound-config", self.file, *flags)

    def test_the_file_says_what_is_bound(self):
        text = json.loads(self.file.read_text())
        self.assertEqual(text["epsilon_max"], 1.5)
        self.assertEqual(text["adjacency"], "cluster")
        self.assertRegex(text["owner_key"], "^[0-9a-f]{64}$")
        self.assertNotIn("allow_plain", text)
        self.assertNotIn("channel_sha256", text)
        self.assertTrue(re.fullmatch("[0-9a-f]{64}", self.hash))

    def test_what_it_allows_runs(self):
        self.expect(0, self.bound("--epsilon", "1.5"), "nothing proves")
        self.expect(0, self.bound("--epsilon", "0.5"))
        self.expect(0, self.bound("--epsilon", "1",
                                  *self.sealed.machine(self.hash)))

    def test_every_difference_is_refused(self):
        for flags, why in (
                (("--epsilon", "1.6"), "at most 1.5"),
                (("--mechanism", "identity", "--epsilon", "inf"), "identity"),
                (("--adjacency", "mixture"), "--adjacency"),
                (("--public", "stopwords"), "")):
            done = self.bound(*flags)
            self.assertNotEqual(done.returncode, 0, flags)
            self.assertEqual(done.stdout, b"", flags)
            self.assertIn(why.encode(), done.stderr)
        done = self.sanitize("--bundle-key", self.sealed.key,
                             "--bound-config", self.file)
        self.expect(DOES_NOT_FIT, done, "--owner-key is missing")

    def test_another_machine_is_refused(self):
        done = self.bound(*self.sealed.machine("00" * 32))
        self.expect(DOES_NOT_FIT, done, "host_data", self.hash)

    def test_pinned_channel(self):
        file, _ = self.sealed.config("pinned.json", "--epsilon", "1",
                                     "--pin-channel")
        flags = ("--bundle-key", self.sealed.key, "--bound-config", file)
        self.expect(0, self.sanitize(*flags, "--epsilon", "1"))
        self.expect(DOES_NOT_FIT, self.sanitize(*flags, "--epsilon", "0.5"),
                    "channel_sha256")

    def test_what_is_no_configuration_is_refused(self):
        bad = self.sealed.folder / "bad.json"
        bad.write_text(self.file.read_text().replace("epsilon_max", "epsilon"))
        done = self.sanitize("--bundle-key", self.sealed.key,
                             "--bound-config", bad)
        self.expect(BAD_DATA, done, "does not know")


class Process:
    """A command that says where it listens and what its key is."""

    def __init__(self, *arguments):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([CMIF, *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on "), self.said()
        self.address = line.split()[-1]

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        if self.log.closed:
            return
        self.process.terminate()
        self.process.wait(15)
        self.process.stdout.close()
        self.log.close()


class Broker(Process):
    def __init__(self, sealed, state, policy):
        super().__init__("broker", "serve", "--listen", "127.0.0.1:0", "--key",
                         sealed.folder / "broker.pem", "--tls-self", "--policy",
                         policy, "--owner-key", sealed.folder / "owner.pub",
                         "--keys", sealed.folder / "keys", "--state", state)
        self.key = re.fullmatch(r"TLS key sha256 ([0-9a-f]{64})\n",
                                self.process.stdout.readline().decode()).group(1)
        self.options = ("--broker", f"https://{self.address}", "--broker-key",
                        self.key)


class KeyBrokerTest(Case):
    """One broker and one policy a test, of the same owner and bundle."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.sealed.folder
        openssl("genpkey", "-algorithm", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", folder / "broker.pem")
        cls.machine_key = subprocess.run(
            ["openssl", "pkey", "-pubin", "-in", folder / "machine.pub",
             "-outform", "DER"], capture_output=True,
            check=True).stdout[-32:].hex()
        cls.bound, cls.bound_hash = cls.sealed.config("bound.json",
                                                      "--epsilon", "1")
        (folder / "keys").mkdir(mode=0o700)
        cls.model = cls.keep(cls.sealed.bundle, cls.sealed.key)

    @classmethod
    def keep(cls, bundle, key):
        """Gives the broker a bundle's key; the model's id."""
        model = json.loads((bundle / "manifest.json").read_text())["model_id"]
        folder = cls.sealed.folder / "keys" / model
        folder.mkdir(mode=0o700)
        shutil.copy(key, folder / "1.key")
        return model

    def setUp(self):
        self.state = Path(tempfile.mkdtemp(dir=self.sealed.folder))
        self.policy = self.state / "policy.json"
        self.write_policy(1)

    def write_policy(self, version, revoked=None, **rule):
        whole = {"kind": "cmif-release-policy", "name": "test",
                 "version": version, "allow_simulated": True,
                 "rules": [{
                     "id": "clients", "model": self.model, "model_version": "1",
                     "platforms": {"simulated": {
                         "keys": [self.machine_key],
                         "measurements": [MEASUREMENT]}},
                     "configurations": [self.bound_hash],
                     "lease_seconds": 600, "max_rows": 1000,
                     "rate_per_hour": 1000} | rule]}
        rules = whole["rules"][0]
        if rules["configurations"] is None:
            del rules["configurations"]
        if revoked:
            whole["revoked"] = revoked
        self.policy.write_text(json.dumps(whole))
        self.sealed.sign(self.policy)

    def broker(self):
        broker = Broker(self.sealed, self.state / "state", self.policy)
        self.addCleanup(broker.stop)
        return broker

    def server(self, bundle=None):
        server = Process("server", "--body",
                         (bundle or self.sealed.bundle) / "body.gguf",
                         "--listen", "127.0.0.1:0")
        self.addCleanup(server.stop)
        return server

    def asks(self, broker, *flags, machine=None, bound=True):
        """A client that only sanitizes: it needs the bundle."""
        return self.sanitize(
            *broker.options, "--epsilon", "1",
            *(machine or self.sealed.machine(self.bound_hash)),
            *(("--bound-config", self.bound) if bound else ()), *flags)

    def test_key_by_evidence(self):
        broker, server = self.broker(), self.server()
        done = run("classify", "--bundle", self.sealed.bundle, "--server",
                   server.address, "--json", "--epsilon", "1",
                   *broker.options, "--bound-config", self.bound,
                   *self.sealed.machine(self.bound_hash), stdin=b"bada kilo\n")
        self.expect(0, done, "SIMULATED", "at most 1000")
        self.assertGreater(json.loads(done.stdout)["rows_revealed"], 0)

    def test_other_commands_open_it_too(self):
        broker = self.broker()
        access = (*broker.options, "--bound-config", self.bound,
                  *self.sealed.machine(self.bound_hash))
        self.expect(0, run("verify", self.sealed.bundle, *access))
        self.expect(0, run("inspect", self.sealed.bundle / "embedding.cmif",
                           "--json", *access))
        self.expect(0, self.asks(broker))

    def test_wrong_measurement(self):
        done = self.asks(self.broker(), machine=self.sealed.machine(
            self.bound_hash, measurement="22" * 48))
        self.expect(NOT_PERMITTED, done, "measurement")

    def test_other_configurations(self):
        broker = self.broker()
        other, other_hash = self.sealed.config("other.json", "--epsilon", "2")
        done = self.sanitize(*broker.options, "--epsilon", "1",
                             "--bound-config", other,
                             *self.sealed.machine(other_hash))
        self.expect(NOT_PERMITTED, done, "configuration")
        # The client itself refuses before its evidence leaves.
        self.expect(DOES_NOT_FIT, self.asks(broker, bound=False),
                    "--bound-config")
        done = self.asks(broker, machine=self.sealed.machine(other_hash))
        self.expect(DOES_NOT_FIT, done, "host_data")
        done = self.sanitize(*broker.options, "--epsilon", "1.5",
                             "--bound-config", self.bound,
                             *self.sealed.machine(self.bound_hash))
        self.expect(DOES_NOT_FIT, done, "at most 1")

    def test_wrong_policies(self):
        self.write_policy(1, platforms={"simulated": {
            "keys": ["ab" * 32], "measurements": [MEASUREMENT]}})
        self.expect(NOT_PERMITTED, self.asks(self.broker()), "no")
        self.sealed.sign(self.policy, owner="other")
        with self.assertRaisesRegex(AssertionError, "not signed by this owner"):
            self.broker()

    def test_older_policy(self):
        self.write_policy(2)
        broker = self.broker()
        self.expect(0, self.asks(broker))
        broker.stop()
        self.write_policy(1)
        with self.assertRaisesRegex(AssertionError, "version"):
            self.broker()

    def test_revoked_lease_ends_the_client(self):
        self.write_policy(1, lease_seconds=10)
        broker, server = self.broker(), self.server()
        client = self.held_open(broker, server)
        log = run("broker", "log", "--state", self.state / "state")
        leases = [entry["entry"]["lease"] for entry in
                  map(json.loads, log.stdout.splitlines())
                  if entry["entry"]["kind"] == "lease"]
        self.assertEqual(len(leases), 1)
        done = run("broker", "revoke", "--state", self.state / "state",
                   "--lease", leases[0])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.ended(client, "not renewed", "revoked")

    def test_newer_policy_counts_at_once(self):
        broker = self.broker()
        self.expect(0, self.asks(broker))
        self.write_policy(2, configurations=["ab" * 32])
        broker.process.send_signal(signal.SIGHUP)
        while "read again" not in broker.said():
            self.assertIsNone(broker.process.poll())
        self.expect(NOT_PERMITTED, self.asks(broker), "configuration")

    def held_open(self, broker, server):
        """A client that classified one line and waits for the next."""
        client = subprocess.Popen(
            [CMIF, "classify", "--bundle", self.sealed.bundle, "--server",
             server.address, "--epsilon", "1", *broker.options,
             "--bound-config", self.bound,
             *map(str, self.sealed.machine(self.bound_hash))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(client.kill)
        client.stdin.write(b"bada kilo\n")
        client.stdin.flush()
        self.assertNotEqual(client.stdout.readline(), b"")
        return client

    def ended(self, client, *says):
        """It ends by itself, although its input goes on."""
        self.assertEqual(client.wait(60), NOT_PERMITTED)
        said = client.stderr.read()
        for words in says:
            self.assertIn(words.encode(), said)
        for stream in (client.stdin, client.stdout, client.stderr):
            stream.close()

    def test_lease_that_cannot_be_renewed_ends_the_client(self):
        self.write_policy(1, lease_seconds=6)
        broker, server = self.broker(), self.server()
        client = self.held_open(broker, server)
        broker.stop()
        self.ended(client, "lease", "could not be renewed")

    def beyond_limit(self, max_rows, lines):
        """What comes of lines that need more rows than a lease allows."""
        self.write_policy(1, max_rows=max_rows)
        broker, server = self.broker(), self.server()
        done = run("classify", "--bundle", self.sealed.bundle, "--server",
                   server.address, "--epsilon", "1", *broker.options,
                   "--bound-config", self.bound,
                   *self.sealed.machine(self.bound_hash), stdin=lines)
        self.assertEqual(done.returncode, LIMIT, done.stderr)
        return done

    def test_rows_are_limited(self):
        done = self.beyond_limit(1, b"bada kilo\n")
        self.assertIn(b"1 different rows", done.stderr)
        self.assertEqual(done.stdout, b"error\n")

    def test_lines_within_the_limit_are_answered(self):
        # A line of one word has three rows; one of twelve would have more.
        done = self.beyond_limit(3, b"bada\n" + b"bada " * 12 + b"\n")
        first, second = done.stdout.splitlines()
        self.assertNotEqual(first, b"error")
        self.assertEqual(second, b"error")
        self.assertIn(b"rows given away: 3 different ones", done.stderr)

    def test_nobody_there_and_others_there(self):
        broker = self.broker()
        self.expect(NOT_PERMITTED, self.sanitize(
            "--broker", f"https://{broker.address}", "--broker-key", "00" * 32,
            *self.sealed.machine()), "another key")
        self.expect(USAGE, self.sanitize(
            "--broker", f"https://{broker.address}", *self.sealed.machine()),
            "--broker-key")
        self.expect(USAGE, self.sanitize(*broker.options), "--attester")
        broker.stop()
        self.expect(NO_SERVER, self.asks(broker), "cannot be reached")

    def test_the_key_does_not_go_where_clients_look(self):
        folder = self.sealed.folder / "clients"
        near = os.path.relpath(folder)
        for key, out in ((folder / "k", near), (f"{near}/k", folder),
                         (folder / "below/k", folder), (f"{near}/k", near + "/")):
            done = run("split", self.sealed.folder / "bert.gguf", "-o", out,
                       "--seal", key, "--owner-key",
                       self.sealed.folder / "owner.pem")
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertIn(b"which clients get", done.stderr)
            self.assertFalse(folder.exists())

    def test_a_chat_model_is_asked(self):
        if not SMOL.exists():
            self.skipTest("no chat model in the cache: the classifier above is "
                          "all that was asked")
        bundle, key = self.sealed.split(SMOL, "smol")
        model = self.keep(bundle, key)
        self.write_policy(1, model=model, configurations=None,
                          allow_any_configuration=True)
        broker, server = self.broker(), self.server(bundle)
        done = run("ask", "What is the capital of France?", "--bundle", bundle,
                   "--server", server.address, "--json", "--temperature", "0",
                   "--max-tokens", "8", "--mechanism", "identity",
                   *broker.options, *self.sealed.machine())
        self.expect(0, done, "SIMULATED")
        answer = json.loads(done.stdout)
        self.assertIn("Paris", answer["answer"])
        self.assertGreater(answer["rows_revealed"], 8)


if __name__ == "__main__":
    CMIF, TINY = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
