# SPDX-License-Identifier: LGPL-2.1-or-later
"""What keys cost: secrets of a container in a real Barbican, with a token of a
real Keystone, by this project, by curl one after another, and by OpenStack's
python client as OpenStack's own driver uses it.

    ./run bench keymgr [--quick]

Each request waits for the injected latency on its way (delay.py). Everything of
one line runs in one go, taking turns, so that what else the machine does hits
all alike; times are medians.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

from barbican import running_barbican  # noqa: E402
from msvmtest import BUILDDIR, PYTHON, workspace  # noqa: E402

SIZE = 512
LIMIT = 300     # seconds of any one program

CURL = """
set -e
curl -s -D headers -o /dev/null -H 'Content-Type: application/json' --data-binary @login "$1/auth/tokens"
sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: */X-Auth-Token: /p' headers | tr -d '\\r' >token
for secret in $(curl -s -H @token -H 'Accept: application/json' "$2" | grep -o '/secrets/[0-9a-f-]*'); do
    curl -s -f -H @token -H 'Accept: application/octet-stream' -o payload "$3/v1$secret/payload"
done
"""


class Proxy:
    def __init__(self, *ports):
        self.process = subprocess.Popen([PYTHON, os.path.join(HERE, "delay.py"), *map(str, ports)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = [int(port) for port in self.process.stdout.readline().split()]

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


class Bench:
    def __init__(self, service, proxy, directory):
        self.service, self.proxy, self.directory = service, proxy, directory
        self.auth_url = f"http://127.0.0.1:{proxy.ports[0]}/v3"
        self.barbican_url = f"http://127.0.0.1:{proxy.ports[1]}"
        self.add_region()
        self.config = self.write("bench.conf", service.config(auth_url=self.auth_url, region_name="Bench"))
        self.write("login", json.dumps({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "creator", "domain": {"id": "default"}, "password": service.password}}},
            "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}}}))

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def keystone(self, path, body=None):
        request = urllib.request.Request(
            f"{self.service.values['KEYSTONE_URL']}/v3{path}",
            data=json.dumps(body).encode() if body else None,
            headers={"X-Auth-Token": self.service.token("admin"), "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def add_region(self):
        """So that the catalogue leads through the delay, whoever reads it."""
        service = self.keystone("/services?type=key-manager")["services"][0]["id"]
        self.keystone("/regions", {"region": {"id": "Bench"}})
        self.keystone("/endpoints", {"endpoint": {
            "service_id": service, "interface": "public", "region": "Bench", "url": self.barbican_url}})

    def container(self, count):
        """Its secrets are called "1" to "N": data in pieces, as OpenStack stores it."""
        own = self.service.values["BARBICAN_URL"] + "/v1/secrets/"
        refs = [{"name": str(number + 1), "secret_ref": own + self.service.store(os.urandom(SIZE))}
                for number in range(count)]
        made = self.service.request("POST", "/v1/containers", {"name": "bench", "type": "generic",
                                                               "secret_refs": refs})
        return self.barbican_url + "/v1/containers/" + made["container_ref"].rsplit("/", 1)[1]

    def run(self, command):
        """Seconds, peak memory in MiB, and what was printed. time(1) is in between,
        because a process is charged for the memory of the one that forked it."""
        peak = os.path.join(self.directory, "peak")
        start = time.monotonic()
        said = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", peak, *command], check=True,
                              cwd=self.directory, stdout=subprocess.PIPE, text=True, timeout=LIMIT,
                              env=dict(os.environ, BENCH_PASSWORD=self.service.password)).stdout
        seconds = time.monotonic() - start
        with open(peak, encoding="ascii") as file:
            return seconds, int(file.read()) / 1024, said

    def ways(self, container):
        """Name: the whole process; or None; and the same inside one that is up."""
        fetch = os.path.join(BUILDDIR, "tests", "bench", "keymgr-fetch")
        python = [PYTHON, os.path.join(HERE, "barbican_client.py"), self.auth_url, container]
        return {
            "ours": ([os.path.join(BUILDDIR, "msvm-keymgr"), "-c", self.config, "check", container],
                     [fetch, self.config, container]),
            "curl": (["sh", "-c", CURL, "sh", self.auth_url, container, self.barbican_url], None),
            "python client": ([*python, "1"], python),
        }


class Row:
    def __init__(self):
        self.whole, self.first, self.again, self.memory, self.requests = [], [], [], 0, 0


def measure(bench, container, repeat):
    rows = {}
    for _ in range(repeat):
        for name, (whole, inside) in bench.ways(container).items():
            row = rows.setdefault(name, Row())
            bench.proxy.tell("count")
            seconds, memory, _ = bench.run(whole)
            row.requests = bench.proxy.tell("count")
            row.whole.append(seconds)
            row.memory = max(row.memory, memory)
            if inside:
                for line in bench.run([*inside, "2"])[2].splitlines():
                    row.first.append(float(line.split()[0]))
                    row.again.append(float(line.split()[1]))
    return rows


def cell(values, ours):
    if not values:
        return f"{'-':>9}{'':>7}"
    value = statistics.median(values)
    return f"{value * 1000:>6.0f} ms{value / statistics.median(ours):>6.1f}x"


def show(count, latency, rows):
    ours = rows["ours"]
    for name, row in rows.items():
        print(f"{count:>7}{latency:>7} ms  {name:14}{row.requests:>8}  {cell(row.whole, ours.whole)}"
              f"  {cell(row.first, ours.first)}  {cell(row.again, ours.again)}{row.memory:>10.1f}",
              flush=True)


def main(quick):
    print(__doc__.partition("\n\n")[0] + "\n")
    print(f"{'':38}{'whole process':^16}  {'in process':^16}  {'once more':^16}{'peak':>10}")
    print(f"{'secrets':>7}{'latency':>10}  {'way':14}{'requests':>8}  {'':16}  {'':16}  {'':16}{'MiB':>10}")
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(workspace())
        service = stack.enter_context(running_barbican(directory))
        proxy = Proxy(service.values["KS_PORT"], service.values["BB_PORT"])
        stack.callback(proxy.stop)
        bench = Bench(service, proxy, directory)
        containers = {count: bench.container(count) for count in ((6,) if quick else (1, 6, 60))}
        for latency in (0, 50) if quick else (0, 5, 50):
            proxy.tell(f"delay {latency}")
            for count, container in containers.items():
                show(count, latency, measure(bench, container, 1 if quick else 2 if count > 6 else 5))

