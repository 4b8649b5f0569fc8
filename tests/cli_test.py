#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input through the program itself, for all that needs no server.

cli_test.py CMIF WRITE_TINY_MODEL: each case expects the documented exit code
(src/cmif/cli/terminal.h), one clear line on stderr, no crash, and nothing
half-written.
"""
import http.client
import json
import math
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock as mock
from pathlib import Path

CMIF, TINY = "", ""
EVIDENCE = Path(__file__).parent.parent / "testdata" / "evidence"
SOME_LINES, USAGE, BAD_DATA, NOT_FOUND, NOT_PERMITTED = 1, 2, 3, 4, 5
DOES_NOT_FIT, UNSUPPORTED, LIMIT, ALREADY_THERE = 7, 8, 9, 10
SPLIT_FILES = {"body.gguf", "embedding.cmif", "manifest.json"}
WHOLE_LINE = b"bada kilo, domu 42!"


def run(*arguments, stdin=b"", before=None, timeout=120, prefix=()):
    """Runs cmif; a signal, a code of 128 or more or a sanitizer is a crash."""
    done = subprocess.run([*prefix, CMIF, *map(str, arguments)], input=stdin,
                          capture_output=True, timeout=timeout,
                          preexec_fn=before, check=False)
    crashed = (done.returncode < 0 or done.returncode >= 128
               or b"Sanitizer" in done.stderr
               or b"terminate called" in done.stderr
               or b"GGML_ASSERT" in done.stderr)
    if crashed:
        raise AssertionError(f"cmif {arguments} crashed ({done.returncode}): "
                             f"{done.stderr[-2000:]!r}")
    return done


def limited(size):
    """A preexec_fn: no file may grow beyond this (stands for a full disk; it
    counts for files in memory too, such as the tokenizer's)."""
    def before():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return before


# Even root then needs the permission to write.
PLAIN = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]


class CliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="cmif-cli-"))
        for kind in ("bert", "llama", "tied", "mamba", "nolabels"):
            cls.write(kind, cls.folder / f"{kind}.gguf")
        for kind in ("bert", "llama"):
            done = run("split", cls.folder / f"{kind}.gguf", "-o",
                       cls.folder / kind)
            assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    @staticmethod
    def write(kind, path, seed=1):
        subprocess.run([TINY, kind, path, str(seed)], check=True)

    def setUp(self):
        self.out = self.folder / "out"
        shutil.rmtree(self.out, ignore_errors=True)

    def expect(self, code, *arguments, says=(), **keywords):
        """One line on stderr, the exit code, nothing in self.out."""
        done = run(*arguments, **keywords)
        text = done.stderr.decode(errors="replace")
        lines = [x for x in text.splitlines() if x.startswith("cmif: ")]
        self.assertEqual(done.returncode, code, text)
        self.assertEqual(len(lines), 1, text)
        self.assertGreater(len(lines[0]), 20, text)
        for word in says:
            self.assertIn(word, lines[0])
        if self.out.is_dir():
            self.assertEqual(list(self.out.iterdir()), [], "left behind")
        return done

    def split(self, code, model, *more, **keywords):
        return self.expect(code, "split", model, "-o", self.out, *more,
                           **keywords)

    def sanitize(self, stdin, *more, bundle="bert"):
        return run("sanitize", "--bundle", self.folder / bundle, *more,
                   stdin=stdin)

    # Flags and commands.

    def test_input_that_cannot_be_read_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            descriptor = os.open(folder, os.O_RDONLY)
            done = subprocess.run(
                [CMIF, "sanitize", "--bundle", self.folder / "bert"],
                stdin=descriptor, capture_output=True, check=False)
            os.close(descriptor)
        self.assertEqual(done.returncode, NOT_PERMITTED, done.stderr)
        self.assertIn(b"cannot read standard input", done.stderr)

    def test_numbers_and_addresses_are_checked_before_any_work(self):
        ask = ["ask", "--bundle", self.folder / "llama"]
        for more, word in (
                (["--temperature", "nan"], "temperature"),
                (["--seed", "1e30"], "--seed"), (["--stop", ""], "--stop"),
                (["--epsilon", "0x1"], "--epsilon"),
                (["--server", "127.0.0.1"], "HOST:PORT"),
                (["--server", "127.0.0.1:99999"], "HOST:PORT")):
            self.expect(USAGE, *ask, *more, "bada", says=[word])
        self.expect(USAGE, "sanitize", "--bundle", self.folder / "bert",
                    "--adjacency", "two-level", "--epsilon-cluster", "15.5",
                    says=["--epsilon-cluster"])

    def test_a_channel_file_is_no_bundle(self):
        channel = next((self.folder / "bert" / "channels").iterdir())
        self.expect(USAGE, "inspect", channel, says=["cmif channel inspect"])

    def commands(self, *names):
        """The command of these names and all below it, by their own help."""
        yield names
        text = run(*names, "--help").stdout.decode()
        _, _, below = text.partition("\nSubcommands:\n")
        for name in re.findall(r"^  (\S+)", below.partition("\n\n")[0], re.M):
            yield from self.commands(*names, name)

    def test_help_and_version(self):
        commands = list(self.commands())
        self.assertIn(("broker", "policy", "test"), commands)
        for command in commands:
            for flag in ("--help", "--version"):
                done = run(*command, flag)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertTrue(done.stdout)

    def test_usage(self):
        self.expect(USAGE, "frobnicate", says=["frobnicate"])
        self.expect(USAGE, "--frobnicate", says=["frobnicate"])
        self.expect(USAGE, "inspect", "--frobnicate", "x", says=["--frobnicate"])
        self.expect(USAGE, "inspect", "--frob=y", "x", says=["(--frob)"])
        self.expect(USAGE)
        self.expect(USAGE, "split")
        self.expect(USAGE, "sanitize")
        self.expect(USAGE, "split", self.folder / "bert.gguf")
        self.split(USAGE, self.folder / "bert.gguf", "--head", "nobody")
        self.expect(USAGE, "split", self.folder / "bert.gguf", "--outptu", "x",
                    says=["--output is required", "no such flag (--outptu)"])
        for group in (("channel",), ("attest",), ("broker",),
                      ("broker", "policy")):
            self.expect(USAGE, *group, "frob",
                        says=["there is no such command: frob"])
        # Here none has to follow.
        self.expect(USAGE, "broker", "log", "--state", "x", "--frob",
                    says=["--frob"])

    def test_texts_behind_two_dashes_are_no_flags(self):
        for more in (("--illness",), ("--illness", "hello", "there")):
            for command in ("sanitize", "ask"):
                done = run(command, "--bundle", "d", "--", "more", *more)
                self.assertEqual(done.returncode, USAGE)
                self.assertNotIn(b"illness", done.stderr)

    def test_messages_repeat_no_value(self):
        for flag in ("--seed", "--temperature", "--max-tokens", "--timeout",
                     "--top-p", "--repeats", "--rows"):
            for text in ("my secret illness", "my secret\nillness"):
                for given in ((flag, text), (f"{flag}={text}",)):
                    done = self.expect(USAGE, "ask", *given, "--bundle", "d",
                                       says=[flag])
                    self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                    self.assertNotIn(b"illness", done.stderr)

    @unittest.skipUnless(shutil.which("readelf"), "no readelf")
    def test_no_library_comes_from_the_current_folder(self):
        dynamic = subprocess.run(["readelf", "-d", CMIF], check=True,
                                 capture_output=True, text=True).stdout
        for paths in re.findall(r"\(R(?:UN)?PATH\).*\[(.*)\]", dynamic):
            for path in paths.split(":"):
                self.assertRegex(path, r"^(/|\$ORIGIN)", paths)

    def test_epsilon(self):
        bundle = ("sanitize", "--bundle", self.folder / "bert")
        for value in ("0", "-1", "nan", "abc", "17", "inf", "", "1x", "-inf",
                      "0.0009", "1e999"):
            self.expect(USAGE, *bundle, f"--epsilon={value}",
                        says=["--epsilon"], stdin=WHOLE_LINE)
            if value:
                self.split(USAGE, self.folder / "bert.gguf",
                           f"--epsilon={value}")
        self.expect(USAGE, *bundle, "--mechanism", "rot13", says=["--mechanism"])

    def test_infinite_epsilon_is_for_identity(self):
        done = self.sanitize(WHOLE_LINE, "--mechanism", "identity",
                             "--epsilon", "inf")
        self.assertEqual((done.returncode, done.stdout),
                         (0, WHOLE_LINE + b"\n"))
        self.assertIn(b"guarantee: none", done.stderr)

    # Files.

    def test_missing_files(self):
        nowhere = self.folder / "nowhere"
        self.split(NOT_FOUND, nowhere, says=["nowhere"])
        self.expect(NOT_FOUND, "inspect", nowhere, says=["nowhere"])
        self.expect(NOT_FOUND, "verify", nowhere, says=["nowhere"])
        self.out.mkdir()  # a folder that is no split
        self.expect(NOT_FOUND, "verify", self.out, says=["manifest.json"])
        self.expect(NOT_FOUND, "sanitize", "--bundle", nowhere,
                    says=["nowhere"], stdin=WHOLE_LINE)

    def test_folder_or_pipe_for_a_file(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        for path in (self.folder, pipe):
            for command in (("split", "-o", self.out), ("inspect",),
                            ("server", "--listen", "127.0.0.1:0", "--body")):
                self.expect(USAGE, *command, path, timeout=20,
                            says=["is not a regular file"])

    def test_model_in_the_output_folder_stays(self):
        folder, link = self.folder / "own", self.folder / "link.gguf"
        folder.mkdir()
        model = folder / "body.gguf"
        shutil.copy(self.folder / "bert.gguf", model)
        link.symlink_to(model)
        for source in (model, link):
            for more in ((), ("--force",)):
                self.expect(USAGE, "split", source, "-o", folder, *more,
                            says=["is the model itself"])
        self.assertEqual(list(folder.iterdir()), [model])
        self.assertEqual(model.read_bytes(),
                         (self.folder / "bert.gguf").read_bytes())

    def test_truncated_model(self):
        whole = (self.folder / "bert.gguf").read_bytes()
        cut = self.folder / "cut.gguf"
        for size in (0, 3, 20, 100, 5000, len(whole) // 2, len(whole) - 64):
            cut.write_bytes(whole[:size])
            self.split(BAD_DATA, cut)
            self.expect(BAD_DATA, "inspect", cut)

    def test_corrupt_model(self):
        whole = (self.folder / "llama.gguf").read_bytes()
        bad = self.folder / "bad.gguf"
        for at in list(range(0, 200, 3)) + list(range(200, 9000, 397)):
            data = bytearray(whole)
            data[at] ^= 0xFF
            bad.write_bytes(data)
            run("inspect", bad)
            run("split", bad, "-o", self.out)
            shutil.rmtree(self.out, ignore_errors=True)

    def test_other_models(self):
        self.split(UNSUPPORTED, self.folder / "mamba.gguf",
                   says=["'mamba'", "llama, bert"])
        self.split(UNSUPPORTED, self.folder / "nolabels.gguf",
                   says=["labels"])
        self.split(DOES_NOT_FIT, self.folder / "llama" / "body.gguf")
        text = self.folder / "text.gguf"
        text.write_text("no model at all\n")
        self.split(BAD_DATA, text)
        self.expect(BAD_DATA, "inspect", text)

    def test_folder_in_use(self):
        before = (self.folder / "bert/manifest.json").read_bytes()
        self.expect(ALREADY_THERE, "split", self.folder / "llama.gguf", "-o",
                    self.folder / "bert", says=["--force"])
        self.assertEqual((self.folder / "bert/manifest.json").read_bytes(),
                         before)

    def test_folder_below_a_file(self):
        self.expect(NOT_FOUND, "split", self.folder / "bert.gguf", "-o",
                    self.folder / "bert.gguf" / "below")

    @unittest.skipUnless(shutil.which("setpriv"), "no setpriv")
    def test_unwritable_folder(self):
        self.out.mkdir(mode=0o555)
        prefix = PLAIN if os.geteuid() == 0 else ()
        self.split(NOT_PERMITTED, self.folder / "bert.gguf", prefix=prefix)

    def test_files_that_may_not_grow(self):
        biggest = max((self.folder / "llama" / name).stat().st_size
                      for name in SPLIT_FILES)
        for share in (0, 0.1, 0.3, 0.9):
            self.split(LIMIT, self.folder / "llama.gguf",
                       before=limited(int(biggest * share)))

    def test_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir(exist_ok=True)
        room = self.folder / "room"
        done = run("split", self.folder / "bert.gguf", "-o", room)
        self.assertEqual(done.returncode, 0, done.stderr)
        whole = sum(path.stat().st_blocks // 2
                    for path in room.rglob("*") if path.is_file())
        # The last: there is room for all but the channel.
        for kilobytes in (16, 64, 128, 200, whole - 8):
            mounted = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs",
                 disk], capture_output=True, check=False)
            if mounted.returncode != 0:
                self.skipTest("no right to mount a small disk")
            try:
                self.expect(LIMIT, "split", self.folder / "bert.gguf", "-o",
                            disk / "out", says=["No space left"])
                self.assertEqual(list(disk.iterdir()), [])
            finally:
                subprocess.run(["umount", disk], check=True)

    def test_cluster_files(self):
        clusters = self.folder / "clusters.json"
        for text in ("", "{", "[1]", "[[0]]", "[[1000000]]", "[[7, 7]]"):
            clusters.write_text(text)
            self.split(USAGE, self.folder / "bert.gguf", "--clusters",
                       clusters, says=[str(clusters)])
        self.split(NOT_FOUND, self.folder / "bert.gguf", "--clusters",
                   self.folder / "nowhere")

    # Split folders.

    def mixed(self):
        shutil.copytree(self.folder / "bert", self.out)
        return self.out

    def test_verify_accepts(self):
        done = run("verify", self.folder / "llama")
        self.assertEqual(done.returncode, 0)
        # Which measures a kernel lacks is hardening_test.py's matter.
        self.assertRegex(done.stderr, rb"^(hardening: .*\n)?$")

    def test_parts_of_different_models(self):
        for name in SPLIT_FILES:
            folder = self.mixed()
            shutil.copy(self.folder / "llama" / name, folder / name)
            done = run("verify", folder)
            self.assertEqual(done.returncode, BAD_DATA)
            self.assertIn(b"MISMATCH", done.stdout)
            if name != "body.gguf":
                done = run("sanitize", "--bundle", folder, stdin=WHOLE_LINE)
                self.assertEqual(done.returncode, DOES_NOT_FIT)
            shutil.rmtree(folder)

    def test_verify_names_a_missing_file_once(self):
        folder = self.mixed()
        for name in ("body.gguf", "embedding.cmif"):
            (folder / name).unlink()
            done = run("verify", folder, "--json")
            self.assertEqual(done.returncode, BAD_DATA)
            mismatches = json.loads(done.stdout)["mismatches"]
            self.assertEqual(sum(name in x for x in mismatches), 1, mismatches)

    def test_verify_looks_at_channels(self):
        folder = self.mixed()
        shutil.rmtree(folder / "channels", ignore_errors=True)
        run("sanitize", "--bundle", folder, stdin=WHOLE_LINE)
        (channel,) = (folder / "channels").iterdir()
        self.assertEqual(run("verify", folder).returncode, 0)
        whole = channel.read_bytes()
        channel.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
        done = run("verify", folder)
        self.assertEqual(done.returncode, BAD_DATA)
        self.assertIn(channel.name.encode(), done.stdout)
        run("channel", "build", "--bundle", self.folder / "llama", "-o",
            channel)
        done = run("verify", folder, "--json")
        self.assertEqual(done.returncode, BAD_DATA)
        facts = json.loads(done.stdout)
        self.assertEqual(facts["channels"], 1)
        self.assertIn("made for model", facts["mismatches"][0])
        shutil.rmtree(folder / "channels")
        (folder / "channels").write_text("no folder")
        done = run("verify", folder)
        self.assertEqual(done.returncode, BAD_DATA)
        self.assertIn(b"MISMATCH channels: ", done.stdout)

    def test_broken_bundle(self):
        folder = self.mixed()
        whole = (folder / "embedding.cmif").read_bytes()
        for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
            (folder / "embedding.cmif").write_bytes(whole[:size])
            self.assertEqual(run("verify", folder).returncode, BAD_DATA)
            done = run("sanitize", "--bundle", folder, stdin=WHOLE_LINE)
            self.assertEqual((done.returncode, done.stdout), (BAD_DATA, b""))

    def test_broken_manifest(self):
        folder = self.mixed()
        for text in ("", "{", "[]", "{}", "\xff"):
            (folder / "manifest.json").write_text(text, encoding="latin-1")
            self.assertEqual(run("verify", folder).returncode, BAD_DATA)
            done = run("sanitize", "--bundle", folder, stdin=WHOLE_LINE)
            self.assertEqual((done.returncode, done.stdout), (BAD_DATA, b""))

    # Lines.

    def test_lines_that_fail_keep_their_place(self):
        lines = [b"bada", b"", b" \t ", b"se\0cret", b"secret\xff", b"kilo"]
        for more in ((), ("--mechanism", "identity")):
            done = self.sanitize(b"\n".join(lines), *more)
            out = done.stdout.split(b"\n")
            self.assertEqual(done.returncode, SOME_LINES)
            self.assertEqual(out[1:5], [b"error"] * 4)
            self.assertEqual(len(out), 7)
            self.assertNotIn(b"error", (out[0], out[5]))
            self.assertNotIn(b"cret", done.stderr)
            for number in range(2, 6):
                self.assertIn(f"line {number}".encode(), done.stderr)

    def test_lines_that_fail_as_json(self):
        done = self.sanitize(b"bada\n\nkilo\n", "--json")
        objects = [json.loads(x) for x in done.stdout.splitlines()]
        self.assertEqual(["error" in x for x in objects],
                         [False, True, False])

    def test_contract_of_json(self):
        done = self.sanitize(WHOLE_LINE, "--json")
        keys = json.loads(done.stdout)
        for key in ("text", "words", "words_changed", "words_public",
                    "words_unprotected", "epsilon", "epsilon_certified",
                    "epsilon_total", "epsilon_document", "delta", "repeats",
                    "cluster_bits", "mechanism", "adjacency", "guarantee"):
            self.assertIn(key, keys)
        self.assertEqual((keys["delta"], keys["repeats"]), (1e-6, "fresh"))
        self.assertLessEqual(keys["epsilon_document"], keys["epsilon_total"])
        self.assertAlmostEqual(keys["epsilon_total"],
                               5 * keys["epsilon_certified"], places=5)
        done = self.sanitize(WHOLE_LINE, "--json", "--mechanism", "identity")
        keys = json.loads(done.stdout)
        self.assertEqual((keys["epsilon"], keys["epsilon_document"]),
                         ("inf", "inf"))

    def test_repeats(self):
        line = b"bada kilo bada bada 4 4"
        for repeats, draws in (("fresh", 6), ("linked", 3)):
            done = self.sanitize(b"\n".join([line] * 40), "--json", "--repeats",
                                 repeats)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = [json.loads(x) for x in done.stdout.splitlines()]
            outputs = {x["text"] for x in lines}
            # Every line is its own conversation.
            self.assertGreater(len(outputs), 20)
            for keys in lines:
                self.assertEqual((keys["repeats"], keys["words_charged"]),
                                 (repeats, draws))
                self.assertAlmostEqual(keys["epsilon_total"],
                                       draws * keys["epsilon_certified"], 5)
            same = all(len({x.split()[i] for i in (0, 2, 3)}) == 1
                       for x in outputs)
            self.assertEqual(same, repeats == "linked")
        self.expect(USAGE, "sanitize", "--bundle", self.folder / "bert",
                    "--repeats", "once", stdin=WHOLE_LINE, says=["--repeats"])

    def test_delta(self):
        bundle = ("sanitize", "--bundle", self.folder / "bert")
        for value in ("0", "-1", "nan", "inf", "1", "0.51", "1e-31", "", "x"):
            self.expect(USAGE, *bundle, f"--delta={value}", says=["--delta"],
                        stdin=WHOLE_LINE)
        line = b"bada kilo domu " * 100
        found = []
        for delta in ("0.01", "1e-6", "1e-30"):
            done = self.sanitize(line, "--json", "--delta", delta)
            keys = json.loads(done.stdout)
            self.assertEqual(keys["delta"], float(delta))
            self.assertAlmostEqual(keys["epsilon_total"],
                                   300 * keys["epsilon_certified"], places=4)
            found.append(keys["epsilon_document"])
        self.assertEqual(found, sorted(found))
        self.assertLess(found[0], found[-1])
        self.assertLess(found[1], 200)

    def test_one_line_says_what_was_charged(self):
        done = self.sanitize(b"bada kilo\nbada kilo domu\n")
        lines = [x for x in done.stderr.decode().splitlines()
                 if x.startswith("charged:")]
        self.assertEqual(len(lines), 1, done.stderr)
        for word in ("5 draws", "fresh", "2 lines", "plain sum", "delta 1e-06"):
            self.assertIn(word, lines[0])
        done = self.sanitize(WHOLE_LINE, "--mechanism", "identity")
        self.assertNotIn(b"charged:", done.stderr)

    def test_empty_input(self):
        done = self.sanitize(b"")
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_line_of_a_megabyte(self):
        line = b"bada kilo, " * (2**20 // 11)
        for bundle in ("bert", "llama"):
            for more in ((), ("--mechanism", "identity")):
                done = self.sanitize(line, *more, bundle=bundle)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stdout.count(b"\n"), 1)
                self.assertEqual(done.stdout.count(b","), line.count(b","))

    def test_line_beyond_the_limit(self):
        done = self.sanitize(b"x" * (17 * 2**20) + b"\nbada\n", "--mechanism",
                             "identity")
        self.assertEqual((done.returncode, done.stdout),
                         (SOME_LINES, b"error\nbada\n"))

    def test_many_lines(self):
        lines = b"".join(b"bada kilo %d\n" % i for i in range(100000))
        for more in ((), ("--mechanism", "identity")):
            done = self.sanitize(lines, *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.count(b"\n"), 100000)
            if more:
                self.assertEqual(done.stdout, lines)

    def test_reader_that_goes_away(self):
        with subprocess.Popen(
                [CMIF, "sanitize", "--bundle", str(self.folder / "bert")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE) as process:
            process.stdout.close()
            try:
                process.stdin.write(b"bada kilo\n" * 100000)
                process.stdin.close()
            except BrokenPipeError:
                pass
            text = process.stderr.read()
        self.assertEqual(process.returncode, NOT_PERMITTED, text)
        self.assertEqual(text.count(b"cmif: "), 1, text)

    def test_full_output(self):
        if not Path("/dev/full").exists():
            self.skipTest("no /dev/full")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [CMIF, "inspect", "--json", str(self.folder / "bert.gguf")],
                stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertGreater(128, done.returncode)
        self.assertEqual(done.stderr.count(b"cmif: "), 1)

    def test_a_channel_that_cannot_be_kept_is_used_all_the_same(self):
        folder = self.mixed()
        shutil.rmtree(folder / "channels")
        (folder / "channels").write_text("no folder")
        done = run("sanitize", "--bundle", folder, stdin=WHOLE_LINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count(b"\n"), 1)

    # Audit.

    def audit(self, code, *more, **keywords):
        return self.expect(code, "audit", "--bundle", self.folder / "bert",
                           "--report", self.out, *more, **keywords)

    def channel(self, *flags):
        """Builds a channel of the BERT bundle; its file and its facts."""
        path = self.folder / "one.channel"
        done = run("channel", "build", "--bundle", self.folder / "bert", "-o",
                   path, "--json", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path, json.loads(done.stdout)

    def test_channel_build_is_what_sanitize_deploys(self):
        path, facts = self.channel("--mechanism", "krr", "--epsilon", "2")
        folder = self.folder / "bert" / "channels"
        before = set(folder.iterdir())
        run("sanitize", "--bundle", self.folder / "bert", "--mechanism", "krr",
            "--epsilon", "2", stdin=WHOLE_LINE)
        (deployed,) = set(folder.iterdir()) - before
        self.assertEqual(deployed.read_bytes(), path.read_bytes())
        for command in ("inspect", "certify"):
            done = run("channel", command, path, "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["sha256"],
                             facts["sha256"])
        self.assertLessEqual(facts["epsilon_certified"], 2)

    def test_channel_dump_is_the_table(self):
        path, facts = self.channel("--mechanism", "rnm-laplace")
        worst = 0
        for number in range(facts["clusters"]):
            done = run("channel", "dump", path, "--cluster", number, "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            table = json.loads(done.stdout)
            size = len(table["ids"])
            self.assertEqual(len(table["words"]), size)
            self.assertEqual(len(table["utilities"]), size)
            for row in table["weights"]:
                self.assertEqual(sum(row), 1 << 32)
            for column in zip(*table["weights"], strict=True):
                worst = max(worst, math.log(max(column) / min(column)))
        self.assertAlmostEqual(worst, facts["epsilon_certified"], delta=2e-6)
        self.expect(NOT_FOUND, "channel", "dump", path, "--cluster",
                    facts["clusters"])

    def test_channel_files_that_do_not_hold(self):
        path, _ = self.channel()
        whole = path.read_bytes()
        edited = self.folder / "edited.channel"
        for content in (b"", whole[:100], whole[:-1], whole + b"x",
                        whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:]):
            edited.write_bytes(content)
            for command in ("inspect", "certify"):
                self.expect(BAD_DATA, "channel", command, edited)
        self.expect(NOT_FOUND, "channel", "certify", self.folder / "absent")

    def test_channel_flags(self):
        build = ("channel", "build", "--bundle", self.folder / "bert", "-o",
                 self.folder / "two.channel")
        for flags in (("--mechanism", "identity"), ("--mechanism", "none"),
                      ("--adjacency", "two-level"), ("--epsilon", "0"),
                      ("--epsilon-cluster", "1"),
                      ("--adjacency", "two-level", "--epsilon", "10",
                       "--epsilon-cluster", "7")):
            self.expect(USAGE, *build, *flags)
        counts = self.folder / "counts"
        for text in ("bada -1", "bada x", "bada 0", ""):
            counts.write_text(text)
            self.expect(USAGE, *build, "--prior", counts)
        self.assertFalse((self.folder / "two.channel").exists())

    def test_channel_compare(self):
        done = run("channel", "compare", "--bundle", self.folder / "bert",
                   "--epsilon", "0.5,2", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        names = {row["mechanism"] for row in rows}
        self.assertEqual(len(rows), 2 * len(names))
        for row in rows:
            self.assertLessEqual(row["epsilon_certified"], row["epsilon"])
            self.assertLessEqual(row["bayes_success"],
                                 row["bayes_bound"] + 1e-6)
            self.assertEqual(row["guarantee"], "cluster")
            self.assertNotIn("one_way_pairs", row)

    def test_channel_rows(self):
        for kind, count in (("bert", 2), ("llama", 1)):
            done = run("channel", "rows", "--bundle", self.folder / kind,
                       "--epsilon", "1", "--draws", count, "--texts", "3",
                       "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            rows = {row["rows"]: row for row in
                    map(json.loads, done.stdout.splitlines())}
            self.assertEqual(len(rows), 4)
            self.assertEqual(rows["plain"]["epsilon"], 1)
            self.assertLess(rows["posterior-raw"]["relative_error"],
                            rows["plain"]["relative_error"])
            self.assertEqual(rows["plain"]["answer_gain"], 0)
            self.assertLess(rows["plain"]["answer_log_probability"], 0)
        self.expect(USAGE, "channel", "rows", "--bundle", self.folder / "bert",
                    "--mechanism", "identity")

    def test_channel_compare_with_neighbours(self):
        compare = ("channel", "compare", "--bundle", self.folder / "bert",
                   "--epsilon", "2", "--neighbours", "5")
        done = run(*compare, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        lists = [row for row in rows if row["guarantee"] == "none"]
        self.assertEqual({row["mechanism"] for row in lists},
                         {f"{name}, neighbours" for name in
                          ("rnm-laplace", "rnm-exponential", "rnm-gumbel")})
        self.assertGreater(len(rows), len(lists))
        for row in lists:
            self.assertEqual((row["epsilon_certified"],
                              row["epsilon_document"], row["neighbours"]),
                             ("inf", "inf", 5))
            self.assertTrue(0 < row["one_way_pairs"] < row["pairs"])
        text = run(*compare).stdout.decode()
        self.assertEqual(text.count("guarantee: none"), len(lists) + 1)
        for size in ("0", "1", "257", "x"):
            self.expect(USAGE, *compare[:-1], size, says=["--neighbours"])

    def test_neighbours_are_refused_elsewhere(self):
        bundle = ("--bundle", self.folder / "bert")
        says = ["guarantee: none", "cmif channel compare --neighbours"]
        for asked in (("--mechanism", "neighbours"), ("--neighbours", "20")):
            self.expect(USAGE, "sanitize", *bundle, *asked, says=says,
                        stdin=WHOLE_LINE)
            for command in (("classify",), ("ask", "bada"),
                            ("channel", "build", "-o", self.out),
                            ("audit", "--report", self.out)):
                self.expect(USAGE, *command, *bundle, *asked, says=says)
        for asked in ("--clustering", "--clusters", "--neighbours"):
            self.split(USAGE, self.folder / "bert.gguf", asked, "neighbours",
                       says=says)

    def test_audit_writes_a_report(self):
        text = self.folder / "audit.tsv"
        text.write_text("sentence\tlabel\nbada zyxwvuty kilo, domu 42\t1\n")
        done = run("audit", "--bundle", self.folder / "bert", "--report",
                   self.out, "--draws", "2000", "--text", text, "--json",
                   "--language-model", self.folder / "llama.gguf")
        self.assertEqual(done.returncode, 0, done.stderr)
        names = {x.name for x in self.out.iterdir()}
        self.assertEqual(names, {"report.md", "report.json", "utility.svg",
                                 "attack.svg", "losses.svg"})
        report = json.loads(done.stdout)
        self.assertEqual(report,
                         json.loads((self.out / "report.json").read_text()))
        certified = report["channel"]["epsilon_certified"]
        self.assertLessEqual(report["exact"]["epsilon_recomputed"], certified)
        self.assertLessEqual(report["black_box"]["epsilon_lower"], certified)
        self.assertEqual(len(report["attacks"]), 4)
        self.assertEqual(report["attacks"][3]["trials"],
                         report["text"]["words"])
        self.assertEqual(report["nearest_row_raw"]["nearest"],
                         report["nearest_row_raw"]["trials"])
        for path in self.out.iterdir():
            content = path.read_text()
            self.assertNotIn("zyxwvuty", content)  # a text stays the user's
            self.assertNotIn("<script", content)
            self.assertNotIn("href", content)

    def test_audit_of_every_adjacency_and_policy(self):
        words = self.folder / "public"
        words.write_text("bada\n")
        policy = ("--public", words, "--kind", "names=" + str(words) + ":0.5")
        for flags, adjacency, epsilon_cluster in (
                (policy, "cluster", None),
                (("--adjacency", "mixture"), "mixture", None),
                (("--adjacency", "two-level", "--epsilon-cluster", "2"),
                 "two-level", 2)):
            with mock.patch.dict(os.environ, HOME=str(self.folder)):
                done = run("audit", "--bundle", self.folder / "bert",
                           "--report", self.out, "--draws", "2000", *flags,
                           "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(done.stdout)
            channel = report["channel"]
            self.assertEqual((channel["adjacency"],
                              channel["epsilon_cluster"]),
                             (adjacency, epsilon_cluster))
            self.assertAlmostEqual(report["exact"]["epsilon_recomputed"],
                                   channel["epsilon_certified"], delta=3e-6)
            self.assertEqual(report["black_box"]["outside_group"], 0)
            self.assertEqual(report["sweep"]["adjacency"], "cluster")
            self.assertEqual(len(channel["sha256"]), 64)
            self.assertEqual([kind["name"] for kind in channel["kinds"]],
                             ["names"] if flags == policy else [])
            self.assertEqual(channel["public_set"] != "none", flags == policy)
            text = (self.out / "report.md").read_text()
            self.assertIn("--bundle ~/bert", text)
            self.assertNotIn(str(self.folder), text)
            self.assertEqual("about adjacency cluster alone" in text,
                             adjacency != "cluster")

    def test_audit_refuses(self):
        self.audit(USAGE, "--mechanism", "identity", "--epsilon", "inf",
                   says=["identity"])
        self.audit(USAGE, "--draws", "99")
        for flag in ("--text", "--prior-text", "--language-model"):
            self.audit(NOT_FOUND, flag, self.folder / "none", says=["none"])
        empty = self.folder / "empty.tsv"
        empty.write_text("sentence\tlabel\n")
        self.audit(USAGE, "--text", empty, says=["empty.tsv"])
        self.audit(BAD_DATA, "--language-model", empty)
        self.expect(USAGE, "audit", "--bundle", self.folder / "bert")
        self.expect(NOT_FOUND, "audit", "--bundle", self.folder / "none",
                    "--report", self.out)
        self.audit(USAGE, "--adjacency", "two-level",
                   says=["--epsilon-cluster"])

    # Evidence of a TEE.

    def attest(self, *more, command="verify"):
        recorded = EVIDENCE / "sev-snp"
        return ("attest", command, recorded / "coco_milan_report.bin",
                "--at", "2024-01-01T00:00:00Z", "--endorsements",
                recorded / "coco_milan_vcek.der", *more)

    def test_attest_accepts_genuine_evidence(self):
        for command in ("verify", "explain"):
            done = run(*self.attest(command=command))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout.startswith(b"ACCEPTED snp report"))
        verdict = json.loads(run(*self.attest("--json")).stdout)
        self.assertTrue(verdict["accepted"])
        self.assertEqual(verdict["policy"]["base"], "inspection")
        folder = run(*self.attest("--endorsements", EVIDENCE / "sev-snp"))
        self.assertEqual(folder.returncode, 0, folder.stderr)

    def test_attest_finds_collateral_in_a_folder(self):
        quote = EVIDENCE / "tdx" / "gtg_v5_quote.dat"
        found = ("--endorsements", EVIDENCE / "tdx")
        done = run("attest", "verify", quote, *found, "--json", "--at",
                   "2026-03-20T12:00:00Z")
        self.assertEqual(done.returncode, 0, done.stderr)
        verdict = json.loads(done.stdout)
        self.assertEqual(verdict["platform"], "tdx")
        self.assertEqual(verdict["tcb"]["status"], "UpToDate")
        self.expect(NOT_PERMITTED, "attest", "verify", quote, *found, "--at",
                    "2026-05-01T00:00:00Z", says=["collateral.tcb_info"])

    def test_attest_bench_measures_a_verdict(self):
        words = list(self.attest("--json"))
        words[1] = "bench"
        done = run(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        row = json.loads(done.stdout)
        self.assertEqual(row["unit"], "ms")
        self.assertGreater(row["ours"], 0)

    def test_attest_says_why_it_refuses(self):
        done = self.expect(NOT_PERMITTED, *self.attest("--report-data", "00"),
                           says=["refused by report_data"])
        self.assertTrue(done.stdout.startswith(b"REFUSED"))
        late = self.attest("--at", "2031-01-01T00:00:00Z")
        self.expect(NOT_PERMITTED, *late[:3], *late[5:], says=["chain.time"])

    def test_attest_policy_is_signed(self):
        report = (EVIDENCE / "sev-snp" / "coco_milan_report.bin").read_bytes()
        policy = {"kind": "cmif-attestation-policy", "name": "test",
                  "version": 1, "base": "inspection", "snp": {
                      "measurements": [report[0x90:0xC0].hex()]}}
        path = self.folder / "policy.json"
        path.write_text(json.dumps(policy))
        key = self.folder / "owner.pem"
        public = self.folder / "owner.pub"
        for words in (("genpkey", "-algorithm", "ed25519", "-out", key),
                      ("pkey", "-in", key, "-pubout", "-out", public),
                      ("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in",
                       path, "-out", self.folder / "policy.json.sig")):
            subprocess.run(["openssl", *words], check=True)
        self.expect(NOT_PERMITTED, *self.attest("--policy", path),
                    says=["policy.signature"])
        done = run(*self.attest("--policy", path, "--owner-key", public))
        self.assertEqual(done.returncode, 0, done.stderr)
        path.write_text(path.read_text() + " ")
        self.expect(NOT_PERMITTED,
                    *self.attest("--policy", path, "--owner-key", public),
                    says=["policy.signature"])

    def collect(self, *more, data="ab"):
        """The words of a collection of simulated evidence."""
        key = self.folder / "simulated.pem"
        if not key.exists():
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519",
                            "-out", key], check=True)
        return ("attest", "collect", "--attester", "simulated",
                "--simulated-key", key, "--simulated-measurement", "11" * 48,
                "--report-data", data, "--out", self.folder / "evidence.bin",
                *more)

    def test_attest_collects_simulated_evidence(self):
        done = run(*self.collect("--json"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"SIMULATED", done.stderr)
        wrote = json.loads(done.stdout)
        self.assertEqual(wrote["platform"], "simulated")
        self.assertEqual(wrote["bytes"], 320)
        self.assertTrue(wrote["report_data"].startswith("ab00"))
        evidence = self.folder / "evidence.bin"
        done = self.expect(NOT_PERMITTED, "attest", "verify", evidence,
                           says=["policy.simulated"])
        self.assertIn(b"SIMULATED", done.stdout)
        policy = {"kind": "cmif-attestation-policy", "name": "test",
                  "version": 1, "base": "deployment",
                  "allow_unsigned_policy": True, "allow_simulated": True,
                  "simulated": {"keys": [evidence.read_bytes()[224:256].hex()],
                                "measurements": ["11" * 48]}}
        path = self.folder / "simulated.json"
        path.write_text(json.dumps(policy))
        done = run("attest", "explain", evidence, "--policy", path,
                   "--report-data", "ab")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(b"ACCEPTED simulated"))
        self.assertIn(b"SIMULATED", done.stdout)
        self.assertIn(b"allow_simulated", done.stdout)

    def test_attest_collect_refuses_bad_flags(self):
        self.expect(USAGE, *self.collect(data="zz"), says=["--report-data"])
        self.expect(USAGE, *self.collect("--simulated-host-data", "aa"))
        self.expect(USAGE, *self.collect("--simulated-host-data", "x"),
                    says=["--simulated-host-data"])
        self.expect(USAGE, "attest", "collect", "--attester", "none", "--out",
                    self.folder / "x", "--simulated-key", "k",
                    says=["--attester simulated"])
        self.expect(USAGE, "attest", "collect", "--attester", "tpm", "--out",
                    self.folder / "x")
        self.expect(DOES_NOT_FIT, "attest", "collect", "--attester", "none",
                    "--out", self.folder / "x", says=["attester"])
        self.assertFalse((self.folder / "x").exists())

    def test_attest_refuses_bad_input(self):
        report = EVIDENCE / "sev-snp" / "coco_milan_report.bin"
        self.expect(BAD_DATA, "attest", "verify", EVIDENCE / "README.md")
        self.expect(NOT_FOUND, "attest", "verify", self.folder / "none")
        self.expect(NOT_FOUND, *self.attest("--endorsements", "none"))
        self.expect(BAD_DATA, *self.attest("--endorsements", report))
        self.expect(BAD_DATA, *self.attest("--policy", EVIDENCE / "README.md"))
        self.expect(USAGE, "attest", "verify", report, "--at", "yesterday",
                    says=["RFC 3339"])
        for data in ("0", "zz", "00" * 65):
            self.expect(USAGE, *self.attest("--report-data", data))
        self.expect(USAGE, *self.attest("--policy", report, "--owner-key",
                                        report), says=["Ed25519"])

    # The key broker.

    def openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True,
                       stderr=subprocess.DEVNULL)

    def release_policy(self, measurement, version=1):
        """A signed release policy for Milan's recorded report; its path, and
        that of the owner's public key."""
        key, public = self.folder / "release.pem", self.folder / "release.pub"
        if not key.exists():
            self.openssl("genpkey", "-algorithm", "ed25519", "-out", key)
            self.openssl("pkey", "-in", key, "-pubout", "-out", public)
        path = self.folder / "release.json"
        path.write_text(json.dumps({
            "kind": "cmif-release-policy", "name": "test", "version": version,
            "rules": [{
                "id": "milan", "model": "a" * 64, "model_version": "1",
                "platforms": {"snp": {
                    "measurements": [measurement], "allow_absent_crl": True,
                    "allow_absent_alias_check_in_version_2": True}},
                "allow_any_configuration": True, "lease_seconds": 60,
                "max_rows": 100, "rate_per_hour": 5}]}))
        self.openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", path,
                     "-out", self.folder / "release.json.sig")
        return path, public

    def test_broker_policy_test_says_what_each_rule_does(self):
        recorded = EVIDENCE / "sev-snp"
        report = recorded / "coco_milan_report.bin"
        words = ("--at", "2024-01-01T00:00:00Z", "--endorsements",
                 recorded / "coco_milan_vcek.der", report)
        measurement = report.read_bytes()[0x90:0xC0].hex()
        path, public = self.release_policy(measurement)
        done = run("broker", "policy", "test", "--policy", path, "--owner-key",
                   public, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"rule 'milan': ALLOWED", done.stdout)
        done = run("broker", "policy", "test", "--policy", path, "--json",
                   *words)
        line = json.loads(done.stdout)
        self.assertTrue(line["allowed"])
        self.assertFalse(line["policy_signed"])
        path, public = self.release_policy("00" * 48)
        done = self.expect(NOT_PERMITTED, "broker", "policy", "test",
                           "--policy", path, "--owner-key", public, *words,
                           says=["no rule allows 1 of 1"])
        self.assertIn(b"denied: the evidence (snp) fails measurement",
                      done.stdout)
        path.write_text(path.read_text() + " ")
        self.expect(NOT_PERMITTED, "broker", "policy", "test", "--policy", path,
                    "--owner-key", public, *words, says=["not signed"])

    def start_broker(self, path, public):
        key, keys = self.folder / "broker.pem", self.folder / "keys"
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-out", key)
        keys.mkdir(mode=0o700, exist_ok=True)
        broker = subprocess.Popen(
            [CMIF, "broker", "serve", "--listen", "127.0.0.1:0", "--key", key,
             "--tls-self", "--policy", path, "--owner-key", public, "--keys",
             keys, "--state", self.folder / "state"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(broker.kill)
        address = broker.stdout.readline().split()[-1]
        self.assertRegex(broker.stdout.readline(),
                         r"^TLS key sha256 [0-9a-f]{64}$")
        return broker, int(address.rpartition(":")[2])

    def ask_broker(self, port, method, path, body=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30,
                                                 context=context)
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = json.loads(answer.read())
        connection.close()
        return answer.status, text

    def wait_for(self, words, broker):
        for line in broker.stderr:
            if words in line:
                return
        self.fail(f"the broker ended before it said: {words}")

    def test_broker_serves_logs_and_revokes(self):
        path, public = self.release_policy("00" * 48, version=2)
        broker, port = self.start_broker(path, public)
        state = ("--state", self.folder / "state")
        status, policy = self.ask_broker(port, "GET", "/cmif/v1/policy")
        self.assertEqual((status, policy["version"]), (200, 2))
        status, nonce = self.ask_broker(
            port, "POST", "/kbs/v0/auth", '{"version":"0.4.0","tee":"snp"}')
        self.assertEqual((status, len(nonce["nonce"])), (200, 44))
        status, problem = self.ask_broker(
            port, "GET", "/kbs/v0/resource/model/" + "a" * 64 + "/1")
        self.assertEqual((status, problem["type"]), (401, "unauthenticated"))
        head = self.ask_broker(port, "GET", "/cmif/v1/log")[1]["head"]
        # Beside the running broker.
        done = run("broker", "revoke", *state, "--platform-id", "ab01")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.expect(ALREADY_THERE, "broker", "revoke", *state, "--platform-id",
                    "AB01", says=["revoked already"])
        self.expect(NOT_FOUND, "broker", "revoke", *state, "--lease", "x",
                    says=["no such lease"])
        self.expect(USAGE, "broker", "revoke", *state, says=["--lease"])
        done = run("broker", "log", "verify", *state, "--head", head, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["entries"], 2)
        lines = run("broker", "log", *state).stdout.splitlines()
        self.assertEqual([json.loads(x)["entry"]["kind"] for x in lines],
                         ["policy", "revocation"])
        self.expect(BAD_DATA, "broker", "log", "verify", *state, "--head",
                    "00" * 32, says=["no entry"])
        # An older policy is not read.
        self.release_policy("00" * 48, version=1)
        broker.send_signal(signal.SIGHUP)
        self.wait_for("version 2 was in force", broker)
        self.release_policy("00" * 48, version=3)
        broker.send_signal(signal.SIGHUP)
        self.wait_for("rule 'milan' gives no key yet", broker)
        self.wait_for("read again", broker)
        status, policy = self.ask_broker(port, "GET", "/cmif/v1/policy")
        self.assertEqual((status, policy["version"]), (200, 3))
        broker.terminate()
        self.assertEqual(broker.wait(30), 0)
        broker.stdout.close()
        broker.stderr.close()

    # Without a server that serves.

    def test_addresses_are_checked_before_the_body_is_read(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            for code, listen, says in (
                    (ALREADY_THERE, f"127.0.0.1:{taken.getsockname()[1]}", ""),
                    (USAGE, "127.0.0.1", "HOST:PORT"),
                    (USAGE, "127.0.0.1:99999", "HOST:PORT"),
                    (NOT_PERMITTED, "0.0.0.0:0", "--insecure-bind")):
                self.expect(code, "server", "--body", self.folder / "nowhere",
                            "--listen", listen, says=[listen, says])

    def test_server_that_loads_ends_at_once(self):
        body, size = self.folder / "large.gguf", 64 << 30
        with open(body, "wb") as file:
            file.truncate(size)  # a hole, hashed for half a minute and more
        server = subprocess.Popen([CMIF, "server", "--body", body, "--listen",
                                   "127.0.0.1:0"])
        self.addCleanup(server.kill)
        statm = Path(f"/proc/{server.pid}/statm")
        pages = size // resource.getpagesize()
        while int(statm.read_text().split()[0]) < pages:  # not yet mapped
            self.assertIsNone(server.poll())
            time.sleep(0.01)
        server.terminate()
        self.assertEqual(server.wait(10), -signal.SIGTERM)

    def test_no_server(self):
        for command in (("classify",), ("ask", "bada?")):
            bundle = "bert" if command[0] == "classify" else "llama"
            self.expect(6, *command, "--bundle", self.folder / bundle,
                        "--server", "127.0.0.1:1", stdin=WHOLE_LINE,
                        timeout=30, says=["127.0.0.1:1"])
            self.expect(NOT_PERMITTED, *command, "--bundle",
                        self.folder / bundle, "--server", "192.0.2.1:7070",
                        stdin=WHOLE_LINE, timeout=30, says=["--insecure"])


if __name__ == "__main__":
    CMIF, TINY = sys.argv[1:3]
    os.environ.pop("CMIF_BUNDLE", None)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
