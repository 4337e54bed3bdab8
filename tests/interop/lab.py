"""The lab: sites of a tailnet with real exchanges, and tailtrunk between one of them and its trunks.

    with Lab(env, 'AB', masquerade={('A', 'B')}) as lab:
        lab.exchange('A', 'forky', pjsip=...)
        lab.exchange('B', 'bullseye', pjsip=...)
        lab.boot()
        call = lab.call('A', 'B', trunk='b')
        call.both_hear()
        call.end('A')

All waiting goes through `until`, which meanwhile reads every manager connection of the lab.
A Lab belongs to one process and to its main thread.
"""
import itertools
import os
import select
import shutil
import time

import tone
from asterisk import Asterisk
from net import LabError, Tailnet
from phone import Phone
from proxy import Proxy

# Multiples of 4 Hz, none a harmonic of another.
TONES = {'A': 440, 'B': 620, 'C': 800, 'D': 1040}
POLL = 0.03


class Failed(AssertionError):
    """What was expected of the system under test did not happen."""


class Lab:
    """A tailnet with exchanges. Leaves nothing behind but its folder, and that only on failure."""

    serial = itertools.count(1)

    def __init__(self, env, sites='AB', masquerade=()):
        self.env = env
        self.folder = os.path.join(env.folder, f'lab{next(self.serial)}')
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.net = Tailnet(sites, set() if env.direct else masquerade)
        self.exchanges = {}
        self.programs = []
        self.proxies = []
        self.phones = []
        self.providers = []
        self.watched = []
        self.numbers = itertools.count(1)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                for proxy in self.proxies:
                    proxy.stop()
        finally:
            for double in self.phones + self.providers:
                double.close()
            for proxy in self.proxies:
                proxy.kill()
            for party in (*self.exchanges.values(), *self.programs):
                party.stop()
            self.net.close()

    # Making

    def exchange(self, name, suite, trunks, kind=Asterisk, site=None, **options):
        """An Asterisk at the site of its name, or at another one, where it is not alone."""
        self.exchanges[name] = kind(self, name, self.net.sites[site or name], self.env.root(suite), trunks, TONES[name],
                                    manager=5038 + len(self.exchanges), **options)
        return self.exchanges[name]

    def program(self, party):
        """Something else that is started before the exchanges: an object with start, ready and stop."""
        self.programs.append(party)
        return party

    def proxy(self, name, config):
        """tailtrunk beside exchange `name`; config is a dict or YAML text. To be made after the exchange."""
        self.proxies.append(Proxy(self, self.net.sites[name], self.env.tailtrunk, config))
        return self.proxies[-1]

    def boot(self, without=''):
        """Start everything but the exchanges named, and wait until all of it is ready and knows the others."""
        running = {name: exchange for name, exchange in self.exchanges.items() if name not in without}
        for parties in (self.programs, running.values(), self.proxies):
            for party in parties:
                party.start()
            for party in parties:
                party.ready()
        for proxy in self.proxies:
            self.until(lambda: {peer['name'].upper() for peer in proxy.peers() if peer['state'] == 'up'} >= proxy.known
                       & running.keys(), 10, f'peers of {proxy.name} that are up')

    def phone(self, name, **options):
        """A telephone of exchange `name` (see trunks.phone)."""
        self.phones.append(Phone(self, self.net.sites[name], self.exchanges[name].sip_port, **options))
        return self.phones[-1]

    def provider(self, kind, name, *arguments, **options):
        """A test double of a provider at site `name`: kind is a class of its own (see provider.py)."""
        self.providers.append(kind(self, self.net.sites[name], *arguments, **options))
        return self.providers[-1]

    # Waiting

    def watch(self, connection):
        self.watched.append(connection)

    def unwatch(self, connection):
        if connection in self.watched:
            self.watched.remove(connection)

    def pump(self, seconds):
        """Read what comes within that time, at most one batch per connection."""
        for connection in select.select(self.watched, [], [], seconds)[0]:
            if not connection.receive():
                self.unwatch(connection)
                raise LabError('an exchange closed its manager connection')

    def until(self, predicate, seconds, what):
        """Wait until predicate() is true and return its value."""
        deadline = time.monotonic() + seconds
        while True:
            value = predicate()
            if value:
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failed(f'not within {seconds} s: {what}')
            self.pump(min(left, POLL))

    def until_or_not(self, predicate, seconds):
        """The same where it may as well not happen."""
        try:
            return self.until(predicate, seconds, '')
        except Failed:
            return None

    def stand(self, seconds, legs=()):
        """Let time pass, in which none of the legs may end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(min(POLL * 4, max(0, end - time.monotonic())))
            for leg in legs:
                gone = leg.ended()
                if gone:
                    raise Failed(f'{leg} ended early: {gone["Cause"]} {gone["Cause-txt"]}')

    # Calls

    def number(self, prefix):
        """A number for one call: the prefix says what the far exchange does with it."""
        return f'{prefix}{next(self.numbers)}'

    def call(self, caller, callee, trunk=None, answered=True):
        """A call that the far exchange answers; both play their tone."""
        number = self.number('100')
        near = self.exchanges[caller].originate(trunk or callee.lower(), number)
        far = self.exchanges[callee].incoming(number)
        call = Call(self, near, far)
        if answered:
            near.answered()
        return call

    def both_ways(self, one, other, trunks=(None, None), proxies=()):
        """Calls each way at once, and everybody hears. Then caller and callee of each way hang up, in a call each.

        trunks: by which `one` reaches the other, and the other way round. Nothing may be left in the proxies.
        """
        ways = [(one, other, trunks[0], one), (one, other, trunks[0], other),
                (other, one, trunks[1], one), (other, one, trunks[1], other)]
        calls = [(self.call(caller, callee, trunk), ending) for caller, callee, trunk, ending in ways]
        for call, _ in calls:
            call.both_hear()
        for call, ending in calls:
            call.end(ending)
        for proxy in proxies:
            proxy.idle()

    def clear(self):
        """Hang up whatever is still there."""
        running = [exchange for exchange in self.exchanges.values() if exchange.ami]
        for exchange in running:
            exchange.ami.command('channel request hangup all')
        for exchange in running:
            self.until(lambda: not exchange.channels(), 5, f'end of all channels of {exchange.name}')


class Call:
    """Both legs of a call between two exchanges."""

    def __init__(self, lab, near, far):
        self.lab = lab
        self.near = near
        self.far = far
        self.legs = (near, far)

    def stand(self, seconds):
        self.lab.stand(seconds, self.legs)

    def heard(self):
        """Packets received by the caller and by the callee so far."""
        return self.near.received(), self.far.received()

    def sent(self):
        """Packets sent by the caller and by the callee so far. A busy machine makes fewer than 50 a second."""
        return self.near.sent(), self.far.sent()

    def both_hear(self, packets=40, seconds=8):
        """Both get that many packets more, and in them the other's tone."""
        near, far = self.legs
        hear(self.lab, {near: far.exchange.tone, far: near.exchange.tone}, packets, seconds)

    def end(self, by):
        """The exchange named hangs up; both legs must be gone soon."""
        for leg in self.legs:
            if leg.exchange.name == by:
                leg.hangup()
        self.ended()

    def ended(self, seconds=5):
        for leg in self.legs:
            self.lab.until(leg.ended, seconds, f'end of {leg}')


def hear(lab, expected, packets=40, seconds=8):
    """Every leg receives that many packets, and in them the tone: expected is {leg: frequency}.

    An exchange writes a recording out when it ends. On a busy machine it may have begun too late to
    hold enough of the tone; then the next one will.
    """
    deadline = time.monotonic() + seconds
    missing = list(expected)
    while missing:
        if time.monotonic() > deadline:
            raise Failed(f'packets, but no tone of {expected[missing[0]]} Hz heard by {missing[0]}')
        paths = {leg: leg.record() for leg in missing}
        before = {leg: leg.received() for leg in missing}
        for leg in missing:
            lab.until(lambda: leg.received() - before[leg] >= packets, max(1, deadline - time.monotonic()),
                      f'{packets} packets of RTP heard by {leg}')
        for leg in missing:
            leg.record_end()
        missing = [leg for leg in missing if not lab.until_or_not(lambda: tone.heard(paths[leg], expected[leg]), 1)]
