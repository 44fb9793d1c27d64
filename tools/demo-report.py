# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what the demo is about, from the state of a simulated host that is
given as JSON on standard input: demo-report.py NAME."""

import json
import sys


def main():
    state = json.load(sys.stdin)
    machine = [m for m in state["machines"] if m["name"] == sys.argv[1]][0]
    protector, security = machine["keyProtector"], machine["security"]
    print(f"  {machine['name']}: generation {machine['generation']}, {machine['state']}")
    print(f"  key protector set: {protector['set']}, {protector['size']} bytes, "
          f"SHA-256 {protector['sha256'][:16]}...")
    for name in sorted(security):
        print(f"  {name}: {security[name]}")


main()
