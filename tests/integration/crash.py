# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client that is killed at a call of choice, and others that look at what it
left behind."""

import contextlib
import json
import os
import signal
import subprocess

from msvmtest import PYTHON, Client, Host, Skip, wait_for, workspace
from pair import pair

FAST = ("--job-ms", "0")
JOBS = ("--job-ms", "2")
UUID = "5c1d1a3e-6a0f-4f5e-9b0a-0c0f5ad4a1{:02x}"
# What changes a host; everything else that a client invokes only asks.
CHANGES = ("DefineSystem", "ModifySystemSettings", "ModifyResourceSettings", "AddResourceSettings",
           "RemoveResourceSettings", "SetKeyProtector", "SetSecurityPolicy", "ModifySecuritySettings",
           "NewByGenerateCertificates", "NewByGuardians", "Grant", "Revoke", "SerializeToFile", "ProvisionMachine",
           "Delete", "DestroySystem", "CheckVirtualSystemIsMigratable", "MigrateVirtualSystemToHost")

# A stock client that does one thing at a time, each in a process of its own
# that can be killed; libvirt is loaded once.
SERVER = """
import json, os, sys
import libvirt
libvirt.registerErrorHandler(lambda *a: None, None)

def run(job):
    libvirt.virEventRegisterDefaultImpl()
    conn = libvirt.open(job["uri"])
    answer = eval(compile(job["code"], "job", "eval"), {"conn": conn, "libvirt": libvirt, "job": job})
    return answer

for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if child == 0:
        try:
            answer = {"ok": run(job)}
        except libvirt.libvirtError as error:
            answer = {"error": error.get_error_message(), "code": error.get_error_code()}
        answer["id"] = job["id"]
        os.write(1, (json.dumps(answer) + "\\n").encode())
        os._exit(0)
    os.write(1, (json.dumps({"id": job["id"], "pid": child}) + "\\n").encode())
    if job["wait"]:
        os.waitpid(child, 0)
"""


class Clients:
    """Processes of SERVER."""

    def __init__(self, client):
        self.process = subprocess.Popen([PYTHON, "-c", SERVER], env=client.environment(), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.uri = client.uri
        self.next = 0
        self.answers = {}

    def send(self, code, wait=False, **more):
        """Starts one: its number and process id."""
        self.next += 1
        job = dict(more, id=self.next, code=code, wait=wait)
        job.setdefault("uri", self.uri)
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return self.next, self.read(self.next, "pid")

    def read(self, number, key):
        while True:
            for index, answer in enumerate(self.answers.get(number, [])):
                if key in answer or (key == "end" and "pid" not in answer):
                    return self.answers[number].pop(index).get(key, answer)
            line = self.process.stdout.readline()
            assert line, "the client is gone"
            answer = json.loads(line)
            self.answers.setdefault(answer["id"], []).append(answer)

    def run(self, code, **more):
        """What it gives; raises for an error."""
        answer = self.result(code, **more)
        assert "ok" in answer, answer
        return answer["ok"]

    def result(self, code, **more):
        number, _ = self.send(code, wait=True, **more)
        return self.read(number, "end")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def require_machine_id():
    if not has_machine_id():
        raise Skip("without /etc/machine-id a dead client cannot be told from another host's")


@contextlib.contextmanager
def world(*options, config=""):
    require_machine_id()
    with workspace() as directory:
        host = Host(os.path.join(directory, "host"), "--guardian", "yes", *(options or FAST))
        client = Client(directory, host, config=config + "[keymgr]\nbackend = libvirt\n")
        clients = Clients(client)
        try:
            yield host, client, clients
        finally:
            clients.stop()
            host.stop()


@contextlib.contextmanager
def two_hosts():
    """Two hosts that machines can move between; see pair.py."""
    require_machine_id()
    with pair() as it:
        clients = Clients(it.client)
        try:
            yield it, clients
        finally:
            clients.stop()


def has_machine_id():
    with contextlib.suppress(OSError), open("/etc/machine-id", encoding="utf-8") as file:
        return bool(file.read().strip())
    return False


def held(host):
    return json.loads(host.ask("GET", "/health"))["held"]


def changes(host, mark):
    return [e["method"] for e in host.log(mark) if e.get("method") in CHANGES]


def kill_at(host, clients, method, nth, how, code, **more):
    """Kills the client while the nth call of a method is on its way: before
    the host performs it (stall), or after (stall-after)."""
    before = held(host)
    host.fault(f"when={method},nth={nth},count=1,do={how}:600")
    number, pid = clients.send(code, **more)
    wait_for(lambda: held(host) > before or "end" in [k for a in clients.answers.get(number, [])
                                                      for k in a], f"{how} at {method} {nth}")
    os.kill(pid, signal.SIGKILL)
    host.no_faults()


def kill_at_each(host, clients, code, prepare, check, only=CHANGES, **more):
    """prepare() makes a fresh start and gives what code is to get; check() is
    told where it was killed. only: at these methods, where the rest is that of
    another case. Gives the calls of a whole run."""
    job = dict(more, **prepare())
    mark = host.mark()
    clients.run(code, **job)
    calls = changes(host, mark)
    assert calls, "it changes nothing"
    for how in ("stall", "stall-after"):
        seen = {}
        for place, method in enumerate(calls):
            seen[method] = seen.get(method, 0) + 1
            if method not in only:
                continue
            kill_at(host, clients, method, seen[method], how, code, **dict(more, **prepare()))
            check(f"{how} at {method} number {seen[method]}", how != "stall", place == len(calls) - 1)
    return calls


LIST = "[[d.name(), d.UUIDString(), d.isActive()] for d in conn.listAllDomains()]"
DEFINE = "conn.defineXML(job['xml']).name()"
DUMP = "conn.lookupByName('tpm').XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)"
# Whatever there is of that name goes, and this comes in its place.
FRESH = ("[[d.undefineFlags(0) for d in conn.listAllDomains() if d.name() == 'tpm'],"
         " conn.defineXML(job['fresh']).name()]")
UNDEFINE = "[d.undefineFlags(job.get('flags', 0)) for d in conn.listAllDomains() if d.name() == 'tpm']"


def quiet(host):
    """No job is on its way."""
    wait_for(lambda: all(j["JobState"] >= 7 for j in json.loads(host.ask("GET", "/state?volatile=1"))["jobs"]),
             "the host's jobs")


def unmarked(host, where):
    assert "<changing" not in json.dumps([machine["notes"] for machine in host.machines()]), where


def is_bare(host):
    """There is a machine, with neither TPM nor protector."""
    return [m["security"]["tpmEnabled"] or m["keyProtector"]["set"] for m in host.machines()] == [False]


def nothing_left(host, clients, where):
    """The next who lists removes what was half made."""
    quiet(host)
    assert clients.run(LIST) == [], where
    state = host.state()
    assert state["machines"] == [] and state["files"] == [], (where, state["machines"], state["files"])
