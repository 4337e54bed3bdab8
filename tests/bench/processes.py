"""Processes that are measured: what they cost by the kernel's own account, and that none is left behind."""
import ctypes
import os
import pathlib
import signal
import subprocess

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """A program did not come up; the message says which and what it wrote."""


def go_first():
    """Puts this process, and all that it starts, before other programs. Says whether that is allowed.

    Among programs that take every core, what is measured is who waits how long for a turn; and a
    forwarder that falls behind finds its work in heaps, which is cheaper than one piece at a time.
    The kernel still leaves a twentieth of the time to the others.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        return False
    return True


def _die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    """A running program that writes its stderr to a file."""

    def __init__(self, command, log, **options):
        self.name, self.log = os.path.basename(command[0]), pathlib.Path(log)
        with open(log, 'wb') as stderr:
            self.popen = subprocess.Popen([str(word) for word in command], stderr=stderr,
                                          preexec_fn=_die_with_parent, text=True, **options)
        self.pid = self.popen.pid

    def check(self):
        """Raises where it has ended."""
        if self.popen.poll() is not None:
            raise StartError(f'{self.name} ended with status {self.popen.returncode}:\n'
                             + '\n'.join(self.log.read_text(errors='replace').splitlines()[-10:]))

    def wait_ready(self):
        """For programs that print `ready` on stdout."""
        if self.popen.stdout.readline() != 'ready\n':
            self.popen.wait()
            self.check()

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(3)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()

    def family(self):
        """Its process ids: its own and those of its children."""
        pids = [self.pid]
        for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
            try:
                parent = int(stat.read_text().rpartition(')')[2].split()[1])
            except OSError:
                continue  # ended meanwhile
            if parent == self.pid:
                pids.append(int(stat.parent.name))
        return pids


def cpu_of_threads(pid):
    """{thread name: ns of CPU so far}; threads of one name are one entry."""
    used = {}
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        name = (task / 'comm').read_text().strip()
        used[name] = used.get(name, 0) + int((task / 'schedstat').read_text().split()[0])
    return used


def cpu(pids):
    return sum(sum(cpu_of_threads(pid).values()) for pid in pids)


def memory(pids, kind='Rss'):
    """Bytes of resident memory; `Pss` counts what processes share once."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
            if line.startswith(kind + ':'):
                total += int(line.split()[1]) * 1024
    return total
