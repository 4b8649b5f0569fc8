#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""arrows.py SOURCE_DIR: fails where the code breaks the arrows of the design.

Reads every #include below src/cmif and every room's CMakeLists.txt. Checks
  - that a room includes and links only the rooms that ARROWS gives it,
  - that what it includes it also links (by the ROOMS list of cmif_room),
  - that rooms privacy, text and tee stay pure: no files, streams or clocks,
  - that third-party headers stay in the rooms that adapt them, and, but for
    those rooms, out of headers.
Every finding is one line, PATH:LINE: what is wrong; exit code 1 if any.
"""
import pathlib
import re
import sys

# docs/architecture.md. A room may include exactly these (and itself); None
# stands for all. Every room has base.
ARROWS = {
    "base": [],
    "crypto": ["base"],
    "privacy": ["base"],
    "text": ["base"],
    "model": ["base", "crypto"],
    "tee": ["base", "crypto"],
    "platform": ["base", "crypto"],
    "wire": ["base"],
    "attest": ["base", "crypto", "tee", "platform", "wire"],
    "broker": ["base", "crypto", "tee", "platform", "attest", "wire"],
    "engine": ["base", "model"],
    "server": ["base", "attest", "engine", "model", "wire"],
    "client": ["base", "attest", "crypto", "privacy", "text", "model", "wire",
               "broker"],
    "gateway": ["base", "client"],
    "eval": ["base", "client", "privacy", "engine", "text", "model"],
    "cli": None,
}

PURE_ROOMS = ["privacy", "text", "tee"]
IMPURE = re.compile(
    r"^(cmif/base/file\.h|fstream|filesystem|iostream|istream|ostream|print|"
    r"syncstream|cstdio|stdio\.h|chrono|ctime|time\.h|unistd\.h|fcntl\.h|"
    r"sys/.*|linux/.*|netinet/.*|arpa/.*|netdb\.h|poll\.h|dirent\.h)$")

# pattern: (rooms, rooms whose own headers may include it too). None: all.
THIRD_PARTY = [
    (r"(llama|ggml|gguf)[-\w]*\.h(pp)?", ["engine", "model"],
     ["engine", "model"]),
    (r"(grpc|grpcpp|google/protobuf)/.*|.*\.pb\.h", ["wire", "attest", "server",
                                                "client"],
     ["wire", "server"]),
    (r"openssl/.*", ["broker", "crypto", "tee"], []),
    (r"sodium(/.*|\.h)", ["crypto"], []),
    (r"seccomp\.h", ["platform"], []),
    (r"utf8proc\.h", ["text"], []),
    (r"CLI/.*", ["cli"], ["cli"]),
    (r"boost/math/.*", ["eval"], []),
    (r"boost/.*|sqlite3\.h", ["broker", "gateway"], ["gateway"]),
    (r"coin/.*|(Clp|Coin).*\.hpp", ["privacy"], []),
    (r"nlohmann/.*|toml\+\+/.*|spdlog/.*|fmt/.*", None, ["cli", "gateway"]),
    (r"hwy/.*", None, []),
]
TEST_ONLY = re.compile(r"^(gtest|gmock|benchmark)/")
# The standard library's headers have no dot and no slash; these have.
SYSTEM = re.compile(
    r"^(sys|linux|netinet|arpa|net|asm|bits|sanitizer)/|^(assert|ctype|dirent|dlfcn|errno|"
    r"fcntl|fenv|float|glob|immintrin|inttypes|limits|locale|malloc|math|netdb|"
    r"omp|poll|pthread|pwd|sched|semaphore|setjmp|signal|spawn|stdarg|stddef|"
    r"stdint|stdio|stdlib|string|strings|syslog|termios|time|unistd|wchar|x86intrin)"
    r"\.h$")

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
LINKED = re.compile(r"\bcmif(?:_|::)([a-z0-9]+)\b")


def is_test(path):
    """Tests may read files and clocks, and use GoogleTest."""
    return path.parent.name == "testing" or bool(
        re.search(r"(_test|_benchmark)\.cc$|^(fake|test)_\w+\.", path.name))


def allowed(room, target):
    arrows = ARROWS[room]
    return arrows is None or target == room or target in arrows


def check_own(room, name):
    """An include of ours, as "cmif/ROOM/file.h"."""
    target = name.split("/")[1]
    if target not in ARROWS:
        return "there is no room %s" % target
    if not allowed(room, target):
        return "%s must not include from %s" % (room, target)
    return None


def check_third_party(room, path, name):
    for pattern, rooms, header_rooms in THIRD_PARTY:
        if not re.fullmatch(pattern, name):
            continue
        if rooms is not None and room not in rooms:
            return "%s belongs to room %s alone" % (name, " and ".join(rooms))
        in_header = path.suffix == ".h" and not path.name.endswith("-inl.h")
        if in_header and room not in header_rooms:
            return "%s belongs into a .cc file" % name
        return None
    return "%s is unknown: tests/arrows.py lists what may be used" % name


def check_include(room, path, name):
    """What is wrong with an include, or None."""
    if room in PURE_ROOMS and not is_test(path) and IMPURE.match(name):
        return "room %s is pure: no %s" % (room, name)
    # Generated code of a room, as "cmif/wire/x.pb.h", is third-party by nature.
    if name.startswith("cmif/"):
        problem = check_own(room, name)
        if problem or not name.endswith(".pb.h"):
            return problem
    if TEST_ONLY.match(name):
        return None if is_test(path) else "%s belongs into tests" % name
    if ("/" not in name and "." not in name) or SYSTEM.match(name):
        return None
    return check_third_party(room, path, name)


def rooms_of(text):
    """The ROOMS of the cmif_room call in a CMakeLists.txt, or None."""
    call = re.search(r"\bcmif_room\(([^)]*)\)", text)
    if call is None:
        return None
    words = call.group(1).split()
    if "ROOMS" not in words:
        return []
    rooms = []
    for word in words[words.index("ROOMS") + 1:]:
        if word.isupper():
            break
        rooms.append(word)
    return rooms


def check_links(room, text):
    """What a room's CMakeLists.txt links against the arrows."""
    links = set(rooms_of(text) or []) | set(LINKED.findall(text))
    for target in sorted(links & set(ARROWS)):
        if not allowed(room, target):
            yield "%s must not link %s" % (room, target)
    for target in sorted(set(rooms_of(text) or []) - set(ARROWS)):
        yield "there is no room %s" % target


