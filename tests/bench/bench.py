#!/usr/bin/env python3
"""What tailtrunk costs, beside a bare forwarder and beside Kamailio with rtpengine.

    bench.py --build DIR [--only floor,tailtrunk] [--part media,calls,start] [--rounds 5] [--seconds 2]

All of them run at the same time on loopback and are given work in turn, a slice of two seconds each,
so that whatever else the machine does hits all alike; rounds that it spoils are done again. Where that is
allowed all of them go before other programs. CPU is the kernel's own account of each thread.
What is printed are medians; a ratio is the median of the ratios of each round. Where the kernel allows,
everything runs in a network and process namespace of its own, and ends with it.
"""
import argparse
import fcntl
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import report
import sipp
import subjects
from agents import AgentError, Agents, Stream
from processes import StartError, go_first

PARTS = ('start', 'media', 'calls')
CALLS = 500
FEW_CALLS = 100  # after so many everything that is only needed once has been needed
PACKET_RATES = (5000, 50000)
CALL_RATES = (500, 1500)
STARTS = 5
SETTLE_S = 0.3   # for what the last packets of a slice set off
AGAIN_S = 60     # how long rounds that were spoilt are done again, per rate
LONGEST_S = 360
INSIDE = 'TAILTRUNK_BENCH_INSIDE'


def say(words):
    print(f'== {words}', file=sys.stderr, flush=True)


# ---- a place of our own

def enter_namespaces():
    """Runs this program again in namespaces, where that is allowed."""
    if os.environ.get(INSIDE):
        loopback_up()
        return
    unshare = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    if os.getuid() != 0:
        unshare.append('--map-root-user')
    if not shutil.which('unshare') or subprocess.run([*unshare, 'true'], capture_output=True, check=False).returncode:
        say('no namespaces here: on the loopback of this machine')
        return
    os.environ[INSIDE] = 'yes'
    os.execvp('unshare', [*unshare, sys.executable, *sys.argv])


def loopback_up():
    siocsifflags, iff_up = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, siocsifflags, struct.pack('16sh14x', b'lo', iff_up))


