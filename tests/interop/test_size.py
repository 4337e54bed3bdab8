"""INVITEs larger than the path takes, and a path that loses fragments: the mtu of a tailnet is 1280.

A writes INVITEs as MikoPBX does, with all its codecs, and B asks for credentials, which makes the second one larger
than the first. Fragments are dropped between them.
"""
import re

import layouts
from case import Case
from lab import Failed, Lab
from trunks import account, basis

LOGIN = ('in', 'secret')
ALL = {('A', 'B'), ('B', 'A')}
# The audio that MikoPBX has switched on is a little too large with credentials. Its video, which would make that far
# too large, is not offered by a call nobody placed by a telephone: more audio stands for it.
AUDIO = 'alaw,ulaw,g729,gsm,g722,ilbc,opus'
EVERYTHING = AUDIO + ',speex,speex16,speex32,g726,g723,lpc10'
ROOM = 1280 - 28


def no_fragments(lab):
    """From here on the wire loses them, as some networks do."""
    lab.net.hub.run(['nft', '-f', '-'], '''
        table ip fragments { chain forward { type filter hook forward priority -10
            ip frag-off & 0x3fff != 0 counter drop
            }
        }''')


def arrived(exchange):
    """Whole INVITEs that exchange received, as text."""
    return re.findall(r'Received SIP request[^\n]*\n(INVITE .*?)(?=\n\[|\n<---|\Z)', exchange.text(), re.S)


def trunk_with_codecs(env, allowed, **defaults):
    lab = Lab(env, 'AB', ALL)
    proxy = layouts.proxied(lab, 'A', 'forky', 'B', defaults=defaults, login=LOGIN, allow=allowed)
    lab.exchange('B', 'bullseye', basis(5060) + account(*LOGIN))
    return lab, proxy


def talks(lab, proxy):
    call = lab.call('A', 'B')
    call.both_hear()
    call.end('B')
    proxy.idle()
    return arrived(lab.exchanges['B'])


def fits(env):
    """What fits is left as it is: no name is shortened."""
    lab, proxy = trunk_with_codecs(env, 'ulaw')
    with lab:
        lab.boot()
        no_fragments(lab)
        invites = talks(lab, proxy)
        if any(not re.search('^Call-ID:', invite, re.M) for invite in invites):
            raise Failed('a name was shortened without need')
        if not env.direct and 'do not fit' in proxy.text():
            raise Failed('a warning about what fits')


def lost(env):
    """As MikoPBX is out of the box: the INVITE with credentials is lost, and the log says why."""
    lab, proxy = trunk_with_codecs(env, EVERYTHING)
    with lab:
        lab.boot()
        no_fragments(lab)
        near = lab.exchanges['A'].originate('b', lab.number('100'))
        if env.direct:
            lab.until(near.ended, 40, 'end of the call')
            return
        lab.until(lambda: 'do not fit an mtu of 1280' in proxy.text(), 10, 'a warning with the sizes')
        line = next(line for line in proxy.text().splitlines() if 'do not fit an mtu of 1280' in line)
        env.note(line[line.index('call=') + 5:])
        for word in ('; body ', 'Authorization', 'Via'):
            if word not in line:
                raise Failed(f'no {word} in: {line}')
        lab.until(near.ended, 40, 'end of the call')
        lab.until(lambda: 'went in fragments, which get lost' in proxy.text(), 5, 'the cause in the last line')
        proxy.idle()


def named(env):
    """With the codecs that B talks, and without what B does not need, it gets through."""
    lab, proxy = trunk_with_codecs(env, EVERYTHING, codecs=['PCMU', 'telephone-event'], strip_headers=['User-Agent'])
    with lab:
        lab.boot()
        if not env.direct:
            no_fragments(lab)
        invites = talks(lab, proxy)
        if not env.direct and any('speex' in invite or 'User-Agent' in invite for invite in invites):
            raise Failed('what is not wanted has crossed')


def shortened(env):
    """A little too large: compact names are enough, and only that message gets them."""
    lab, proxy = trunk_with_codecs(env, AUDIO)
    with lab:
        lab.boot()
        no_fragments(lab)
        invites = talks(lab, proxy)
        sizes = [len(invite.replace('\n', '\r\n')) for invite in invites]
        env.note(f'INVITEs of {sizes} bytes')
        short = [re.search('^i: ', invite, re.M) is not None for invite in invites]
        if not env.direct and (True not in short or max(sizes) > ROOM):
            raise Failed(f'compact names: {short}, bytes: {sizes}')


CASES = [
    Case('what fits is left as it is', fits, 10),
    Case('fragments are lost, and named', lost, 40),
    Case('only the codecs named', named, 10),
    Case('compact names are enough', shortened, 10),
]
