#!/usr/bin/env python3
"""Runs the cases of the test_*.py files beside it, several rigs at once.

    run.py --build DIR [--roots DIR] [-k PATTERN] [-j N] [FILE...]

Roots are kept in build/roots of the repository, what a failed case leaves in DIR/interop. FILE is a name such as
test_failure; default: all. TAILTRUNK names the binary (default: DIR/proxy/tailtrunk). Ends with
status 0, 1 (a case failed) or 77 (nothing could run here; with CI=true that is 1).
"""
import argparse
import ctypes
import glob
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback

import case
import net
import roots

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77


def table(names):
    """All cases as {'failure.both': (module, Case)}."""
    files = names or sorted(os.path.basename(path)[:-3] for path in glob.glob(f'{HERE}/test_*.py'))
    found = {}
    for name in files:
        module = importlib.import_module(name)
        for entry in module.CASES:
            found[f'{name[len("test_"):]}.{entry.name}'] = (name, entry)
    return found


def obstacle(base, tools=()):
    """Why no case can run on this machine, or ''."""
    if os.geteuid() != 0:
        return 'needs root'
    for tool in ('ip', 'nft', 'unshare', *tools):
        if not shutil.which(tool):
            return f'needs {tool}'
    try:
        net.Tailnet('AB').close()
    except (OSError, net.LabError) as error:
        return f'no network namespaces here: {error}'
    try:
        for suite in roots.suites():
            roots.make(base, suite)
    except (roots.RootError, OSError, subprocess.CalledProcessError) as error:
        return f'no root: {error}'
    return ''


def tools(found):
    """Programs that only some files need: TOOLS in them."""
    return sorted({tool for module, _ in found.values() for tool in getattr(sys.modules[module], 'TOOLS', ())})


def run_one(options, found, name):
    """In a process of its own: one case, results as JSON beside its logs."""
    env = case.Env(options.build, options.roots, options.folder, options.direct)
    try:
        found[name][1].run(env)
        if not env.results:
            env.results.append(('', True, '; '.join(env.notes)))
    except BaseException:                              # whatever it was, it is the result
        env.results.append(('', False, traceback.format_exc()))
    with open(os.path.join(env.folder, 'results.json'), 'w', encoding='utf-8') as out:
        json.dump(env.results, out)


def die_with_parent():
    ctypes.CDLL(None).prctl(net.PR_SET_PDEATHSIG, signal.SIGKILL)


class Worker:
    def __init__(self, options, name, entry):
        self.name = name
        self.folder = os.path.join(options.build, 'interop', name.replace(' ', '-').replace('/', '-'))
        self.began = time.monotonic()
        self.limit = self.began + 60 + 3 * entry.seconds
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        command = [sys.executable, os.path.abspath(__file__), '--build', options.build, '--roots', options.roots,
                   '--one', name, '--folder', self.folder, *(['--direct'] if options.direct else []), *options.files]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def results(self):
        """None while it runs; else a list of (step, passed, text)."""
        if self.process.poll() is None:
            if time.monotonic() < self.limit:
                return None
            self.process.kill()
            self.process.wait()
        try:
            with open(os.path.join(self.folder, 'results.json'), encoding='utf-8') as found:
                return json.load(found)
        except FileNotFoundError:
            return [('', False, f'no result: ended with {self.process.returncode} (a limit of time?)')]

    def logs(self, lines=80):
        """The last words of all parties."""
        for path in sorted(glob.glob(f'{self.folder}/lab*/*/log/full') + glob.glob(f'{self.folder}/lab*/*.log')):
            with open(path, encoding='utf-8', errors='replace') as log:
                tail = log.read().splitlines()[-lines:]
            yield f'--- {path}\n' + '\n'.join(tail)


def report(worker, results, keep):
    """Print what came of a case; returns how many passed and failed."""
    took = time.monotonic() - worker.began
    failed = [result for result in results if not result[1]]
    for step, passed, text in results:
        title = f'{worker.name}: {step}' if step else worker.name
        if passed:
            print(f'ok   {title} ({took:.1f} s)  {text}'.rstrip())
        else:
            print(f'FAIL {title} ({took:.1f} s)\n{text}')
    if failed:
        print('\n'.join(worker.logs()))
    elif not keep:
        shutil.rmtree(worker.folder, ignore_errors=True)
    sys.stdout.flush()
    return len(results) - len(failed), len(failed)


def run_all(options, found):
    waiting = sorted(found, key=lambda name: -found[name][1].seconds)
    running = []
    passed = failed = 0
    try:
        while waiting or running:
            while waiting and len(running) < options.jobs:
                name = waiting.pop(0)
                running.append(Worker(options, name, found[name][1]))
            time.sleep(0.05)
            for worker in list(running):
                results = worker.results()
                if results is not None:
                    running.remove(worker)
                    good, bad = report(worker, results, options.keep)
                    passed += good
                    failed += bad
    finally:
        for worker in running:
            worker.process.kill()
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', required=True)
    parser.add_argument('--roots', default=os.path.join(HERE, '../../build/roots'))
    parser.add_argument('-k', metavar='PATTERN', default='', help='only cases whose name contains it')
    parser.add_argument('--keep', action='store_true', help='keep the logs of cases that passed, too')
    parser.add_argument('--direct', action='store_true',
                        help='to check the cases themselves: without the proxy and with nobody masqueraded')
    parser.add_argument('-j', dest='jobs', type=int, default=4, help='rigs at once')
    parser.add_argument('--one', help=argparse.SUPPRESS)
    parser.add_argument('--folder', help=argparse.SUPPRESS)
    parser.add_argument('files', nargs='*')
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.roots = os.path.abspath(options.roots)
    options.files = [os.path.basename(name).removesuffix('.py') for name in options.files]
    found = table(options.files)
    if options.one:
        return run_one(options, found, options.one)

    unable = SKIPPED if os.environ.get('CI') != 'true' else 1
    found = {name: entry for name, entry in found.items() if options.k in name}
    if not found:
        print(f'no case is named *{options.k}*')
        return 1
    reason = obstacle(options.roots, tools(found))
    if reason:
        print(f'skipped: {reason}')
        return unable
    status = 0
    if not case.binary(options.build) and not options.direct:
        without = [name for name, (_, entry) in found.items() if entry.proxy]
        if without:
            print(f'skipped: {len(without)} cases need the tailtrunk binary, and none was found')
            found = {name: entry for name, entry in found.items() if name not in without}
            status = unable if unable == 1 or not found else 0
    for need in sorted({need for _, entry in found.values() for need in entry.needs}):
        if case.THERE[need]():
            continue
        without = [name for name, (_, entry) in found.items() if need in entry.needs]
        print(f'skipped: {", ".join(without)}: no {need} here')
        found = {name: entry for name, entry in found.items() if name not in without}
        status = unable if unable == 1 or not found else status
    began = time.monotonic()
    passed, failed = run_all(options, found)
    print(f'{passed} passed, {failed} failed in {time.monotonic() - began:.0f} s')
    return 1 if failed else status


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
