# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration tests stand on: a simulated host, a state folder for
the driver, and stock clients of libvirt to drive it with.

A test file is a program of its own that prints TAP. Its cases are functions
whose names begin with test_; the name says what the case proves.
"""

import contextlib
import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

SRCDIR = os.environ.get("MSVM_SRCDIR") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", ".."))
BUILDDIR = os.environ.get("MSVM_BUILDDIR") or os.path.join(SRCDIR, "_build")
EXAMPLES = os.path.join(SRCDIR, "docs", "examples")
PYTHON = "/usr/bin/python3"

USER = "admin"
PASSWORD = "hv-Pa55word-canary"
# More than any single step of a test takes, on a loaded machine and under a
# sanitizer; a hang ends here instead of in the runner's limit.
COMMAND_TIMEOUT = 120


class Skip(Exception):
    """Raised by a case that cannot run here, with the reason."""


def wait_for(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("timed out waiting for " + what)
        time.sleep(0.02)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("hvsim", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Host:
    """A running hvsim."""

    def __init__(self, directory, *options, tls=True, password=PASSWORD):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self.password_file = os.path.join(directory, "password")
        with open(self.password_file, "w", encoding="utf-8") as file:
            file.write(password)
        os.chmod(self.password_file, 0o600)
        self.control = os.path.join(directory, "control")
        self.ca = os.path.join(directory, "tls", "ca.pem")
        self.log_path = os.path.join(directory, "requests.log")
        command = [os.path.join(BUILDDIR, "hvsim"), "--port", "0", "--name", "HV01",
                   "--schema", os.path.join(SRCDIR, "sim", "schema"),
                   "--user", USER, "--password-file", self.password_file,
                   "--control", self.control, "--log", self.log_path]
        command += ["--tls-dir", os.path.join(directory, "tls")] if tls else ["--http"]
        command += list(options)
        self.stderr = open(os.path.join(directory, "stderr"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.stderr,
                                        text=True)
        line = self.process.stdout.readline()
        match = re.search(r"listening on (https?://[^ ]*:(\d+)/wsman)", line)
        if not match:
            self.process.wait(10)
            self.stderr.seek(0)
            raise AssertionError("hvsim did not start: " + line + self.stderr.read())
        self.url, self.port = match.group(1), int(match.group(2))

    def ask(self, method, path, body=None):
        connection = UnixConnection(self.control)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
            return text
        finally:
            connection.close()

    def state(self):
        return json.loads(self.ask("GET", "/state"))

    def machines(self):
        return self.state()["machines"]

    def machine(self, name):
        found = [m for m in self.machines() if m["name"] == name]
        assert len(found) == 1, f"{len(found)} machines are called {name}"
        return found[0]

    def log(self, since=0):
        return json.loads(self.ask("GET", f"/log?since={since}"))

    def mark(self):
        """The number of the last request so far, for log()."""
        return max([entry["seq"] for entry in self.log()], default=0)

    def fault(self, spec):
        self.ask("POST", "/fault", spec)

    def no_faults(self):
        self.ask("DELETE", "/fault")

    def prepare(self, name, query="", notes=None):
        """What an administrator does to a machine on the host itself."""
        self.ask("POST", f"/machine?name={name}&{query}", notes)

    def latency(self, milliseconds):
        self.ask("POST", "/latency", str(milliseconds))

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.stderr.seek(0)
        said = self.stderr.read()
        self.stderr.close()
        assert self.process.returncode == 0, f"hvsim ended with {self.process.returncode}: {said}"


class Client:
    """A state folder for the driver, and virsh to use it with."""

    def __init__(self, directory, host=None, password=PASSWORD, config="", parameters=""):
        self.directory = directory
        self.root = os.path.join(directory, "root")
        self.host = host
        os.makedirs(os.path.join(self.root, "etc"), exist_ok=True)
        os.makedirs(os.path.join(directory, "home"), exist_ok=True)
        self.auth_file = os.path.join(directory, "auth.conf")
        self.write_auth(password)
        self.write_config(config)
        self.uri = self.make_uri(parameters) if host else None

    def make_uri(self, parameters=""):
        tls = self.host.url.startswith("https")
        return (f"msvm://{USER}@127.0.0.1:{self.host.port}/embed?root={self.root}"
                + (f"&cacert={self.host.ca}" if tls else "&transport=http")
                + "&auth=basic" + parameters)

    def write_auth(self, password, user=USER):
        with open(self.auth_file, "w", encoding="utf-8") as file:
            file.write("[credentials-hv]\n"
                       f"username={user}\npassword={password}\n"
                       "[auth-msvm-127.0.0.1]\ncredentials=hv\n")
        os.chmod(self.auth_file, 0o600)

    def write_config(self, text):
        path = os.path.join(self.root, "etc", "msvm.conf")
        if text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o600)
        elif os.path.exists(path):
            os.unlink(path)

    def environment(self, **more):
        environment = dict(os.environ)
        environment.update(
            LIBVIRT_DRIVER_DIR=driver_directory(), LIBVIRT_AUTH_FILE=self.auth_file,
            HOME=os.path.join(self.directory, "home"), XDG_CONFIG_HOME=self.directory,
            XDG_RUNTIME_DIR=self.directory, XDG_CACHE_HOME=self.directory, LC_ALL="C.UTF-8")
        environment.pop("G_DEBUG", None)
        environment.update(sanitizer_environment())
        environment.update(more)
        return environment

    def run(self, command, input=None, check=None, environment=None, timeout=COMMAND_TIMEOUT):
        result = subprocess.run(command, input=input, capture_output=True, text=True,
                                env=environment or self.environment(), timeout=timeout)
        check_sanitizer(result.stderr)
        if check is not None:
            ok = result.returncode == 0
            assert ok == check, (f"{' '.join(command)}: exit {result.returncode}\n"
                                 f"{result.stdout}{result.stderr}")
        return result

    def virsh(self, *arguments, check=True, uri=None, **options):
        """What virsh printed; its error text when check is False."""
        result = self.run(["virsh", "-c", uri or self.uri, *arguments], check=check, **options)
        return result.stdout if check in (True, None) else result.stderr

    def define(self, xml, *options, check=True):
        path = os.path.join(self.directory, "domain.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(xml)
        return self.virsh("define", path, *options, check=check)

    def python(self, code, *arguments, check=True, uri=None):
        """Runs code in a stock libvirt Python client; conn is open."""
        program = CLIENT_PROLOGUE + code
        return self.run([PYTHON, "-c", program, uri or self.uri, *arguments], check=check).stdout

    def error_code(self, code, *arguments, uri=None):
        """The libvirt error that the code ends with: (name, message)."""
        wrapped = ("try:\n" + "".join(f"    {line}\n" for line in code.splitlines())
                   + "    print('no error')\n"
                   "except libvirt.libvirtError as error:\n"
                   "    print(name_of(error.get_error_code()), error.get_error_message())\n")
        program = CLIENT_PROLOGUE.replace("conn = connect()", "") + wrapped
        out = self.run([PYTHON, "-c", program, uri or self.uri, *arguments], check=True).stdout
        name, _, message = out.strip().partition(" ")
        return name, message

    def define_error(self, xml, flags=0):
        return self.error_code(f"connect().defineXMLFlags(sys.argv[2], {flags})", xml)

    def secret_define(self, uuid, value, usage="vtpm", private=False):
        """Puts a secret into the embedded key store of the root."""
        uri = f"secret:///embed?root={self.root}"
        xml = (f"<secret ephemeral='no' private='{'yes' if private else 'no'}'><uuid>{uuid}</uuid>"
               f"<usage type='{usage}'><name>{uuid}</name></usage></secret>")
        path = os.path.join(self.directory, "secret.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(xml)
        self.virsh("secret-define", path, uri=uri)
        if value is not None:
            value_path = os.path.join(self.directory, "value")
            with open(value_path, "wb") as file:
                file.write(value)
            self.run([os.path.join(SRCDIR, "tools", "secret-set-value"), uri, uuid, value_path],
                     check=True)
            os.unlink(value_path)


CLIENT_PROLOGUE = """
import libvirt, sys, threading
libvirt.registerErrorHandler(lambda *a: None, None)
libvirt.virEventRegisterDefaultImpl()
def loop():
    while True:
        libvirt.virEventRunDefaultImpl()
