#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""barbican_client.py AUTH_URL CONTAINER TIMES: what keymgr_fetch.c measures, as
OpenStack's own driver for shielded machines does it: python3-barbicanclient on a
session of keystoneauth, a container, and the payload of one secret after
another. The password is in the environment."""

import os
import sys
import time

from barbicanclient import client
from keystoneauth1 import session
from keystoneauth1.identity import v3


def connect(auth_url):
    auth = v3.Password(auth_url=auth_url, username="creator", password=os.environ["BENCH_PASSWORD"],
                       user_domain_id="default", project_name="demo", project_domain_id="default")
    return client.Client(session=session.Session(auth=auth), region_name="Bench", interface="public")


def fetch(barbican, container):
    start = time.monotonic()
    secrets = barbican.containers.get(container).secrets
    payloads = [secrets[str(number + 1)].payload for number in range(len(secrets))]
    assert all(payloads)
    return time.monotonic() - start, len(payloads)


def main():
    auth_url, container, times = sys.argv[1:]
    for _ in range(int(times)):
        barbican = connect(auth_url)
        first, _ = fetch(barbican, container)
        again, count = fetch(barbican, container) if int(times) > 1 else (0, 0)
        print(f"{first:.6f} {again:.6f} {count}")


main()