def bound_ourselves():
    """Room for descriptors, an end in any case, and a clean one by signals."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def stop(number, _):
        raise KeyboardInterrupt(signal.Signals(number).name)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, stop)
    signal.alarm(LONGEST_S)


# ---- measuring

def spent(before, after):
    return {part: after[part] - before[part] for part in after}


def slices(competitors, rounds, one, trouble):
    """[{name: one(competitor)} of each round]. Who goes first changes, so that no place is the lucky one.

    trouble(result) says how far other work on this machine spoilt a slice, 0 for not at all. Spoilt
    rounds are done again while there is time, and those with the least trouble count.
    """
    results = []
    end = time.monotonic() + AGAIN_S
    while len(results) < rounds or (time.monotonic() < end
                                    and sum(worst == 0 for worst, _ in results) < rounds):
        first = len(results) % len(competitors)
        turn = competitors[first:] + competitors[:first]
        result = {competitor.name: one(competitor) for competitor in turn}
        results.append((max(map(trouble, result.values())), result))
    results.sort(key=lambda one: one[0])
    return [result for _, result in results[:rounds]]


def lateness(result):
    """Of the generator: what it sends late and at once is no longer evenly spaced."""
    return max(0, result['late_us'] - report.BUSY_US)


def overload(result):
    """Calls that failed or took so long that something was sent again."""
    troubled = result['failed'] + result['retransmissions']
    return troubled if troubled > (result['done'] + result['failed']) / 100 else 0


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.rtpgen = args.build / 'tests/bench/rtpgen'
        self.competitors = []
        self.streams = {}
        self.results = {'media': {}, 'calls': {}, 'memory': {}}

    def start(self):
        for kind in (subjects.Floor, subjects.Tailtrunk, subjects.Kamailio):
            if kind.name not in self.args.only:
                continue
            obstacle = kind.obstacle() if hasattr(kind, 'obstacle') else None
            if obstacle:
                say(f'without {kind.title}: {obstacle}')
                continue
            competitor = kind(self.args.build, self.folder)
            self.competitors.append(competitor)
            if competitor.proxy:
                competitor.start()

    def stop(self):
        for competitor in self.competitors:
            competitor.stop()

    def run(self):
        if 'start' in self.args.part and 'tailtrunk' in self.args.only:
            self.results['start'] = [subjects.start_as_shipped(self.args.build, self.folder) for _ in range(STARTS)]
        if {'media', 'calls'} & set(self.args.part):
            self.start()
        if 'media' in self.args.part:
            self.media()
        if 'calls' in self.args.part:
            self.calls()

    # -- media of standing calls

    def media(self):
        standing = []
        for competitor in self.competitors:
            if competitor.proxy:
                say(f'{CALLS} calls through {competitor.title}')
                standing.append(self.calls_stand(competitor))
        for competitor in self.competitors:
            if not competitor.proxy:
                self.streams[competitor.name] = floor_streams(CALLS)
                competitor.start(self.streams[competitor.name])
        for rate in PACKET_RATES:
            say(f'{rate} packets a second')
            for competitor in self.competitors:
                self.packets(competitor, rate, 1)  # latch, warm up
            self.results['media'][rate] = slices(self.competitors, self.args.rounds,
                                                 lambda competitor, rate=rate: self.packets(
                                                     competitor, rate, self.args.seconds), lateness)
        for competitor, calls in standing:
            with self.agents(competitor) as agents:
                agents.calls = calls
                agents.end()

    def agents(self, competitor):
        return Agents(subjects.EXCHANGE, subjects.PEER, competitor.proxy, competitor.name)

    def calls_stand(self, competitor):
        """Sets calls up, with a look at memory before, after a few and after all of them."""
        idle = competitor.memory()
        with self.agents(competitor) as agents:
            streams = agents.make(0, FEW_CALLS, subjects.FIRST_PHONE)
            few = competitor.memory()
            streams += agents.make(FEW_CALLS, CALLS - FEW_CALLS, subjects.FIRST_PHONE)
            calls = dict(agents.calls)
        self.streams[competitor.name] = streams
        self.packets(competitor, PACKET_RATES[0], 1)
        self.results['memory'][competitor.name] = {'idle': idle, 'few': few, 'all': competitor.memory()}
        return competitor, calls

    def packets(self, competitor, rate, seconds):
        competitor.check()
        before = competitor.cpu()
        out = subprocess.run([self.rtpgen, '-r', str(rate), '-s', str(seconds)],
                             input=''.join(stream.line() for stream in self.streams[competitor.name]),
                             stdout=subprocess.PIPE, text=True, check=True).stdout
        return {'cpu': spent(before, competitor.cpu()), **json.loads(out)}

    # -- calls set up and ended

    def calls(self):
        if not shutil.which('sipp'):
            say('without calls a second: sipp not installed')
            return
        competitors = [competitor for competitor in self.competitors if competitor.proxy]
        with sipp.Answerer(self.folder):
            for rate in CALL_RATES:
                say(f'{rate} calls a second')
                for competitor in competitors:
                    self.calls_made(competitor, rate, 1)  # warm up
                self.results['calls'][rate] = slices(competitors, self.args.rounds,
                                                     lambda competitor, rate=rate: self.calls_made(
                                                         competitor, rate, self.args.seconds), overload)

    def calls_made(self, competitor, rate, seconds):
        competitor.check()
        before = competitor.cpu()
        made = sipp.calls(competitor.proxy, rate, seconds, self.folder)
        time.sleep(SETTLE_S)
        return {'cpu': spent(before, competitor.cpu()), **made}


def floor_streams(n):
    """The same phones as those of the calls."""
    left, right, first = '127.0.1.9', '127.0.2.4', subjects.MEDIA_PORTS[0]
    return [Stream(f'{left}:{first + 2 * i}', f'{subjects.EXCHANGE[0]}:{subjects.FIRST_PHONE + 2 * i}',
                   f'{right}:{first + 2 * i}', f'{subjects.PEER[0]}:{subjects.FIRST_PHONE + 2 * i}')
            for i in range(n)]


def names(allowed):
    def read(words):
        chosen = words.split(',')
        wrong = [word for word in chosen if word not in allowed]
        if wrong:
            raise argparse.ArgumentTypeError(f'{wrong[0]}: not one of {", ".join(allowed)}')
        return chosen
    return read


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', type=lambda path: pathlib.Path(path).resolve(), required=True)
    parser.add_argument('--only', type=names(('floor', 'tailtrunk', 'kamailio')), default='floor,tailtrunk,kamailio')
    parser.add_argument('--part', type=names(PARTS), default=','.join(PARTS))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=int, default=2)
    parser.add_argument('--raw', type=pathlib.Path, help='where to write every single figure, as JSON')
    args = parser.parse_args()
    enter_namespaces()
    bound_ourselves()
    machine = report.machine(subjects.versions() if 'kamailio' in args.only else [], go_first())
    with tempfile.TemporaryDirectory(prefix='tailtrunk-bench-') as folder:
        bench = Bench(args, pathlib.Path(folder))
        try:
            bench.run()
        except KeyboardInterrupt as stopped:
            sys.exit(f'bench: stopped by {stopped}')
        except (AgentError, StartError, sipp.SippError) as error:
            sys.exit(f'bench: {error}')
        finally:
            bench.stop()
    if args.raw:
        args.raw.write_text(json.dumps(bench.results))
    for line in report.lines(machine, bench.results, args, CALLS, FEW_CALLS):
        print(line.rstrip())


if __name__ == '__main__':
    main()
