"""What a test file is made of: a table of cases, each a function of its environment."""
import contextlib
import os
import shutil
import traceback
from typing import Callable, NamedTuple

import roots


class Case(NamedTuple):
    name: str
    run: Callable
    seconds: int = 10       # about how long it takes: long ones start first
    proxy: bool = True      # whether it needs the tailtrunk binary
    needs: tuple = ()       # what not every machine has: keys of THERE


THERE = {
    'kamailio': lambda: shutil.which('kamailio'),
    'IPv6': lambda: os.path.exists('/proc/sys/net/ipv6'),
}


class Env:
    """What a case gets: where roots and binary are, a folder of its own, and where results go."""

    def __init__(self, build, base, folder, direct=False):
        self.direct = direct    # check the tests themselves: no proxy, and nobody masqueraded
        self.base = base
        self.folder = folder
        self.tailtrunk = binary(build)
        self.results = []       # (step name or '', passed, text)
        self.notes = []

    def root(self, suite):
        return roots.make(self.base, suite)

    def note(self, text):
        """A measured figure, shown beside the result."""
        self.notes.append(text)

    @contextlib.contextmanager
    def step(self, name):
        """Part of a case that counts by itself; the case goes on when it fails."""
        self.notes = []
        try:
            yield
        except AssertionError:
            self.results.append((name, False, traceback.format_exc()))
        else:
            self.results.append((name, True, '; '.join(self.notes)))
        self.notes = []


def binary(build):
    """The tailtrunk under test: TAILTRUNK, else the one in the build folder, else None."""
    for path in (os.environ.get('TAILTRUNK'), os.path.join(build, 'proxy/tailtrunk'), os.path.join(build, 'tailtrunk')):
        if path and os.access(path, os.X_OK):
            return os.path.abspath(path)
    return None
