#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Feeds arrows.py trees with one broken arrow each, and one that is clean."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import arrows

GOOD = {
    "base/CMakeLists.txt": "cmif_room(base SOURCES status.cc)",
    "base/status.cc": '#include "cmif/base/status.h"\n#include <fstream>\n',
    "text/CMakeLists.txt": "cmif_room(text ROOMS base LIBS PkgConfig::utf8proc)",
    "text/words.cc": '#include <utf8proc.h>\n#include "cmif/base/status.h"\n',
    "text/words_test.cc": "#include <gtest/gtest.h>\n#include <fstream>\n",
    "engine/CMakeLists.txt": "cmif_room(engine ROOMS base model LIBS llama)",
    "engine/engine.h": '#include <llama.h>\n#include "cmif/model/model.h"\n',
    "wire/frame.h": '#include "cmif/wire/cmif.pb.h"\n',
    "client/CMakeLists.txt": "cmif_room(client\n  ROOMS privacy model wire\n"
                             "  TESTS client_test.cc)",
    "client/client.cc": "#include <grpcpp/grpcpp.h>\n"
                        '#include "cmif/wire/frame.h"\n',
    "cli/main.cc": '#include <CLI/CLI.hpp>\n#include "cmif/server/server.h"\n',
}


def findings(**changes):
    """Findings in GOOD with files added or replaced: room__name=text."""
    with tempfile.TemporaryDirectory() as root:
        files = dict(GOOD)
        for name, text in changes.items():
            room, name = name.split("__")
            name = {"cmake": "CMakeLists.txt"}.get(name, name)
            name = name.replace("_h", ".h").replace("_cc", ".cc")
            files["%s/%s" % (room, name)] = text
        for name, text in files.items():
            path = pathlib.Path(root) / "src" / "cmif" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return arrows.check_tree(root)[0]


class ArrowsTest(unittest.TestCase):
    def expect(self, message, **changes):
        found = findings(**changes)
        self.assertEqual(len(found), 1, found)
        self.assertIn(message, found[0])

    def test_clean_tree_passes(self):
        self.assertEqual(findings(), [])

    def test_back_edge(self):
        self.expect("base must not include from text",
                    base__x_h='#include "cmif/text/words.h"\n')

    def test_arrow_is_not_transitive(self):
        self.expect("server must not include from crypto",
                    server__x_cc='#include "cmif/crypto/sha256.h"\n')

    def test_place_is_named(self):
        self.expect("src/cmif/wire/x.cc:2: wire must not include from model",
                    wire__x_cc='\n # include "cmif/model/a.h"\n')

    def test_unknown_room(self):
        self.expect("the design has no room attic", attic__x_cc="")
        self.expect("there is no room attic",
                    base__x_cc='#include "cmif/attic/a.h"\n')

    def test_include_without_link(self):
        self.expect("client includes text without linking it",
                    client__x_cc='#include "cmif/text/words.h"\n')

    def test_link_without_arrow(self):
        self.expect("text must not link model",
                    text__cmake="cmif_room(text ROOMS base model LIBS x)")
        self.expect("text must not link wire",
                    text__cmake="cmif_room(text LIBS cmif::wire)")
        self.expect("there is no room attic",
                    text__cmake="cmif_room(text ROOMS attic)")

    def test_comment_is_no_link(self):
        self.assertEqual(
            findings(text__cmake="# not cmif_wire\ncmif_room(text ROOMS base)"),
            [])

    def test_pure_rooms(self):
        for header in ("fstream", "filesystem", "chrono", "iostream", "cstdio",
                       "unistd.h", "sys/mman.h"):
            self.expect("room privacy is pure",
                        privacy__x_cc="#include <%s>\n" % header)
        self.expect("room tee is pure",
                    tee__cmake="cmif_room(tee ROOMS base crypto)",
                    tee__x_cc="#include <ctime>\n#include <openssl/x509.h>\n")
        self.expect("room text is pure",
                    text__x_h='#include "cmif/base/file.h"\n')

    def test_third_party_outside_its_room(self):
        for room, header in (("client", "llama.h"), ("wire", "ggml-cpu.h"),
                             ("model", "grpcpp/grpcpp.h"), ("cli", "gguf.h"),
                             ("engine", "google/protobuf/message.h"),
                             ("model", "openssl/evp.h"), ("base", "CLI/CLI.hpp"),
                             ("model", "utf8proc.h")):
            self.expect("belongs to room",
                        **{room + "__x_cc": "#include <%s>\n" % header})

    def test_generated_header_outside_its_room(self):
        self.expect("belongs to room", engine__cmake="cmif_room(engine ROOMS)",
                    engine__engine_h="",
                    cli__x_cc='#include "cmif/wire/cmif.pb.h"\n')

    def test_third_party_in_a_header(self):
        for room, header in (("client", "grpcpp/grpcpp.h"), ("base", "fmt/core.h"),
                             ("crypto", "openssl/evp.h"), ("text", "utf8proc.h"),
                             ("model", "nlohmann/json.hpp")):
            self.expect("belongs into a .cc file",
                        **{room + "__x_h": "#include <%s>\n" % header})

    def test_unknown_header(self):
        self.expect("is unknown", base__x_cc="#include <absl/status.h>\n")

    def test_gtest_outside_tests(self):
        self.expect("belongs into tests",
                    base__x_cc="#include <gtest/gtest.h>\n")

    def test_exit_codes(self):
        script = str(pathlib.Path(arrows.__file__))
        with tempfile.TemporaryDirectory() as root:
            (pathlib.Path(root) / "src" / "cmif" / "base").mkdir(parents=True)
            bad = pathlib.Path(root) / "src" / "cmif" / "base" / "a.cc"
            for text, code in (('#include "cmif/text/a.h"', 1), ("", 0)):
                bad.write_text(text)
                done = subprocess.run([sys.executable, script, root],
                                      stdout=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, code)
            bad.unlink()  # a tree without files is a wrong path, not a success
            done = subprocess.run([sys.executable, script, root],
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
            self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
