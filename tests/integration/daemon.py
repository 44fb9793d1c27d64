# SPDX-License-Identifier: LGPL-2.1-or-later
"""An unmodified libvirtd with the module inside, of a test's own."""

import contextlib
import os
import subprocess

from msvmtest import Client, Skip, running_host, wait_for, workspace


class Daemon:
    """A libvirtd of its own: its configuration, state and sockets lie in one
    folder, bound over the system's for this process alone. The client's host is
    called hv01 there; more: other names, with their URIs."""

    FOLDERS = ("/etc/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/run/libvirt")

    def __init__(self, directory, client, **more):
        self.socket = os.path.join(directory, "libvirt-sock")
        config = os.path.join(directory, "etc", "libvirtd.conf")
        script = ""
        for folder in self.FOLDERS:
            own = os.path.join(directory, folder.split("/")[1])
            os.makedirs(own, exist_ok=True)
            os.makedirs(folder, exist_ok=True)
            script += f"mount --bind {own} {folder} && "
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'unix_sock_dir = "{directory}"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n'
                       'log_outputs = "3:stderr"\nhost_uuid_source = "machine-id"\n')
        with open(os.path.join(directory, "etc", "libvirt.conf"), "w", encoding="utf-8") as file:
            aliases = {"hv01": client.uri, **more}
            file.write("uri_aliases = [ " + ", ".join(f'"{name}={uri}"' for name, uri in aliases.items()) + " ]\n")
        self.stderr = open(os.path.join(directory, "stderr"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script + "exec libvirtd -f /etc/libvirt/libvirtd.conf -p "
             + os.path.join(directory, "pid")],
            env=client.environment(), stdout=self.stderr, stderr=self.stderr)
        wait_for(lambda: os.path.exists(self.socket) or self.process.poll() is not None,
                 "libvirtd's socket")
        with open(os.path.join(directory, "stderr"), encoding="utf-8") as file:
            assert self.process.poll() is None, file.read()

    def uri(self, name="hv01"):
        return f"msvm+unix:///system?name={name}&socket={self.socket}"

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.stderr.close()


def can_bind():
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


@contextlib.contextmanager
def daemon_world(*options):
    if not can_bind():
        raise Skip("a libvirtd of its own needs the right to unshare mounts")
    with workspace() as directory:
        with running_host(directory, "--guardian", "yes", *options) as host:
            client = Client(directory, host)
            daemon_directory = os.path.join(directory, "d")
            os.makedirs(daemon_directory)
            daemon = Daemon(daemon_directory, client)
            try:
                yield host, client, daemon
            finally:
                daemon.stop()
