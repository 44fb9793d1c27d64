#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""delay.py PORT ...: stands in front of each port, lets every request wait, and
counts them. Prints the ports that it listens on; reads 'delay MILLISECONDS' and
'count' from its standard input, and answers a line to each: how many requests
there were since the last one.

What a request waits for is a round trip to a distant server: the answer comes
back at once, and requests on different connections wait side by side."""

import asyncio
import os
import re
import sys

REQUEST = re.compile(rb"(GET|PUT|POST|DELETE|HEAD) ")


class Delay:
    def __init__(self):
        self.seconds = 0.0
        self.requests = 0
        self.tasks = set()      # asyncio itself forgets those that wait

    async def forwards(self, reader, writer):
        """A request may come in several pieces: each waits for the same time, and
        keeps its place."""
        loop = asyncio.get_running_loop()
        last = 0.0
        while data := await reader.read(65536):
            self.requests += REQUEST.match(data) is not None
            last = max(loop.time() + self.seconds, last + 1e-6)
            loop.call_at(last, writer.write, data)
        loop.call_at(max(loop.time(), last) + 1e-6, writer.close)

    @staticmethod
    async def backwards(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(self, reader, writer, port):
        self.tasks.add(asyncio.current_task())
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(self.forwards(reader, up_writer), self.backwards(up_reader, writer))
        except OSError:
            writer.close()

    def obey(self, line):
        words = line.split()
        if words[0] == "delay":
            self.seconds = float(words[1]) / 1000
        count, self.requests = self.requests, 0
        return count


async def main():
    delay = Delay()
    listening = [await asyncio.start_server(lambda r, w, p=port: delay.serve(r, w, p), "127.0.0.1", 0)
               for port in map(int, sys.argv[1:])]
    print(*[server.sockets[0].getsockname()[1] for server in listening], flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(delay.obey(line), flush=True)
    sys.stdout.flush()
    os._exit(0)     # connections that are still open have nothing more to say


asyncio.run(main())
