# SPDX-License-Identifier: LGPL-2.1-or-later
"""Key protectors for a simulated host: whole, in pieces, and broken."""

import os
import subprocess
import tempfile

from msvmtest import BUILDDIR


def make_protector(host, *options):
    """A framed protector that authorises this host."""
    with tempfile.TemporaryDirectory() as directory:
        guardians = os.path.join(directory, "guardians.json")
        with open(guardians, "w", encoding="utf-8") as file:
            file.write(host.ask("GET", "/guardians"))
        return subprocess.run([os.path.join(BUILDDIR, "hvsim-protector"), "--guardians", guardians,
                               *options], capture_output=True, check=True).stdout


def pieces(blob, count):
    """The blob cut into so many parts of about one size."""
    size = -(-len(blob) // count)
    return [blob[i * size:(i + 1) * size] for i in range(count)]
