# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two simulated hosts that know each other, and a client of both."""

import contextlib
import json
import os
import subprocess

from domains import KEY, NIC, domain, tpm_with_key
from msvmtest import BUILDDIR, Client, Host, workspace

TPM = tpm_with_key()


def fabric(name):
    """Options of a host that is guarded and attested; hosts of one fabric have one guardian."""
    return "--guard-mode", "guarded", "--guardian", "no", "--fabric", "{directory}/" + name


class Pair:
    """HV01 and HV02, which know each other, and a client of both."""

    def __init__(self, directory, first, second):
        self.hosts = []
        places = [os.path.join(directory, name) for name in ("one", "two")]
        for number, more in ((0, first), (1, second)):
            peer = f"HV0{2 - number}={places[1 - number]}/control"
            self.hosts.append(Host(places[number], "--name", f"HV0{number + 1}", "--peer", peer,
                                   "--guardian", "yes", "--job-ms", "5",
                                   *(option.format(directory=directory) for option in more)))
        self.one, self.two = self.hosts
        self.client = Client(directory, self.one, config=self.config())
        self.add_credentials("hv01", "hv02", "hv03")
        self.uri1, self.client.host = self.client.uri, self.two
        self.uri2, self.client.host = self.client.make_uri(), self.one

    def config(self):
        return ("".join(f"[host hv0{i}]\nurl = {host.url}\nauth = basic\ncacert = {host.ca}\n"
                        for i, host in enumerate(self.hosts, 1))
                + "[keymgr]\nbackend = libvirt\n")

    def add_credentials(self, *names):
        with open(self.client.auth_file, "a", encoding="utf-8") as file:
            file.write("".join(f"[auth-msvm-{name}]\ncredentials=hv\n" for name in names))

    def protector(self, *hosts):
        """One that authorises these hosts; two of one fabric have one guardian."""
        found = {g["encryptionCertificate"]: g for host in hosts for g in host.state()["guardians"]}
        guardians = [dict(guardian, name=f"g{number}") for number, guardian in enumerate(found.values())]
        return subprocess.run([os.path.join(BUILDDIR, "hvsim-protector"), "--guardians", "-"],
                              input=json.dumps({"guardians": guardians}).encode(),
                              capture_output=True, check=True).stdout

    def define(self, *hosts, running=False, **more):
        """A domain whose protector authorises these hosts; none: without a TPM."""
        if hosts:
            self.client.secret_define(KEY, self.protector(*hosts))
        self.client.define(domain(TPM if hosts else "", devices=NIC, **more))
        if running:
            self.client.virsh("start", "tpm")

    def migrate(self, *options, check=True):
        return self.client.virsh("migrate", "tpm", self.uri2, *options, check=check)

    def error(self, flags="0", params="{}"):
        """The error of virDomainMigrate3()."""
        return self.client.error_code(
            "conn = libvirt.open(sys.argv[1])\n"
            "dconn = libvirt.open(sys.argv[2])\n"
            f"conn.lookupByName('tpm').migrate3(dconn, {params}, {flags})", self.uri2)

    def names(self):
        """Running and other domains of both hosts."""
        return [sorted(self.client.virsh("list", "--all", "--name", uri=uri).split())
                for uri in (self.uri1, self.uri2)]

    def states(self):
        return [host.state() for host in self.hosts]


@contextlib.contextmanager
def pair(first=(), second=()):
    with workspace() as directory:
        it = Pair(directory, first, second)
        try:
            yield it
        finally:
            for host in it.hosts:
                host.stop()
