"""Trunks that register: digest in both directions, one account for several peers, a peer away and back.

The account an exchange offers is called `in`; others register and authenticate with it.
"""
import re

import layouts
from case import Case
from lab import Lab, hear
from trunks import account, basis, trunk

LOGIN = ('in', 'secret')
ALL = {(one, other) for one in 'ABC' for other in 'ABC' if one != other}


def contacts(exchange):
    """URIs registered with the account of that exchange."""
    return re.findall(r'Contact:\s+in/(sip:\S+)', exchange.ami.command('pjsip show contacts'))


def bindings(lab, exchange, count, seconds=10):
    lab.until(lambda: len(contacts(exchange)) == count, seconds, f'{count} contacts at {exchange.name}')


def to_b(env, masquerade):
    """A registers with B's account through its proxy, the way MikoPBX does it."""
    with Lab(env, 'AB', masquerade) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B', login=LOGIN, register=True)
        b = lab.exchange('B', 'bullseye', basis(5060) + account(*LOGIN))
        lab.boot()
        lab.exchanges['A'].register('REG-b')
        bindings(lab, b, 1)
        for caller, callee, by in (('A', 'B', 'b'), ('B', 'A', 'in')):
            with env.step(f'{caller} calls'):
                call = lab.call(caller, callee, trunk=by)
                call.both_hear()
                call.end(callee)
                proxy.idle()


def to_a(env, masquerade):
    """B registers with A's account: the binding at A leads through the proxy back to B."""
    with Lab(env, 'AB', masquerade) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B', extra=account(*LOGIN))
        layouts.plain(lab, 'B', 'bullseye', 'A', login=LOGIN, register=True)
        lab.boot()
        lab.exchanges['B'].register('a-reg')
        bindings(lab, lab.exchanges['A'], 1)
        for caller, callee, by in (('B', 'A', 'a'), ('A', 'B', 'in')):
            with env.step(f'{caller} calls'):
                call = lab.call(caller, callee, trunk=by)
                call.both_hear()
                call.end(callee)
                proxy.idle()


def with_line(env):
    """A's registration carries line=, by which it knows calls that come back; nothing else tells it who calls."""
    with Lab(env, 'AB', ALL) as lab:
        seen = lab.net.seen('B', 'A')
        if env.direct:
            lab.exchange('A', 'forky', basis(5060) + trunk('b', seen, login=LOGIN, register=True, line=True))
            proxy = layouts.NoProxy()
        else:
            lab.exchange('A', 'forky', basis(layouts.EXCHANGE_PORT) + trunk(
                'b', seen, proxy=layouts.local(0), login=LOGIN, register=True, line=True))
            proxy = lab.proxy('A', layouts.config(lab, 'A', 'B'))
        b = lab.exchange('B', 'forky', basis(5060) + account(*LOGIN))
        lab.boot()
        lab.exchanges['A'].register('b-reg')
        bindings(lab, b, 1)
        call = lab.call('B', 'A', trunk='in')
        call.both_hear()
        call.end('B')
        proxy.idle()


def same_account(env):
    """B and C register with the one account of A, over a socket they share; each is reached at its own binding."""
    shared = '127.0.0.1:5070'
    with Lab(env, 'ABC', ALL) as lab:
        if env.direct:
            lab.exchange('A', 'forky', basis(5060) + account(*LOGIN))
            proxy = layouts.NoProxy()
        else:
            lab.exchange('A', 'forky', basis(layouts.EXCHANGE_PORT, mikopbx=True) + account(*LOGIN))
            proxy = lab.proxy('A', layouts.config(lab, 'A', 'BC', shared=shared))
        a = lab.exchanges['A']
        numbers = {'B': '1007001', 'C': '1007002'}
        for name in 'BC':
            layouts.plain(lab, name, 'forky', 'A', login=LOGIN, register=True, contact=numbers[name])
        lab.boot()
        for name in 'BC':
            lab.exchanges[name].register('a-reg')
        bindings(lab, a, 2)
        with env.step('B and C call A'):
            calls = [lab.call('B', 'A'), lab.call('C', 'A')]
            for call in calls:
                call.both_hear()
            for call in calls:
                call.end('A')
            proxy.idle()
        for name in 'BC':
            with env.step(f'A calls {name} at its binding'):
                uri, = [uri for uri in contacts(a) if numbers[name] in uri]
                near = a.dial(f'PJSIP/in/{uri}', f'to-{name}')
                far = lab.exchanges[name].incoming(numbers[name])
                near.answered()
                hear(lab, {near: far.exchange.tone, far: near.exchange.tone})
                far.hangup()
                lab.until(near.ended, 5, 'end of the call')
                proxy.idle()


def away_and_back(env):
    """B is down when A registers; A is told to come again, and both ways work once B is up."""
    with Lab(env, 'AB', ALL) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B', defaults={'probe': '2s'}, login=LOGIN, register=True)
        a = lab.exchanges['A']
        b = lab.exchange('B', 'forky', basis(5060) + account(*LOGIN))
        lab.boot(without='B')
        if not env.direct:
            lab.until(lambda: "retrying in '60'" in a.text(), 12, 'A told to come again in 60 s')
            lab.until(lambda: proxy.peers()[0]['state'] == 'down', 30, 'B shown as down')
        b.start()
        b.ready()
        if not env.direct:
            lab.until(lambda: proxy.peers()[0]['state'] == 'up', 10, 'B shown as up')
        a.register('REG-b')
        bindings(lab, b, 1)
        for round_ in ('first', 'second'):
            with env.step(f'calls after B came, {round_} time'):
                for caller, callee, by in (('A', 'B', 'b'), ('B', 'A', 'in')):
                    call = lab.call(caller, callee, trunk=by)
                    call.both_hear()
                    call.end(caller)
                proxy.idle()
            if round_ == 'first':
                b.stop()
                if not env.direct:
                    lab.until(lambda: proxy.peers()[0]['state'] == 'down', 30, 'B shown as down again')
                b.start()
                b.ready()
                if not env.direct:
                    lab.until(lambda: proxy.peers()[0]['state'] == 'up', 10, 'B shown as up again')


CASES = [
    Case('A with B, nobody masqueraded', lambda env: to_b(env, set()), 8),
    Case('A with B, both masqueraded', lambda env: to_b(env, ALL), 8),
    Case('B with A, nobody masqueraded', lambda env: to_a(env, set()), 8),
    Case('B with A, both masqueraded', lambda env: to_a(env, ALL), 8),
    Case('A with B by line', with_line, 8),
    Case('B and C with A, one account, one socket', same_account, 10),
    Case('B away and back', away_and_back, 40),
]
