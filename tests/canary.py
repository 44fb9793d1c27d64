# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looking for secrets where none must be: in the memory of a process, in core
files of it, in logs and in folders; in every form that they might have."""

import base64
import os
import re
import resource
import shutil
import signal
import subprocess

# A Fernet token, of whatever user: Keystone's.
TOKEN = rb"gAAAAA[A-Za-z0-9_-]{60,}"
STEP_SECONDS = 30


def wide(data):
    """Any bytes in UTF-16: what both ways round have in common."""
    return b"\0".join(bytes((c,)) for c in data)


def forms(name, value):
    """A value as it might lie somewhere. Base64 at any of three offsets: what is
    sure to appear is the middle."""
    yield name, value
    yield f"{name} in hex", value.hex().encode()
    yield f"{name} in capital hex", value.hex().upper().encode()
    yield f"{name} in UTF-16", wide(value)
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + value)[4:-4]
        yield f"{name} in base64", text
        if b"+" in text or b"/" in text:
            yield f"{name} in base64 for URLs", text.replace(b"+", b"-").replace(b"/", b"_")


def as_array(value):
    """An array of bytes in SOAP: an element each."""
    return re.compile(rb"<[^>]{0,200}>\s*<[^>]{0,200}>".join(b"%d" % byte for byte in value[:12]))


def written_blocks(file):
    """Without those that hold nothing: most of a core file is memory that was
    reserved and never written to."""
    nothing = bytes(1 << 16)
    while block := file.read(len(nothing)):
        if block != nothing:
            yield block


class Needles:
    """values: name and bytes. tokens: whether any Fernet token counts, too."""

    def __init__(self, values, tokens=True):
        self.plain = [form for name, value in values.items() for form in forms(name, value)]
        self.patterns = [(f"{name} as an array", as_array(value)) for name, value in values.items()]
        if tokens:
            self.patterns += [("a token", re.compile(TOKEN)),
                              ("a token in hex", re.compile(TOKEN[:6].hex().encode() + b"[0-9a-fA-F]{60,}")),
                              ("a token in UTF-16", re.compile(wide(TOKEN[:6]) + rb"(?:\0[A-Za-z0-9_-]){60,}"))]

    def add(self, name, value):
        self.plain += forms(name, value)

    def search(self, data):
        found = {name for name, needle in self.plain if needle in data}
        return sorted(found | {name for name, pattern in self.patterns if pattern.search(data)})

    def search_file(self, path):
        with open(path, "rb") as file:
            return self.search(b"".join(written_blocks(file)))

    def search_folder(self, folder, leave_out=()):
        """Files, and their names: 'PATH: WHAT' each."""
        for directory, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(directory, name)
                if path in leave_out or not os.path.isfile(path):
                    continue
                for what in self.search(os.fsencode(path) + b"\0") + self.search_file(path):
                    yield f"{path}: {what}"


def dumped(pid):
    """Address ranges that a core file would hold, and that were ever written to."""
    ranges, current = [], None
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as smaps:
        for line in smaps:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ", line)
            if head:
                current = (int(head[1], 16), int(head[2], 16), head[3])
            elif line.startswith("VmFlags:") and "rw" in current[2] and " dd" not in line:
                ranges.append(current[:2])
    return ranges


def search_memory(pid, needles):
    """As a core file would show it: without what is marked MADV_DONTDUMP."""
    found = set()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end in dumped(pid):
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except (OSError, OverflowError, ValueError):
                continue        # vvar, vsyscall
            found.update(needles.search(data))
    return sorted(found)


class Debugger:
    """One gdb that takes core files of living processes, as gcore does."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "gcore")
        self.process = subprocess.Popen(
            ["gdb", "-nx", "-q", "-iex", "set auto-solib-add off", "-iex", "set auto-load no",
             "-iex", "set confirm off", "-iex", "set pagination off"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def tell(self, *commands):
        self.process.stdin.write("\n".join([*commands, r"echo \nthe end of it\n", ""]))
        self.process.stdin.flush()
        said = []
        while not said or said[-1] != "the end of it\n":
            said.append(self.process.stdout.readline())
            assert said[-1], "gdb ended: " + "".join(said)
        return "".join(said)

    def search(self, pid, needles, excluded=False):
        """What a core file of a living process shows. excluded: with the memory
        that is marked to be left out of core files."""
        said = self.tell(f"attach {pid}", f"set use-coredump-filter {'off' if excluded else 'on'}",
                         f"set dump-excluded-mappings {'on' if excluded else 'off'}",
                         f"generate-core-file {self.path}", "detach")
        assert "Saved corefile" in said, said
        try:
            return needles.search_file(self.path)
        finally:
            os.unlink(self.path)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(STEP_SECONDS)
        self.process.stdout.close()


def kernel_writes_cores():
    """Into the folder that a process runs in, that is."""
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
        pattern = file.read().strip()
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    return bool(pattern) and "/" not in pattern and not pattern.startswith("|") and hard != 0


def allow_cores():
    """For the child, between fork and exec."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def search_abort(process, folder, abort, needles, debugger):
    """Lets a process abort, and searches the core file that comes of it: the
    kernel's, or where the kernel is told to hand it to somebody else, gdb's.
    folder: where the process runs. abort: makes it do so."""
    if not kernel_writes_cores():
        return search_abort_in_gdb(process, abort, needles, debugger)
    abort()
    process.wait(STEP_SECONDS)
    assert process.returncode == -signal.SIGABRT, f"it ended with {process.returncode}"
    cores = [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("core")]
    assert len(cores) == 1, f"core files: {cores}"
    try:
        return needles.search_file(cores[0])
    finally:
        os.unlink(cores[0])


def search_abort_in_gdb(process, abort, needles, debugger):
    debugger.tell(f"attach {process.pid}", "handle SIGABRT stop nopass")
    abort()
    said = debugger.tell("continue", "set use-coredump-filter on", "set dump-excluded-mappings off",
                         f"generate-core-file {debugger.path}", "kill")
    assert "SIGABRT" in said and "Saved corefile" in said, said
    process.wait(STEP_SECONDS)
    try:
        return needles.search_file(debugger.path)
    finally:
        os.unlink(debugger.path)


def can_take_cores(sanitized):
    """Sanitizers switch core files off, and gdb may be missing."""
    return not sanitized and shutil.which("gdb") is not None