threading.Thread(target=loop, daemon=True).start()
def name_of(code):
    names = [n for n in dir(libvirt) if n.startswith("VIR_ERR_") and getattr(libvirt, n) == code]
    names = [n for n in names if n not in ("VIR_ERR_NONE", "VIR_ERR_WARNING", "VIR_ERR_ERROR")]
    return names[0] if names else str(code)
def connect():
    return libvirt.open(sys.argv[1])
conn = connect()
"""


def driver_directory():
    """A folder of driver modules: ours from the build, the stock ones beside."""
    path = os.path.join(BUILDDIR, "tests", "integration", "drivers")
    ours = os.path.join(BUILDDIR, ".libs", "libvirt_driver_msvm.so")
    os.makedirs(path, exist_ok=True)
    stock = subprocess.run(["pkg-config", "--variable=libdir", "libvirt"], capture_output=True,
                           text=True, check=True).stdout.strip()
    modules = [ours] + glob.glob(os.path.join(stock, "libvirt", "connection-driver",
                                              "libvirt_driver_secret.so"))
    for module in modules:
        link = os.path.join(path, os.path.basename(module))
        with contextlib.suppress(FileExistsError):
            os.symlink(module, link)
    return path


def is_sanitized():
    makefile = os.path.join(BUILDDIR, "Makefile")
    with open(makefile, encoding="utf-8") as file:
        return re.search(r"^CFLAGS = .*-fsanitize", file.read(), re.M) is not None


_SANITIZED = None


def sanitizer_environment():
    """A stock program that loads our sanitized module needs the run-time
    library loaded first; leaks of programs that are not ours are not counted
    here, but by the unit tests and by valgrind."""
    global _SANITIZED
    if _SANITIZED is None:
        _SANITIZED = {}
        if is_sanitized():
            # Not libubsan.so, too: the module brings it, and with both before
            # it even a stock virsh hangs when it ends.
            library = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True,
                                     text=True, check=True).stdout.strip()
            # Its wrappers of the XDR functions look for the real ones at the
            # start: libtirpc, which libvirt's RPC uses, must be there by then.
            tirpc = glob.glob("/usr/lib/*/libtirpc.so.3") + glob.glob("/lib/*/libtirpc.so.3")
            _SANITIZED = {"LD_PRELOAD": " ".join([os.path.realpath(library)] + tirpc[:1]),
                          "ASAN_OPTIONS": "detect_leaks=0:exitcode=99",
                          "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    return _SANITIZED


def check_sanitizer(text):
    for sign in ("AddressSanitizer", "runtime error:", "LeakSanitizer"):
        assert sign not in text, "sanitizer:\n" + text


@contextlib.contextmanager
def workspace():
    """A folder that is gone afterwards, unless MSVM_KEEP is set."""
    path = tempfile.mkdtemp(prefix="msvm-test-")
    try:
        yield path
    finally:
        if not os.environ.get("MSVM_KEEP"):
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running_host(directory, *options, **more):
    host = Host(os.path.join(directory, "host"), *options, **more)
    try:
        yield host
    finally:
        host.stop()


@contextlib.contextmanager
def world(*options, config="", parameters="", **more):
    """A host and a client of it."""
    with workspace() as directory:
        with running_host(directory, *options, **more) as host:
            yield host, Client(directory, host, config=config, parameters=parameters)


def example(name):
    with open(os.path.join(EXAMPLES, name + ".xml"), encoding="utf-8") as file:
        return file.read()


def main(namespace, plain_alone=None):
    """Runs the test_ functions of a module and prints TAP. plain_alone: why there
    is nothing to be had from them in a sanitizers' build, where they take long."""
    if plain_alone and is_sanitized():
        print(f"1..0 # SKIP {plain_alone}")
        return
    cases = [(name, function) for name, function in namespace.items()
             if name.startswith("test_") and callable(function)]
    wanted = sys.argv[1:]
    if wanted:
        cases = [case for case in cases if any(word in case[0] for word in wanted)]
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(cases, 1):
        title = name[len("test_"):].replace("_", " ")
        try:
            function()
            print(f"ok {number} - {title}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {title} # SKIP {reason}", flush=True)
        except Exception:  # a case reports whatever stopped it
            failed += 1
            print(f"not ok {number} - {title}", flush=True)
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
    sys.exit(1 if failed else 0)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
