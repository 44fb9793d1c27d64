# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PKCS#11 token of SoftHSM, for a test."""

import glob
import os
import subprocess

from msvmtest import BUILDDIR, Skip, check_sanitizer

PIN = "canary-pin-4815162342"


def find_module():
    found = [path for pattern in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib*/*/softhsm/libsofthsm2.so",
                                  "/usr/lib64/pkcs11/libsofthsm2.so") for path in glob.glob(pattern)]
    if not found:
        raise Skip("softhsm2 is not installed")
    return found[0]


class SoftHsm:
    """One token. Programs that this test starts see it."""

    def __init__(self, directory, label="msvm"):
        self.module = find_module()
        self.directory = directory
        self.label = label
        os.makedirs(os.path.join(directory, "tokens"))
        os.environ["SOFTHSM2_CONF"] = self.write("softhsm2.conf", f"directories.tokendir = {directory}/tokens\n")
        self.write("pin", PIN + "\n")
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN,
                        "--so-pin", "87654321"], check=True, capture_output=True)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def config(self, **replace):
        options = {"library_path": self.module, "token_label": self.label,
                   "pin_file": os.path.join(self.directory, "pin"), **replace}
        return ("[keymgr]\nbackend = pkcs11\n\n[pkcs11]\n"
                + "".join(f"{key} = {value}\n" for key, value in options.items() if value is not None))

    def keymgr(self, *arguments, data=b""):
        config = self.write("keymgr.conf", self.config())
        result = subprocess.run([os.path.join(BUILDDIR, "msvm-keymgr"), "-c", config, *arguments], input=data,
                                capture_output=True, timeout=60, check=False)
        check_sanitizer(result.stderr.decode())
        assert result.returncode == 0, result.stderr
        return result.stdout.decode().strip()

    def store(self, data, name="protector"):
        """Stores a secret and returns its id."""
        return self.keymgr("store", "--name", name, "-", data=data)

    def delete(self, uuid):
        self.keymgr("delete", uuid)
