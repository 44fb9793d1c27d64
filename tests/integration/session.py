# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client that stays: for tests with many calls."""

import base64
import json
import subprocess

from msvmtest import CLIENT_PROLOGUE, PYTHON, check_sanitizer


class Session:
    """A stock client that takes its orders line by line, over one connection."""

    LOOP = """
import base64, json
def define(xml):
    return conn.defineXML(xml).name()
def dump(name):
    return conn.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
def attach(name, xml):
    conn.lookupByName(name).attachDeviceFlags(xml, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
def start(name):
    conn.lookupByName(name).create()
def destroy(name):
    conn.lookupByName(name).destroy()
def undefine(name):
    conn.lookupByName(name).undefine()
def secret(uuid, value):
    conn.secretDefineXML("<secret ephemeral='no' private='no'><uuid>" + uuid + "</uuid><usage type='vtpm'><name>"
                         + uuid + "</name></usage></secret>").setValue(base64.b64decode(value))
for line in sys.stdin:
    try:
        order = json.loads(line)
        answer = ["no error", globals()[order[0]](*order[1:])]
    except libvirt.libvirtError as error:
        answer = [name_of(error.get_error_code()), error.get_error_message()]
    print(json.dumps(answer), flush=True)
"""

    def __init__(self, client, uri):
        self.process = subprocess.Popen([PYTHON, "-c", CLIENT_PROLOGUE + self.LOOP, uri], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=client.environment())

    def order(self, *words):
        """The code of the error and its message; or "no error", and the result."""
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def do(self, *words):
        code, result = self.order(*words)
        assert code == "no error", (words, code, result)
        return result

    def store(self, uuid, value):
        self.do("secret", uuid, base64.b64encode(value).decode())

    def close(self):
        check_sanitizer(self.process.communicate(timeout=60)[1])
