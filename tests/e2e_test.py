#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job through the program: split, server process, client commands.

e2e_test.py CMIF WRITE_TINY_MODEL: servers run as processes of their own on
free loopback ports and are stopped at the end.
"""
import fcntl
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

import http2

CMIF, TINY = "", ""
SOME_LINES, USAGE, NOT_PERMITTED, NO_SERVER = 1, 2, 5, 6
DOES_NOT_FIT, LIMIT, ALREADY = 7, 9, 10
MARKER = "xyzzymarkerplugh"
PROTOCOL = 3  # wire/limits.h


class Server:
    def __init__(self, body, *flags, listen="127.0.0.1:0"):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [CMIF, "server", "--body", body, "--listen", listen, *flags],
            stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on "), self.said()
        self.address = line.split()[-1]

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    # No machine of ours has so much memory: the shadow of a sanitizer, which
    # holds no text (mappings of gigabytes and more are read in pieces).
    SHADOW_BYTES = 64 << 30
    PIECE_BYTES = 256 << 20

    def memory(self):
        """Everything readable in the process, piece by piece; pieces of one
        mapping overlap by a page."""
        pid = self.process.pid
        with open(f"/proc/{pid}/maps") as maps, \
                open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, rights = line.split()[:2]
                if "r" not in rights or "[v" in line:
                    continue
                start, end = (int(x, 16) for x in span.split("-"))
                if end - start > self.SHADOW_BYTES:
                    continue
                for piece in range(start, end, self.PIECE_BYTES):
                    size = min(end - piece, self.PIECE_BYTES + 4096)
                    try:
                        memory.seek(piece)
                        yield memory.read(size)
                    except (OSError, ValueError, OverflowError):
                        continue

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(15)
        self.process.stdout.close()
        return code


def cmif(*arguments, stdin=b"", timeout=120):
    if isinstance(stdin, str):
        stdin = stdin.encode()
    done = subprocess.run([CMIF, *map(str, arguments)], input=stdin,
                          capture_output=True, timeout=timeout, check=False)
    assert 0 <= done.returncode < 128, done
    return done


class EndToEnd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="cmif-e2e-"))
        cls.servers = {}
        for kind in ("bert", "llama"):
            source = cls.folder / f"{kind}.gguf"
            subprocess.run([TINY, kind, source, "1"], check=True)
            done = cmif("split", source, "-o", cls.folder / kind)
            assert done.returncode == 0, done.stderr
            cls.servers[kind] = Server(cls.folder / kind / "body.gguf")

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers.values():
            server.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def words(self, command, kind, *more, server=None):
        address = (server or self.servers[kind]).address
        return [command, "--bundle", self.folder / kind, "--server", address,
                *more]

    def client(self, *words, server=None, stdin=b""):
        return cmif(*self.words(*words, server=server), stdin=stdin)

    def start(self, *words, server=None, **pipes):
        """A client that runs beside the test."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
        client = subprocess.Popen([CMIF, *self.words(*words, server=server)],
                                  **pipes)
        self.addCleanup(client.kill)
        return client

    def message(self, stderr):
        """What `ask` says besides its notes: one line."""
        lines = [line for line in stderr.decode(errors="replace").splitlines()
                 if not line.startswith(("guarantee: ", "hardening: ",
                                         "asked: ", "rows given away: "))]
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith("cmif: "), lines)
        return lines[0]

    # One line per input line, in order, and the JSON contract.

    def test_classify_lines_in_order(self):
        lines = ["bada kilo", "", "domu 42 gi", "\x00", "nope"] * 20
        done = self.client("classify", "bert", "--json",
                           stdin="\n".join(lines) + "\n")
        self.assertEqual(done.returncode, SOME_LINES, done.stderr)
        out = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(out), len(lines))
        for given, got in zip(lines, out):
            self.assertEqual("error" in got, given in ("", "\x00"), got)

    def test_classify_many_lines_and_one_of_a_megabyte(self):
        lines = [f"bada {i}" for i in range(20000)]
        lines[7000] = "bada " * (2**20 // 5 + 1)
        done = self.client("classify", "bert", "--mechanism", "identity",
                           stdin="\n".join(lines))
        self.assertEqual(done.returncode, SOME_LINES, done.stderr)
        out = [x.split("\t")[-1] for x in done.stdout.decode().splitlines()]
        lines[7000] = "error"
        self.assertEqual(len(out), len(lines))
        self.assertTrue(out == lines, "another order")  # no diff of so many
        self.assertEqual(done.stderr.count(b"cmif: line 7001: "), 1)

    def test_json_contract(self):
        done = self.client("classify", "bert", "--json", stdin="bada 42 kilo!")
        got = json.loads(done.stdout)
        for key in ("words", "words_changed", "words_public",
                    "words_unprotected", "bytes_sent"):
            self.assertIsInstance(got[key], int, key)
        self.assertEqual(got["words"], 3)
        self.assertEqual(got["epsilon"], 1)
        self.assertLessEqual(got["epsilon_certified"], 1)
        self.assertGreaterEqual(got["epsilon_certified"], 0.999)
        self.assertAlmostEqual(got["epsilon_total"],
                               got["words_charged"] * got["epsilon_certified"])
        self.assertGreater(got["cluster_bits"], 1)
        self.assertEqual((got["mechanism"], got["guarantee"],
                          got["adjacency"]),
                         ("optimal", "cluster", "cluster"))
        self.assertAlmostEqual(sum(got["probabilities"].values()), 1)
        self.assertIn(got["label"], got["probabilities"])

    def test_identity_says_none(self):
        done = self.client("classify", "bert", "--json", "--mechanism",
                           "identity", "--epsilon", "inf", stdin="bada kilo")
        got = json.loads(done.stdout)
        self.assertEqual((got["text"], got["guarantee"], got["epsilon"]),
                         ("bada kilo", "none", "inf"))
        self.assertEqual(got["words_unprotected"], 2)
        self.assertIn(b"guarantee: none", done.stderr)

    def test_repeated_rows_travel_once(self):
        done = self.client("classify", "bert", "--json", "--mechanism",
                           "identity", stdin="bada kilo\n" * 30)
        sent = [json.loads(x)["bytes_sent"] for x in done.stdout.splitlines()]
        self.assertGreater(sent[0], 256 * 3)
        self.assertLess(max(sent[1:]), 16)

    def test_ask(self):
        done = self.client("ask", "llama", "--json", "--temperature", "0",
                           "--max-tokens", "12", "bada kilo domu")
        self.assertEqual(done.returncode, 0, done.stderr)
        got = json.loads(done.stdout)
        for key in ("tokens_in", "tokens_out", "bytes_sent", "bytes_received"):
            self.assertGreater(got[key], 0, key)
        self.assertIn("answer", got)
        self.assertEqual(got["words"], 3)

    def test_question_on_standard_input(self):
        ask = ("ask", "llama", "--json", "--mechanism", "identity",
               "--max-tokens", "2")
        for given, text in ((b"bada kilo\n", "bada kilo"),
                            (b"bada\n\nkilo", "bada\n\nkilo")):
            done = self.client(*ask, stdin=given)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["text"], text)
        descriptor = os.open(self.folder, os.O_RDONLY)
        done = subprocess.run(
            [CMIF, "ask", "--bundle", self.folder / "llama", "--server",
             self.servers["llama"].address], stdin=descriptor,
            capture_output=True, check=False)
        os.close(descriptor)
        self.assertEqual(done.returncode, NOT_PERMITTED, done.stderr)
        self.assertIn(b"cannot read standard input", done.stderr)

    def test_questions_that_are_no_text(self):
        not_utf8 = os.fsdecode(b"secret\xff")
        for more, stdin, says in (
                ([], b"", "empty"), ([""], b"", "empty"),
                ([" \n"], b"", "white space"),
                ([], b"secret \0 kilo", "NUL byte"),
                ([], b"secret\xff\n", "UTF-8"), ([not_utf8], b"", "UTF-8"),
                (["--system", not_utf8, "bada"], b"", "UTF-8")):
            done = self.client("ask", "llama", *more, stdin=stdin)
            self.assertEqual((done.returncode, done.stdout), (USAGE, b""))
            self.assertIn(says, self.message(done.stderr))
            self.assertNotIn(b"secret", done.stderr)

    def test_ask_repeats_with_a_seed_and_identity(self):
        answers = {
            self.client("ask", "llama", "--mechanism", "identity", "--seed",
                        "7", "--max-tokens", "16", "bada kilo").stdout
            for _ in range(3)}
        self.assertEqual(len(answers), 1)

    def test_posterior_rows_are_other_rows_for_the_same_words(self):
        said = {}
        for rows in ("plain", "posterior-raw"):
            done = self.client("classify", "bert", "--json", "--mechanism",
                               "medoid", "--rows", rows, stdin="bada kini\n")
            self.assertEqual(done.returncode, 0, done.stderr)
            said[rows] = json.loads(done.stdout)
            self.assertEqual(said[rows]["rows"], rows)
        plain, mean = said.values()
        for same in ("text", "bytes_sent", "epsilon_certified"):
            self.assertEqual(plain[same], mean[same], same)
        self.assertNotEqual(plain["probabilities"], mean["probabilities"])

    def test_ask_with_posterior_rows(self):
        def ask(rows, *flags):
            done = self.client("ask", "llama", "--json", "--temperature", "0",
                               "--max-tokens", "12", "--rows", rows, *flags,
                               "bada kini domo")
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)

        got = ask("posterior")
        self.assertIn(got["rows"], ("posterior-raw", "posterior-own-norm",
                                    "posterior-mean-norm"))
        self.assertGreater(got["tokens_out"], 0)
        # Without protection a word comes from nowhere else: its own row.
        self.assertEqual(ask("posterior", "--mechanism", "identity")["answer"],
                         ask("plain", "--mechanism", "identity")["answer"])

    def test_oblivious_rows_say_the_same(self):
        for command, kind, flags in (
                ("classify", "bert", ()),
                ("ask", "llama", ("--temperature", "0", "--max-tokens", "12"))):
            direct, oblivious = (
                self.client(command, kind, "--mechanism", "identity", *flags,
                            *more, stdin="bada kini domo, kini\n")
                for more in ((), ("--oblivious",)))
            self.assertEqual(oblivious.returncode, 0, oblivious.stderr)
            self.assertTrue(oblivious.stdout)
            self.assertEqual(oblivious.stdout, direct.stdout)
        done = self.client("classify", "bert", "--oblivious", "--rows",
                           "posterior", stdin="bada\n")
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn(b"--oblivious", done.stderr)

    def test_head_on_the_client_writes_the_same_text(self):
        for kind in ("llama", "tied"):
            source = self.folder / f"{kind}-head.gguf"
            subprocess.run([TINY, kind, source, "3"], check=True)
            answers = []
            for head in ("server", "client"):
                folder = self.folder / f"{kind}-head-{head}"
                done = cmif("split", source, "-o", folder, "--head", head)
                self.assertEqual(done.returncode, 0, done.stderr)
                server = Server(folder / "body.gguf")
                answers.append([])
                for heat, more in ((0, []), (1, ["--seed", "5"]),
                                   (0, ["--stop", "o"])):
                    done = cmif("ask", "--bundle", folder, "--server",
                                server.address, "--mechanism", "identity",
                                "--temperature", heat, "--max-tokens", "30",
                                "--json", *more, "bada kilo domu")
                    self.assertEqual(done.returncode, 0, done.stderr)
                    got = json.loads(done.stdout)
                    answers[-1].append([got[key] for key in (
                        "answer", "finish_reason", "tokens_out")])
                server.stop()
            self.assertEqual(*answers)
            self.assertEqual(answers[0][0][2], 30)

    def test_head_on_the_client_up_to_the_end_of_the_context(self):
        source = self.folder / "full.gguf"
        subprocess.run([TINY, "llama", source, "3"], check=True)
        folder = self.folder / "full"
        cmif("split", source, "-o", folder, "--head", "client")
        server = Server(folder / "body.gguf", "--tokens", "64")
        done = cmif("ask", "--bundle", folder, "--server", server.address,
                    "--mechanism", "identity", "--temperature", "0",
                    "--max-tokens", "1000", "--json", "bada kilo")
        self.assertEqual(done.returncode, 0, done.stderr)
        got = json.loads(done.stdout)
        self.assertEqual(got["finish_reason"], "context")
        self.assertEqual(got["tokens_in"] + got["tokens_out"], 65)
        server.stop()

    def owner_key(self, name):
        """An Ed25519 key pair of openssl's: the paths of both halves."""
        private, public = (self.folder / f"{name}.{x}" for x in ("key", "pub"))
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                        private], check=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out",
                        public], check=True)
        return private, public

    def test_sealed_bundle_opens_with_its_key_alone(self):
        private, public = self.owner_key("owner")
        _, other_public = self.owner_key("other")
        source, key = self.folder / "bert.gguf", self.folder / "bundle.key"
        folder = self.folder / "sealed"
        done = cmif("split", source, "-o", folder, "--seal", key,
                    "--owner-key", private)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        for path in [folder / "embedding.cmif", *folder.glob("channels/*")]:
            self.assertNotIn(b"kilo", path.read_bytes(), path)
        access = ["--bundle-key", key, "--owner-key", public]
        sanitize = ["sanitize", "--bundle", folder]
        done = cmif(*sanitize, *access, "--mechanism", "identity",
                    stdin="bada kilo")
        self.assertEqual(done.stdout, b"bada kilo\n", done.stderr)
        # The channel that split computed is found and opened.
        before = list(folder.glob("channels/*"))
        done = cmif(*sanitize, *access, stdin="bada kilo")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(before, list(folder.glob("channels/*")))
        wrong = self.folder / "wrong.key"
        wrong.write_text("ab" * 32 + "\n")
        none = self.folder / "none.key"
        none.write_text("no key\n")
        for more, said in (
                ([], b"--bundle-key"),
                (["--bundle-key", wrong], b"another bundle's"),
                (["--bundle-key", none], b"64 hex digits"),
                (["--bundle-key", key, "--owner-key", other_public],
                 b"not signed by the owner"),
                (["--bundle-key", key, "--owner-key", none], b"PEM")):
            done = cmif(*sanitize, *more, stdin="bada kilo")
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(done.stdout, b"")
            self.assertIn(said, done.stderr)
        done = cmif(*sanitize[:1], "--bundle", self.folder / "bert",
                    "--owner-key", public, stdin="bada")
        self.assertIn(b"not signed by the owner", done.stderr)

    def test_sealed_bundle_is_inspected_and_verified(self):
        private, public = self.owner_key("owner2")
        source, key = self.folder / "llama.gguf", self.folder / "bundle2.key"
        folder = self.folder / "sealed2"
        split = ["split", source, "-o", folder, "--seal", key, "--owner-key",
                 private, "--head", "client"]
        self.assertEqual(cmif(*split).returncode, 0)
        got = json.loads(cmif("inspect", "--json",
                              folder / "embedding.cmif").stdout)
        self.assertTrue(got["encrypted"])
        self.assertEqual(len(got["owner"]), 64)
        self.assertNotIn("vocabulary", got)
        got = json.loads(cmif("inspect", "--json", "--bundle-key", key,
                              folder / "embedding.cmif").stdout)
        self.assertIn("vocabulary", got)
        _, other = self.owner_key("other")
        for owner, says in ((public, b""), (other, b"not signed by the owner")):
            for more in ([], ["--bundle-key", key]):
                done = cmif("inspect", folder / "embedding.cmif", *more,
                            "--owner-key", owner)
                self.assertIn(says, done.stderr)
                self.assertEqual(done.returncode != 0, says != b"")
        done = cmif("inspect", folder / "body.gguf", "--owner-key", public)
        self.assertIn(b"is no bundle", done.stderr)
        for more in ([], ["--bundle-key", key, "--owner-key", public]):
            done = cmif("verify", folder, *more)
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            self.assertEqual(b"not opened" in done.stderr, not more)
            done = cmif("verify", folder, "--json", *more)
            self.assertEqual(json.loads(done.stdout)["bundle_opened"],
                             bool(more))
        channel = next(folder.glob("channels/*"))
        self.assertNotEqual(cmif("channel", "certify", channel).returncode, 0)
        done = cmif("channel", "certify", channel, "--bundle-key", key,
                    "--owner-key", public)
        self.assertIn(b"are not signed", done.stderr)
        done = cmif("channel", "certify", channel, "--bundle-key", key)
        self.assertEqual(done.returncode, 0, done.stderr)
        # A key of no use: only that is told, not that channels are bad.
        done = cmif("verify", self.folder / "bert", "--bundle-key", key)
        self.assertEqual(done.stdout.count(b"MISMATCH"), 1, done.stdout)
        bundle = folder / "embedding.cmif"
        bytes_ = bytearray(bundle.read_bytes())
        bytes_[-100] ^= 1
        bundle.write_bytes(bytes_)
        for more in ([], ["--bundle-key", key]):
            done = cmif("verify", folder, *more)
            self.assertIn(b"MISMATCH", done.stdout)
        # The key of a split that fails does not stay, one that is there does.
        os.remove(key)
        done = cmif(*split)
        self.assertEqual(done.returncode, ALREADY, done.stderr)
        self.assertFalse(key.exists())
        key.write_text("mine")
        self.assertEqual(cmif(*split, "--force").returncode, ALREADY)
        self.assertEqual(key.read_text(), "mine")
        inside = [folder / "k" if x == key else x for x in split]
        self.assertIn(b"keep the key elsewhere", cmif(*inside, "--force").stderr)
        done = cmif("split", source, "-o", self.folder / "s3", "--seal", "k")
        self.assertIn(b"go together", done.stderr)

    def test_noise_is_fresh(self):
        done = cmif("sanitize", "--bundle", self.folder / "bert",
                    stdin="bada kilo domu gi\n" * 50)
        self.assertGreater(len(set(done.stdout.splitlines())), 10)

    # What a server process holds.

    def test_server_never_holds_the_text(self):
        for mechanism in ("identity", "rnm-laplace", "optimal"):
            for kind, command in (("bert", "classify"), ("llama", "ask")):
                text = f"bada {MARKER} kilo"
                more = ["--max-tokens", "4", text] if command == "ask" else []
                done = self.client(command, kind, "--mechanism", mechanism,
                                   *more, stdin=text)
                self.assertEqual(done.returncode, 0, done.stderr)
        for server in self.servers.values():
            needle = MARKER.encode()
            self.assertFalse(any(needle in part for part in server.memory()))
            self.assertNotIn(MARKER, server.said())
        # The search can find: the program's own name is in there.
        self.assertTrue(any(b"cmif.v1" in part
                            for part in self.servers["bert"].memory()))

    # Servers that are absent, wrong, stopping.

    def test_no_server_fails_fast(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            address = f"127.0.0.1:{closed.getsockname()[1]}"
        start = time.monotonic()
        done = cmif("classify", "--bundle", self.folder / "bert", "--server",
                    address, "--epsilon", "3.25", stdin="bada")
        self.assertEqual(done.returncode, NO_SERVER, done.stderr)
        self.assertLess(time.monotonic() - start, 5)

    def test_body_of_another_model(self):
        done = self.client("classify", "bert", stdin="bada",
                           server=self.servers["llama"])
        self.assertEqual(done.returncode, DOES_NOT_FIT, done.stderr)
        self.assertIn(b"another model", done.stderr)

    def test_whole_model_is_not_served(self):
        done = cmif("server", "--body", self.folder / "llama.gguf",
                    "--listen", "127.0.0.1:0")
        self.assertIn(b"cmif split", done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_port_taken(self):
        done = cmif("server", "--body", self.folder / "bert/body.gguf",
                    "--listen", self.servers["bert"].address)
        self.assertEqual(done.returncode, ALREADY, done.stderr)

    def test_other_addresses_need_a_flag(self):
        done = cmif("server", "--body", self.folder / "bert/body.gguf",
                    "--listen", "0.0.0.0:0")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn(b"--insecure-bind", done.stderr)
        done = cmif("classify", "--bundle", self.folder / "bert", "--server",
                    "192.0.2.1:7070", stdin="bada")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn(b"--insecure", done.stderr)

    def test_prompt_longer_than_the_context(self):
        done = self.client("ask", "llama", "bada " * 3000)
        self.assertEqual(done.returncode, LIMIT, done.stderr)
        self.assertRegex(done.stderr.decode(), r"prompt has \d+ tokens.* \d+ a")

    def test_line_longer_than_the_model(self):
        done = self.client("classify", "bert",
                           stdin="bada\n" + "bada " * 3000 + "\nkilo\n")
        self.assertEqual(done.returncode, SOME_LINES)
        out = done.stdout.splitlines()
        self.assertEqual(len(out), 3)
        self.assertEqual(out[1], b"error")
        self.assertIn(b"tokens, the model takes at most", done.stderr)

    def test_server_dies_mid_stream(self):
        server = Server(self.folder / "bert/body.gguf")
        client = self.start("classify", "bert", server=server,
                            stdin=subprocess.PIPE)
        client.stdin.write(b"bada\n")
        client.stdin.flush()
        first = client.stdout.readline()
        self.assertTrue(first and first != b"error\n")
        server.stop(signal.SIGKILL)
        rest, error = client.communicate(b"kilo\ndomu\n", timeout=60)
        self.assertEqual(rest.splitlines(), [b"error", b"error"])
        self.assertEqual(client.returncode, NO_SERVER, error)

    def test_lines_that_left_are_charged_without_an_answer_too(self):
        for more in ((), ("--json",)):
            server = Server(self.folder / "bert/body.gguf")
            client = self.start("classify", "bert", *more, server=server,
                                stdin=subprocess.PIPE)
            client.stdin.write(b"bada\n")
            client.stdin.flush()
            self.assertTrue(client.stdout.readline())
            server.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, server.process.pid, os.WSTOPPED | os.WNOWAIT)
            client.stdin.write(b"kilo domu seri\n")
            client.stdin.flush()
            time.sleep(0.2)  # it may have left or not
            server.stop(signal.SIGKILL)
            error = client.communicate(timeout=60)[1]
            self.assertEqual(client.returncode, NO_SERVER, error)
            self.assertIn(b"charged: 4 draws", error)

    def test_what_cannot_be_printed_is_charged(self):
        for command, kind, more in (("ask", "llama", ["bada"]),
                                    ("ask", "llama", ["--json", "bada"]),
                                    ("classify", "bert", [])):
            with open("/dev/full", "wb") as full:
                done = self.start(command, kind, *more, stdout=full,
                                  stdin=subprocess.PIPE)
                error = done.communicate(b"bada\n", timeout=60)[1]
            self.assertEqual(done.returncode, NOT_PERMITTED, error)
            self.assertIn(b"charged: 1 draws", error)

    def test_question_without_its_whole_answer_is_charged(self):
        server = Server(self.folder / "llama/body.gguf")
        client = self.start("ask", "llama", "--max-tokens", "1900", "bada kilo",
                            server=server)
        self.assertTrue(client.stdout.read(1))
        server.stop(signal.SIGKILL)
        error = client.communicate(timeout=60)[1]
        self.assertEqual(client.returncode, NO_SERVER, error)
        for line in (b"asked: ", b"charged: 2 draws", b"rows given away: ",
                     b"charged again"):
            self.assertIn(line, error)

    def test_server_dies_while_it_answers(self):
        server = Server(self.folder / "llama/body.gguf")
        # Room for a few tokens: the client stands still within its answer, and
        # the server waits for a row of it.
        reading, writing = os.pipe()
        used = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096) - 16
        os.write(writing, b"-" * used)
        client = self.start("ask", "llama", "--mechanism", "identity",
                            "--temperature", "0", "bada kilo", server=server,
                            stdout=writing)
        os.close(writing)
        size = bytearray(4)
        while int.from_bytes(size, sys.byteorder) <= used:
            self.assertIsNone(client.poll())
            time.sleep(0.01)
            fcntl.ioctl(reading, termios.FIONREAD, size)
        server.stop(signal.SIGKILL)
        with open(reading, "rb") as answer:
            self.assertGreater(len(answer.read()), used)
        error = client.communicate(timeout=60)[1]
        self.assertEqual(client.returncode, NO_SERVER, error)
        self.assertIn("start it again", self.message(error))

    def test_drain(self):
        server = Server(self.folder / "llama/body.gguf")
        done = self.client("ask", "llama", "--max-tokens", "8", "bada",
                           server=server)
        self.assertEqual(done.returncode, 0, done.stderr)
        start = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - start, 11)

    def test_client_that_reads_nothing_any_more(self):
        server = Server(self.folder / "llama/body.gguf")
        stopped = self.start("ask", "llama", "--max-tokens", "1900", "bada",
                             server=server)
        stopped.stdout.read(1)
        stopped.send_signal(signal.SIGSTOP)
        self.assertIsNone(stopped.poll())
        done = self.client("ask", "llama", "--max-tokens", "8", "kilo",
                           server=server)
        self.assertEqual(done.returncode, 0, done.stderr)
        start = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - start, 11)
        stopped.send_signal(signal.SIGCONT)
        stopped.communicate(timeout=60)

    def test_connection_that_says_nothing(self):
        server = Server(self.folder / "bert/body.gguf")
        host, port = server.address.rsplit(":", 1)
        with socket.create_connection((host, int(port))):
            done = self.client("classify", "bert", stdin="bada", server=server)
            self.assertEqual(done.returncode, 0, done.stderr)
            start = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - start, 11)

    # What no client and no server of gRPC's would send.

    WORDS = "a word\x1b[31m that\ncmif: a peer sent"

    def test_server_repeats_no_header_of_a_client(self):
        server = Server(self.folder / "bert/body.gguf")
        host, port = server.address.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(http2.PREFACE + http2.frame(http2.SETTINGS)
                         + http2.frame(
                http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, 1,
                http2.headers({
                    ":method": "POST", ":scheme": "http", "te": "trailers",
                    ":path": "/cmif.v1.Inference/Hello", ":authority": "x",
                    "content-type": "application/grpc",
                    "grpc-encoding": self.WORDS, "grpc-timeout": self.WORDS})))
            self.assertTrue(peer.recv(1))
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("a peer sent", server.said())

    @staticmethod
    def reply(body=b"", **fields):
        """Headers of a reply and what follows; the stream stays open."""
        block = http2.headers({":status": "200",
                               "content-type": "application/grpc", **fields})
        return lambda call: (
            http2.frame(http2.HEADERS, http2.END_HEADERS, call, block)
            + http2.frame(http2.DATA, 0, call, body))

    def hello(self, kind):
        """What the server of this split says at first."""
        facts = json.loads((self.folder / kind / "manifest.json").read_text())
        body = http2.message({
            1: PROTOCOL, 2: facts["model_id"], 3: facts["body"]["sha256"],
            5: facts["partition"], 6: facts["table_type"], 7: facts["width"],
            8: 64, 9: 1, 10: 4, 11: len(facts["labels"]), 12: 64})
        end = http2.headers({"grpc-status": "0"})
        return lambda call: self.reply(body)(call) + http2.frame(
            http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, call, end)

    def of_odd_server(self, command, kind, *replies):
        server = http2.OddServer(*replies)
        self.addCleanup(server.stop)
        start = time.monotonic()
        more = ["bada"] if command == "ask" else []
        done = self.client(command, kind, *more, server=server, stdin=b"bada\n")
        self.assertLess(time.monotonic() - start, 20)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_client_repeats_no_header_of_a_server(self):
        spoiled = self.reply(**{"grpc-encoding": self.WORDS,
                                "grpc-status": self.WORDS})
        self.assertNotIn(b"a peer sent",
                         self.of_odd_server("classify", "bert", spoiled))

    def test_why_the_server_ended_a_call_is_told_and_whose_words_it_is(self):
        end = http2.headers({":status": "200", "grpc-status": "8",
                             "content-type": "application/grpc",
                             "grpc-message": "full). cmif: all is well"})
        full = lambda call: http2.frame(
            http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, call, end)
        for command, kind in (("classify", "bert"), ("ask", "llama")):
            said = self.of_odd_server(command, kind, self.hello(kind), full)
            self.assertIn(b"reason given: full). cmif: all is well\n", said)
            self.assertNotIn(b"\ncmif: all", said)

    def test_a_message_that_cannot_be_read_ends_the_call(self):
        spoiled = self.reply(b"\0\0\0\0\2\xff\xff")
        for command, kind in (("classify", "bert"), ("ask", "llama")):
            said = self.of_odd_server(command, kind, self.hello(kind), spoiled)
            self.assertIn(b"cannot be read", said)

    def test_many_clients_at_once(self):
        clients = [self.start("ask", "llama", "--mechanism", "identity",
                              "--temperature", "0", "--max-tokens", "24",
                              "bada kilo") for _ in range(10)]
        answers = [c.communicate(timeout=120)[0] for c in clients]
        self.assertTrue(all(c.returncode == 0 for c in clients))
        self.assertEqual(len(answers), 10)


if __name__ == "__main__":
    CMIF, TINY = sys.argv[1], sys.argv[2]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
