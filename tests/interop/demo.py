#!/usr/bin/env python3
"""The failure and its repair: two exchanges that know each other by translated addresses, one call
without tailtrunk and one through it.

    demo.py --build DIR [--roots DIR]

Nothing of this machine's network is touched: everything runs in network namespaces.
"""
import argparse
import os
import shutil
import sys

import case
import run
from lab import Lab
from layouts import plain, proxied
from net import LabError

SECONDS = 5
BOTH = {('A', 'B'), ('B', 'A')}
ROW = '{:<24}{:>12}{:>12}   {:<20}{:<20}'


def way(counters):
    """Which interface RTP left by."""
    ways = [f'{name} ({counters[name]})' for name in ('tailscale0', 'eth0') if counters[name]]
    return ' and '.join(ways) or 'none sent'


def one_call(env, title, arrange):
    """A calls B, both play a tone for some seconds; prints a row of the table."""
    with Lab(env, 'AB', BOTH) as lab:
        arrange(lab)
        lab.boot()
        call = lab.call('A', 'B')
        call.stand(SECONDS)
        heard = call.heard()
        left = [way(lab.net.sites[name].counters()) for name in 'AB']
        print(ROW.format(title, heard[0], heard[1], *left), flush=True)
        call.end('A')
        return heard


def without(lab):
    plain(lab, 'A', 'forky', 'B', rewrite_contact=True)
    plain(lab, 'B', 'forky', 'A', rewrite_contact=True)


def through(lab):
    proxied(lab, 'A', 'forky', 'B')
    plain(lab, 'B', 'forky', 'A', rewrite_contact=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', required=True)
    parser.add_argument('--roots', default=os.path.join(run.HERE, '../../build/roots'))
    options = parser.parse_args()
    reason = run.obstacle(os.path.abspath(options.roots))
    if not reason and not case.binary(options.build):
        reason = 'no tailtrunk binary'
    if reason:
        print(f'skipped: {reason}')
        return 1 if os.environ.get('CI') == 'true' else run.SKIPPED
    folder = os.path.join(os.path.abspath(options.build), 'demo')
    env = case.Env(options.build, os.path.abspath(options.roots), folder)

    print(f'''Two exchanges, Asterisk 22, each in a network namespace with a tailscale0 and an eth0. Each knows the
other by an address that the other does not have itself: a translator rewrites IP headers, as tailscaled
does for shared nodes, and nobody rewrites SIP and SDP. A calls B; both play a tone for {SECONDS} s.
''')
    print(ROW.format('RTP packets', 'A heard', 'B heard', 'A sent by', 'B sent by'), flush=True)
    try:
        lost = one_call(env, 'without tailtrunk', without)
        repaired = one_call(env, 'tailtrunk beside A', through)
    except (AssertionError, LabError) as error:
        print(f'\n{error}\nLogs are in {folder}')
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    if max(lost) or min(repaired) < SECONDS * 25:
        print('\nThis is not what was to be shown.')
        return 1
    print('\nWithout it the address in SDP is in nobody\'s tailnet: RTP leaves by eth0 and is lost. Nothing changed at B.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
