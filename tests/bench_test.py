#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_test.py CMIF: one pair of every row of `cmif bench` and `bench tee`. It
says nothing of speed: only that all parts run and each row has both its sides."""
import json
import math
import subprocess
import sys

PARTS = ["draw, classifier", "embedding fetch, oblivious, classifier",
         "nearest-unit search, classifier",
         "client start, classifier", "opening a sealed bundle",
         "classify, 4 sentences a call",
         "classify, 16 sentences a call",
         "sanitizer's share, words met before"]
CHAT_PARTS = ["draw, chat", "client start, chat", "prompt tokens",
              "decode tokens", "chat bytes/prompt word vs f16",
              "decode beside another's prompts"]
TEE_PARTS = ["a generated token, partition " + name
             for name in ("none", "embedding", "embedding+head", "layer-wise")]


def rows_of(cmif, *command):
    """The rows by name, and standard error."""
    done = subprocess.run([cmif, *command, "--json", "--pairs", "1"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command}: exit {done.returncode}: {done.stderr}")
    rows = map(json.loads, done.stdout.split("\n")[:-1])
    return {row["name"]: row for row in rows}, done.stderr


def main(cmif):
    rows, noted = rows_of(cmif, "bench")
    expected = PARTS
    if "rows are left out" in noted:
        print("SKIPPED in part: no chat model in the cache")
    else:
        expected = PARTS + CHAT_PARTS + TEE_PARTS
        rows |= rows_of(cmif, "bench", "tee")[0]
    missing = [name for name in expected if name not in rows]
    if missing:
        return f"no rows {missing}"
    for name, row in rows.items():
        sides = [row["ours"], row["reference"]]
        if not all(math.isfinite(x) and x >= 0 for x in sides) or sides[1] == 0:
            return f"row {name}: {sides}"
        if not math.isclose(row["ratio"], sides[0] / sides[1]):
            return f"row {name}: {row['ratio']} is not the ratio of {sides}"
    crossings = [rows[name]["crossings"] for name in TEE_PARTS if name in rows]
    if crossings != sorted(crossings):
        return f"crossings of {TEE_PARTS}: {crossings}"
    print(f"{len(rows)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