def without_comments(cmake):
    return re.sub(r"#[^\n]*", "", cmake)


def check_room(folder):
    """Yields (path, line, what is wrong) for a room."""
    room = folder.name
    if room not in ARROWS:
        yield folder, 0, "the design has no room %s" % room
        return
    cmake = folder / "CMakeLists.txt"
    text = without_comments(cmake.read_text()) if cmake.exists() else ""
    for problem in check_links(room, text):
        yield cmake, 0, problem
    linked = rooms_of(text)
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            name = match.group(1)
            problem = check_include(room, path, name)
            if problem is None and name.startswith("cmif/"):
                target = name.split("/")[1]
                if linked is not None and target not in linked + [room, "base"]:
                    problem = "%s includes %s without linking it" % (room, target)
            if problem:
                yield path, number, problem


def check_tree(root):
    """All findings below `root`/src/cmif, as lines; and the files read."""
    source = pathlib.Path(root) / "src" / "cmif"
    findings = []
    for folder in sorted(p for p in source.iterdir() if p.is_dir()):
        for path, line, problem in check_room(folder):
            place = path.relative_to(root)
            findings.append("%s:%d: %s" % (place, line, problem))
    files = [p for p in source.rglob("*") if p.suffix in (".h", ".cc")]
    return findings, len(files)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: arrows.py SOURCE_DIR")
    findings, files = check_tree(sys.argv[1])
    for finding in findings:
        print(finding)
    print("%d files, %d broken arrows" % (files, len(findings)))
    if files == 0:
        sys.exit("no file below %s/src/cmif" % sys.argv[1])
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
