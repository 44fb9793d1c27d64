# SPDX-License-Identifier: LGPL-2.1-or-later
"""Key protectors for a simulated host: whole, in pieces, and broken."""

import os
import subprocess

from msvmtest import BUILDDIR


def make_protector(host, *options):
    """A framed protector that authorises this host, or what the options say;
    host: None for what is for no host (--foreign)."""
    guardians = ["--guardians", "-"] if host else []
    return subprocess.run([os.path.join(BUILDDIR, "hvsim-protector"), *guardians, *options],
                          input=host.ask("GET", "/state").encode() if host else b"", capture_output=True,
                          check=True).stdout


def pieces(blob, count):
    """The blob cut into so many parts of about one size."""
    size = -(-len(blob) // count)
    return [blob[i * size:(i + 1) * size] for i in range(count)]
