"""Calls that break off after half a minute look all the same to who speaks: the last line of each tells them apart.

Real exchanges on both ends, and a wire that loses one kind of packet. What only SIPp or a double would do is in the
simulator ("told apart"); fragments are in test_size.
"""
import re

import layouts
from case import Case
from lab import Failed, Lab
from trunks import account

ALL = {('A', 'B'), ('B', 'A')}


def lose(space, hook, what):
    """From here on what the nft expressions say is lost in that namespace, at that hook."""
    rules = '\n'.join(f'{rule} counter drop' for rule in what)
    space.run(['nft', '-f', '-'], f'''
        table ip lose {{ chain forward {{ type filter hook {hook} priority -10
            {rules}
            }}
        }}''')


def begins(text):
    """UDP payload that begins with that text."""
    return f'@th,64,{8 * len(text)} 0x{text.encode().hex()}'


def last_line(lab, proxy, seconds=5):
    """What the log says when the call is over."""
    line = lab.until(lambda: re.search(r'(call (?:out|in) .*)', proxy.text()), seconds, 'the last line of the call')[1]
    lab.env.note(line)
    return line


def says(line, *words):
    for word in words:
        if word not in line:
            raise Failed(f'no "{word}" in: {line}')


def pair(env, a=None, b=None):
    lab = Lab(env, 'AB', ALL)
    proxy = layouts.proxied(lab, 'A', 'forky', 'B', **(a or {}))
    layouts.plain(lab, 'B', 'forky', 'A', **(b or {}))
    return lab, proxy


def ack(env):
    """The ACK is lost behind us: B repeats its 200 for 32 s and hangs up."""
    lab, proxy = pair(env)
    with lab:
        lab.boot()
        lose(lab.net.hub, 'forward', [begins('ACK ')])
        call = lab.call('A', 'B')
        call.ended(45)
        says(last_line(lab, proxy), 'the peer hung up', 'after its ACK: that does not reach the peer')
        proxy.idle()


def rtp_timeout(env):
    """Nothing comes from A any more, and B hangs up when its rtp_timeout says so."""
    lab, proxy = pair(env, b={'rtp_timeout': 22})
    with lab:
        lab.boot()
        call = lab.call('A', 'B')
        call.both_hear()
        lose(lab.net.sites['A'].space, 'output', ['udp sport 10000-10200'])
        call.ended(45)
        says(last_line(lab, proxy), 'the peer hung up', 'after the last packet from the exchange', 'as rtp_timeout of the peer')
        proxy.idle()


def local_extension(env):
    """B's caller has the number of a telephone of A: A takes the call for that telephone, and wants its password."""
    lab = Lab(env, 'AB', ALL)
    proxy = layouts.proxied(lab, 'A', 'forky', 'B', extra=account('201', 'secret'))
    layouts.plain(lab, 'B', 'forky', 'A', from_user='201')
    with lab:
        lab.boot()
        near = lab.exchanges['B'].originate('a', lab.number('100'))
        lab.until(near.ended, 15, 'end of the refused call')
        says(last_line(lab, proxy, 10), 'refused by the exchange with 401', '201 is a local extension there')
        proxy.idle()


def dropped(env):
    """B answers OPTIONS, and INVITEs never reach it."""
    lab, proxy = pair(env)
    with lab:
        lab.boot()
        lose(lab.net.hub, 'forward', [begins('INVI')])
        near = lab.exchanges['A'].originate('b', lab.number('100'))
        lab.until(near.ended, 45, 'end of the call')
        says(last_line(lab, proxy), 'no answer from the peer (408)', 'although the peer answers OPTIONS')
        proxy.idle()


def refresh(env):
    """The shortest session timer there is; its refreshes get lost, and the call is given up."""
    timers = {'timers': 'always', 'timers_sess_expires': 90}
    lab, proxy = pair(env, a=timers, b=timers)
    with lab:
        lab.boot()
        call = lab.call('A', 'B')
        call.both_hear()
        lose(lab.net.hub, 'forward', [begins('UPDA'), begins('INVI')])
        call.ended(100)
        says(last_line(lab, proxy), 'hung up', 'its session timer of 90 s was not refreshed')
        proxy.idle()


CASES = [
    Case('the ACK is lost', ack, 42),
    Case('rtp_timeout', rtp_timeout, 36),
    Case('the caller has the number of a local extension', local_extension, 10),
    Case('the INVITE is dropped', dropped, 40),
    Case('refreshes are lost', refresh, 85),
]
