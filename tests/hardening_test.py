#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hardening of the program itself: docs/hardening.md.

hardening_test.py CMIF WRITE_TINY_MODEL: what a measure forbids is tested in
src/cmif/platform/hardening_test.cc; here, that commands take the measures and
still do their work, and what turns them off.
"""
import json
import os
import resource
import select
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CMIF, TINY = "", ""
NOT_PERMITTED = 5
CAP_SETPCAP = 8
# Root reads every process, unless it has lost the right to.
NO_PTRACE = ["setpriv", "--bounding-set=-all",
             "--inh-caps=-all"] if os.getuid() == 0 else []


class Server:
    """cmif server; `hardening` is its line about it."""

    def __init__(self, body, *flags, prefix=(), pass_fds=()):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*prefix, CMIF, "server", "--body", body, "--listen", "127.0.0.1:0",
             "--threads", "2", *flags],
            stdout=subprocess.PIPE, stderr=self.log, pass_fds=pass_fds)
        line = self.process.stdout.readline().decode()
        self.log.seek(0)
        self.said = self.log.read().decode()
        assert line.startswith("listening on "), self.said
        self.address = line.split()[-1]
        lines = [x for x in self.said.splitlines() if "hardening" in x]
        assert len(lines) == 1, self.said
        self.hardening = lines[0]

    def threads(self):
        """The status of each thread, as NAME -> value."""
        for path in Path(f"/proc/{self.process.pid}/task").iterdir():
            yield dict(line.split(":\t", 1) for line in
                       (path / "status").read_text().splitlines()
                       if ":\t" in line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(15)
        self.process.stdout.close()
        self.log.close()


class HardeningTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="cmif-hardening-"))
        source = cls.folder / "bert.gguf"
        subprocess.run([TINY, "bert", source, "1"], check=True)
        subprocess.run([CMIF, "split", source, "-o", cls.folder / "bert"],
                       check=True, capture_output=True)
        cls.body = cls.folder / "bert" / "body.gguf"
        os.chmod(cls.folder, 0o755)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def sanitize(self, *flags, stdin=b"bada kilo\n", **more):
        return subprocess.run(
            [CMIF, "sanitize", "--bundle", self.folder / "bert", *flags],
            input=stdin, capture_output=True, timeout=120, check=False, **more)

    def test_every_thread_of_a_server_has_given_up_its_rights(self):
        with Server(self.body) as server:
            threads = list(server.threads())
            self.assertGreater(len(threads), 3)
            for thread in threads:
                self.assertEqual(thread["NoNewPrivs"], "1")
                self.assertEqual(thread["Umask"], "0077")
            if "seccomp (" in server.hardening:
                self.skipTest(f"NOT TESTED: {server.hardening}")
            self.assertEqual({x["Seccomp"] for x in threads}, {"2"})

    def test_no_thread_of_a_server_has_a_capability(self):
        own = dict(x.split(":\t") for x in
                   Path("/proc/self/status").read_text().splitlines())
        sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"]
        if int(own["CapEff"], 16) >> CAP_SETPCAP & 1:
            sets.append("CapBnd")
        with Server(self.body) as server:
            for thread in server.threads():
                self.assertEqual({int(thread[x], 16) for x in sets}, {0})

    def is_closed_by(self, *flags):
        """Whether a server closes a pipe that it inherits."""
        reader, writer = os.pipe()
        with open(reader, "rb") as end:
            with Server(self.body, *flags, pass_fds=(writer,)):
                os.close(writer)
                return bool(select.select([end], [], [], 1)[0])

    def test_inherited_descriptors_are_closed(self):
        self.assertFalse(self.is_closed_by("--no-hardening"))
        self.assertTrue(self.is_closed_by())

    def read_by_its_user(self, *flags):
        """What a process of the same user and the same rights reads of a
        server's environment; and what the server said."""
        with Server(self.body, *flags, prefix=NO_PTRACE) as server:
            read = subprocess.run(
                [*NO_PTRACE, "head", "-c4",
                 f"/proc/{server.process.pid}/environ"],
                capture_output=True, check=False)
            return read.stdout, server.hardening

    def test_a_server_is_not_to_be_read_by_its_own_user(self):
        self.assertNotEqual(self.read_by_its_user("--no-hardening")[0], b"")
        read, said = self.read_by_its_user()
        if "dumpable (" in said:
            self.skipTest(f"NOT TESTED: {said}")
        self.assertEqual(read, b"")

    def test_preloaded_code_is_refused_by_name(self):
        variables = {**os.environ, "LD_AUDIT": "libforeign.so"}
        done = self.sanitize(env=variables)
        if (b"Sanitizer" in done.stderr or b"libtsan" in done.stderr or
                done.returncode == 0):
            self.skipTest("NOT TESTED: a sanitizer's build allows it")
        self.assertEqual(done.returncode, NOT_PERMITTED, done.stderr)
        self.assertIn(b"LD_AUDIT is set", done.stderr)

    def test_files_of_every_option_can_be_read(self):
        words = self.folder / "words"
        words.write_text("bada\n")
        counts = self.folder / "counts"
        counts.write_text("bada\t5\n")
        done = self.sanitize("--public", words, "--prior", counts,
                             "--kind", f"name={words}:0.5")
        self.assertNotIn(b"ermission denied", done.stderr)
        self.assertEqual(done.stdout.count(b"\n"), done.returncode == 0,
                         done.stderr)

    def test_a_bundle_behind_links_opens(self):
        linked = self.folder / "linked"
        linked.mkdir()
        for path in (self.folder / "bert").iterdir():
            (linked / path.name).symlink_to(path)
        (self.folder / "way").symlink_to(linked)
        done = subprocess.run(
            [CMIF, "sanitize", "--bundle", self.folder / "way"],
            input=b"bada\n", capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def doctor(self, *flags):
        done = subprocess.run([CMIF, "doctor", "--json", *map(str, flags)],
                              capture_output=True, timeout=120, check=False)
        return done.returncode, {
            line["id"]: line for line in map(json.loads,
                                             done.stdout.splitlines())}

    def test_doctor_says_what_to_do_about_every_line(self):
        os.chmod(self.folder / "bert", 0o755)
        code, lines = self.doctor("--bundle", self.folder / "bert")
        for line in lines.values():
            self.assertEqual(set(line), {"id", "result", "observed", "fix"})
            self.assertEqual(line["fix"] == "", line["result"] == "pass", line)
        self.assertLessEqual(
            {"version", "tee", "clock", "disk", "kernel", "memory.swap",
             "memory.keys", "memory.table", "hardening.seccomp",
             "hardening.capabilities", "hardening.descriptors",
             "hardening.key_heap", "bundle.folder"}, set(lines))
        failed = [x for x in lines.values() if x["result"] == "fail"]
        self.assertEqual(code, NOT_PERMITTED if failed else 0)

    def test_doctor_fails_where_a_key_is_for_all_to_read(self):
        key = self.folder / "bundle.key"
        key.write_text("00" * 32)
        os.chmod(key, 0o644)
        code, lines = self.doctor("--key", key)
        self.assertEqual(code, NOT_PERMITTED)
        self.assertEqual(lines["key"]["result"], "fail")
        self.assertIn("chmod 600", lines["key"]["fix"])
        self.assertNotIn("0000", str(lines))

    def test_doctor_tries_the_server(self):
        with Server(self.body) as server:
            self.assertEqual(
                self.doctor("--server", server.address)[1]["server"]["result"],
                "pass")
            address = server.address
        code, lines = self.doctor("--server", address)
        self.assertEqual(code, NOT_PERMITTED)
        self.assertEqual(lines["server"]["result"], "fail")

    def test_a_client_says_what_is_off_and_nothing_else(self):
        off = {name for name, line in self.doctor()[1].items()
               if name.startswith("hardening.") and line["result"] != "pass"}
        self.assertEqual(b"hardening: " in self.sanitize().stderr, bool(off))

        def no_locks():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
        done = subprocess.run(
            [*NO_PTRACE, CMIF, "sanitize", "--bundle", self.folder / "bert"],
            input=b"bada\n", capture_output=True, timeout=120, check=False,
            preexec_fn=no_locks)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [x for x in done.stderr.splitlines()
                 if x.startswith(b"hardening: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertIn(b"key_heap (", lines[0])
        self.assertIn(b"; see cmif doctor", lines[0])

    def test_without_hardening_it_says_so_loudly(self):
        done = self.sanitize("--no-hardening")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"WARNING: --no-hardening", done.stderr)
        self.assertNotIn(b"WARNING", self.sanitize().stderr)
        with Server(self.body, "--no-hardening") as server:
            self.assertIn("WARNING: --no-hardening", server.hardening)
            self.assertEqual({x["Seccomp"] for x in server.threads()}, {"0"})


if __name__ == "__main__":
    CMIF, TINY = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
