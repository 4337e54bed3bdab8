#!/usr/bin/env python3
"""Minimal Debian roots with Asterisk in them, made once and kept.

    roots.py [--or-skip] DIR [SUITE...]     make what is missing below DIR (default: all of roots.conf)

--or-skip: status 77 instead of 1 where it cannot be done, unless CI=true.
The mirror is the one this machine installs from; TAILTRUNK_MIRROR names another one.
"""
import concurrent.futures
import fcntl
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
# Written last: a root without it was interrupted and is made again.
STAMP = 'tailtrunk-root'
# The name every exchange of a lab has (see asterisk.py); without it in /etc/hosts, and with a
# name server that does not answer, each call waits ten seconds for DNS.
HOSTNAME = 'exchange'


class Suite(NamedTuple):
    name: str
    asterisk: int
    packages: str


class RootError(Exception):
    """A root could not be made; the message says why."""


def suites():
    """The table of roots.conf, by suite name."""
    table = {}
    with open(os.path.join(HERE, 'roots.conf'), encoding='utf-8') as conf:
        for line in conf:
            words = line.split('#')[0].split()
            if words:
                table[words[0]] = Suite(words[0], int(words[1]), ','.join(words[2:]))
    return table


def mirror():
    """Where this machine gets its own release from."""
    if os.environ.get('TAILTRUNK_MIRROR'):
        return os.environ['TAILTRUNK_MIRROR']
    release = subprocess.run(
        ['sh', '-c', '. /etc/os-release; echo "$VERSION_CODENAME"'],
        capture_output=True, text=True, check=True).stdout.strip()
    targets = subprocess.run(
        ['apt-get', 'indextargets', '--no-release-info', '--format',
         '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages'],
        capture_output=True, text=True, check=True).stdout
    for line in targets.splitlines():
        uri, suite, component = line.split()
        if suite == release and component == 'main':
            return uri
    raise RootError(f'no apt source of this machine offers {release} main; set TAILTRUNK_MIRROR')


def ready(base, suite):
    return os.path.exists(os.path.join(base, suite, STAMP))


def make(base, suite):
    """Make the root of one suite below base if it is not there yet; returns its path."""
    path = os.path.join(os.path.abspath(base), suite)
    if ready(base, suite):
        return path
    if suite not in suites():
        raise RootError(f'{suite} is not in roots.conf')
    os.makedirs(base, exist_ok=True)
    with open(path + '.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready(base, suite):
            _bootstrap(path, suite)
    return path


def _bootstrap(path, suite):
    if not shutil.which('mmdebstrap'):
        raise RootError('mmdebstrap is not installed')
    shutil.rmtree(path, ignore_errors=True)
    log = path + '.log'
    command = [
        'mmdebstrap', '--variant=minbase', '--mode=root',
        f'--include={suites()[suite].packages}',
        # Releases that are past their date are what old exchanges run.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        '--aptopt=Acquire::Languages "none"',
        '--dpkgopt=path-exclude=/usr/share/man/*',
        '--dpkgopt=path-exclude=/usr/share/locale/*',
        '--dpkgopt=force-unsafe-io',
        suite, path, mirror()]
    with open(log, 'w', encoding='utf-8') as out:
        if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False).returncode:
            shutil.rmtree(path, ignore_errors=True)
            raise RootError(f'mmdebstrap {suite} failed, see {log}')
    with open(os.path.join(path, 'etc/resolv.conf'), 'w', encoding='utf-8') as conf:
        conf.write('nameserver 127.0.0.1\n')
    with open(os.path.join(path, 'etc/hosts'), 'w', encoding='utf-8') as hosts:
        hosts.write(f'127.0.0.1 localhost\n127.0.1.1 {HOSTNAME}\n')
    with open(os.path.join(path, STAMP), 'w', encoding='utf-8') as stamp:
        stamp.write('made by tests/interop/roots.py\n')


def main():
    words = sys.argv[1:]
    failure = 1
    if words[:1] == ['--or-skip']:
        words.pop(0)
        failure = 1 if os.environ.get('CI') == 'true' else 77
    if not words:
        sys.exit(__doc__)
    base, *names = words
    if os.geteuid() != 0:
        print('roots: needs root')
        return failure

    def one(suite):
        print(f'root {suite}: {"there" if ready(base, suite) else "making it, about a minute"}', flush=True)
        try:
            make(base, suite)
        except (RootError, OSError, subprocess.CalledProcessError) as error:
            return f'root {suite}: {error}'
        return ''

    with concurrent.futures.ThreadPoolExecutor() as pool:
        errors = [error for error in pool.map(one, names or suites()) if error]
    print('\n'.join(errors), end='\n' if errors else '')
    return failure if errors else 0


if __name__ == '__main__':
    sys.exit(main())
