# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real Barbican and Keystone on the loopback interface, for a test."""

import base64
import contextlib
import json
import os
import re
import subprocess
import urllib.error
import urllib.request

from msvmtest import SRCDIR, Skip

FIXTURE = os.path.join(SRCDIR, "tests", "openstack-fixture")


class Barbican:
    def __init__(self, directory):
        self.directory = directory
        self.run("up", directory)
        with open(os.path.join(directory, "env"), encoding="utf-8") as file:
            self.values = dict(re.findall(r"^(\w+)='?([^'\n]*)'?$", file.read(), re.M))

    def run(self, verb, *arguments):
        result = subprocess.run([FIXTURE, verb, *arguments], capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, f"openstack-fixture {verb}: {result.stderr}"
        return result.stdout

    @property
    def password(self):
        return self.values["FIXTURE_PASSWORD"]

    def token(self, user="creator"):
        return self.run("token", self.directory, user).strip()

    def request(self, method, path, body=None, user="creator", content_type="application/json"):
        request = urllib.request.Request(
            self.values["BARBICAN_URL"] + path, method=method,
            data=json.dumps(body).encode() if isinstance(body, dict) else body,
            headers={"X-Auth-Token": self.token(user), "Content-Type": content_type,
                     "Accept": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def store(self, data, **more):
        """Stores a secret and returns its id."""
        body = {"name": "protector", "secret_type": "opaque", **more}
        if data is not None:
            body.update(payload=base64.b64encode(data).decode(),
                        payload_content_type="application/octet-stream",
                        payload_content_encoding="base64")
        return self.request("POST", "/v1/secrets", body)["secret_ref"].rsplit("/", 1)[1]

    def delete(self, uuid):
        self.request("DELETE", "/v1/secrets/" + uuid)

    def fault(self, service, *what):
        self.run("fault", self.directory, service, *what)

    def requests(self):
        """The lines of Barbican's access log."""
        with open(os.path.join(self.directory, "barbican", "access.log"), encoding="utf-8") as file:
            return file.read().splitlines()

    def config(self, user="creator", password=None, more="", **replace):
        options = {
            "auth_type": "v3password", "auth_url": self.values["KEYSTONE_URL"] + "/v3",
            "username": user, "password": password or self.password,
            "user_domain_name": "Default", "project_name": "demo", "project_domain_name": "Default",
            "region_name": "RegionOne", **replace,
        }
        return ("[keymgr]\nbackend = barbican\n\n[barbican]\n"
                + "".join(f"{key} = {value}\n" for key, value in options.items()) + more)


@contextlib.contextmanager
def running_barbican(directory):
    if subprocess.run(["/usr/bin/python3", "-c", "import barbican, keystone, waitress"],
                      capture_output=True).returncode != 0:
        raise Skip("python3-barbican, python3-keystone or python3-waitress is not installed")
    service = None
    path = os.path.join(directory, "openstack")
    try:
        service = Barbican(path)
        yield service
    finally:
        subprocess.run([FIXTURE, "destroy", path], capture_output=True, timeout=60)
