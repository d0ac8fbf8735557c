"""A Debian with a real systemd, booted in a container, in which a package is installed as an operator would.

The tree is made once by debootstrap and kept in build/system; each machine is a layer above it that goes with it. It has
a network of its own, in which only its loopback is up.
"""
import atexit
import contextlib
import ctypes
import fcntl
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

from harness import folder, start_process, wait_for

ROOT = pathlib.Path(__file__).parents[2]
CACHE = ROOT / "build" / "system"
INCLUDED = "systemd,systemd-sysv,dbus,procps,ca-certificates"
SKIPPED = 77  # as SKIP_RETURN_CODE has it
_LIBC = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS, _NEW_NETWORK = 0x00020000, 0x40000000  # CLONE_NEWNS, CLONE_NEWNET
_CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def package():
    """The path of the package to test, or None."""
    given = os.environ.get("RUNWATCH_DEB")
    found = [pathlib.Path(given)] if given else sorted((ROOT / "build" / "package").glob("runwatch_*.deb"))
    return found[-1] if found and found[-1].exists() else None


def _run(*argv, timeout=600, **options):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=timeout, env=_CLEAN,
                          stdin=subprocess.DEVNULL, check=False, **options)
    if done.returncode != 0:
        raise OSError(f"{argv[0]} ended with {done.returncode}: {(done.stderr + done.stdout)[-2000:]}")
    return done.stdout


def _make_tree(tree, depends):
    """What a package depends on is installed in it beforehand, so that no test needs a network."""
    if not tree.exists():
        raw = tree.with_suffix(".raw")
        shutil.rmtree(raw, ignore_errors=True)
        _run("debootstrap", "--variant=minbase", f"--include={INCLUDED}", "bookworm", raw)
        raw.rename(tree)
    told = tree / "satisfied"
    if not told.exists() or told.read_text() != depends:
        _run("chroot", tree, "apt-get", "update", "-q")
        _run("chroot", tree, "apt-get", "satisfy", "-q", "-y", "--no-install-recommends", depends)
        told.write_text(depends)


@functools.cache
def tree():
    """The folder of the tree, made when it is missing. Fails: OSError, with what cannot be done here."""
    depends = _run("dpkg-deb", "-f", package(), "Depends")
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_tree(CACHE / "bookworm", depends.strip())
    return CACHE / "bookworm"


@functools.cache
def own_mounts():
    """From here on this process' mounts are its own, and go with it."""
    if _LIBC.unshare(_NEW_MOUNTS) != 0:
        raise OSError(f"mounts of its own: {os.strerror(ctypes.get_errno())}")
    _run("mount", "--make-rprivate", "/")


def layer():
    """A folder that is the tree, and whose changes are its own. Fails: OSError."""
    own_mounts()
    place = folder()
    for part in ("changes", "work", "root"):
        (place / part).mkdir()
    root = place / "root"
    _run("mount", "-t", "overlay", "overlay", "-o",
         f"lowerdir={tree()},upperdir={place / 'changes'},workdir={place / 'work'}", root)
    atexit.register(subprocess.run, ["umount", "-l", root], check=False)
    return root


def why_no_tree(*tools):
    """What keeps this machine from having such a tree, or those tools; None: nothing."""
    if os.geteuid() != 0:
        return "only root can make a Debian"
    for tool in ("debootstrap", "dpkg-deb", *tools):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    if package() is None:
        return "there is no package in build/package: ./dev package makes it"
    try:
        own_mounts()
        tree()
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no Debian can be made here: {error}"
    return None


def boot(*packages):
    """A Machine; where none can boot the test is skipped, with the reason."""
    reason = why_no_tree("systemd-nspawn", "nsenter")
    if reason:
        raise unittest.SkipTest(reason)
    try:
        return Machine(*packages)
    except (OSError, AssertionError) as error:
        raise unittest.SkipTest(f"no Debian boots here: {error}") from error


def run_tests():
    """unittest.main, but that it ends with SKIPPED where nothing was tested, and tells why something was not."""
    result = unittest.main(module="__main__", exit=False).result
    for reason in sorted({reason for _, reason in result.skipped}):
        print(f"skipped: {reason}", flush=True)
    if not result.wasSuccessful():
        sys.exit(1)
    alone = sum(isinstance(test, unittest.TestCase) for test, _ in result.skipped)  # the others are whole classes
    sys.exit(SKIPPED if result.skipped and result.testsRun == alone else 0)


class Machine:
    """A booted one. Owns: its layer and its processes."""

    def __init__(self, *packages):
        self.root = layer()
        (self.root / "packages").mkdir()
        for path in packages:
            shutil.copy(path, self.root / "packages")
        self.console = folder() / "console"
        with open(self.console, "wb") as console:
            self.process = start_process(
                ["systemd-nspawn", "-q", "-b", "-D", str(self.root), "--register=no", "--keep-unit",
                 "--private-network", "--console=pipe", f"--machine=runwatch-{os.getpid()}", "--link-journal=no"],
                stdout=console, stderr=console, env=_CLEAN)
        self.leader, self.state = 0, ""
        atexit.register(self.stop)
        try:
            wait_for(self._is_up, "the container's boot", deadline=60, pause=0.1)
        except AssertionError as error:
            jobs = self.run("systemctl", "list-jobs", check=False)
            raise AssertionError(f"{error}: {self.state} {jobs.stdout}{jobs.stderr}"
                                 f"{self.console.read_text(errors='replace')[-1000:]}") from error

    # Until it is up there are others, which make it.
    def _find_leader(self):
        if self.process.poll() is not None:
            raise OSError(f"systemd-nspawn ended: {self.console.read_text(errors='replace')[-1000:]}")
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def _is_up(self):
        self.leader = self._find_leader()
        self.state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return self.state in ("running", "degraded")

    def run(self, *argv, check=True, timeout=60, stdin=""):
        done = subprocess.run(["nsenter", "-t", str(self.leader), "-a", "--", *map(str, argv)], capture_output=True,
                              text=True, input=stdin, timeout=timeout, env=_CLEAN, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def pid_outside(self, pid):
        """Of a process that has `pid` inside."""
        inside = f"/proc/{self.leader}/ns/pid"
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                numbers = re.search(r"^NSpid:\s*(.*)$", (process / "status").read_text(), re.M).group(1).split()
                if numbers[-1] == str(pid) and os.readlink(process / "ns/pid") == os.readlink(inside):
                    return int(process.name)
            except OSError:
                continue
        raise AssertionError(f"there is no process {pid} inside")

    def install(self, path, check=True):
        """As an operator would, from the file; what it depends on is there."""
        return self.run("apt-get", "install", "-q", "-y", "--allow-downgrades",
                        f"/packages/{path.name}", check=check)

    def write(self, path, text, mode=0o644):
        place = self.root / path.lstrip("/")
        place.write_text(text, encoding="utf-8")
        place.chmod(mode)

    def read(self, path):
        return (self.root / path.lstrip("/")).read_text(encoding="utf-8")

    @contextlib.contextmanager
    def network(self):
        """Inside, this thread's connections are made in the machine."""
        with open("/proc/thread-self/ns/net", "rb") as own, open(f"/proc/{self.leader}/ns/net", "rb") as its:
            _LIBC.setns(its.fileno(), _NEW_NETWORK)
            try:
                yield
            finally:
                _LIBC.setns(own.fileno(), _NEW_NETWORK)

    def stop(self):
        """Halts it; what does not end in time is killed."""
        if self.process.poll() is None:
            with contextlib.suppress(OSError):
                os.kill(self.leader, signal.SIGRTMIN + 4)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
