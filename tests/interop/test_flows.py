"""What calls do besides talking: busy, no answer, hold, digits, early media, refreshes, direct media.

Unless a case says otherwise, both are masqueraded and tailtrunk is on A's side only.
"""
import re

import layouts
from case import Case
from lab import Call, Failed, Lab, hear
from phone import hold_and_resume
from trunks import phone

BOTH = {('A', 'B'), ('B', 'A')}
DIRECTIONS = ('AB', 'BA')


def pair(env, a=None, b=None, sites='AB', suites=('forky', 'forky'), masquerade=None):
    """A with its proxy, and B; a, b: options of their trunks and what else layouts take."""
    lab = Lab(env, sites, BOTH if masquerade is None else masquerade)
    proxy = layouts.proxied(lab, 'A', suites[0], 'B', **(a or {}))
    layouts.plain(lab, 'B', suites[1], [site for site in sites if site != 'B'], **(b or {}))
    return lab, proxy


def ended_as(leg, cause):
    found = leg.ended()['Cause']
    if found != str(cause):
        raise Failed(f'{leg} ended with cause {found}, not {cause}')


def refused_and_cancelled(env):
    """Busy, no answer, and an answer just before the caller gives up; both directions."""
    lab, proxy = pair(env)
    with lab:
        lab.boot()
        for caller, callee in DIRECTIONS:
            with env.step(f'{caller} calls, {callee} is busy'):
                near = lab.exchanges[caller].originate(callee.lower(), lab.number('400'))
                lab.until(near.ended, 5, 'end of the refused call')
                ended_as(near, 17)
                proxy.idle()
            with env.step(f'{caller} calls, {callee} rings, {caller} gives up'):
                number = lab.number('300')
                near = lab.exchanges[caller].originate(callee.lower(), number)
                far = lab.exchanges[callee].incoming(number)
                near.expect('Newstate', ChannelStateDesc='Ringing')
                near.hangup()
                lab.until(far.ended, 5, 'end of the ringing')
                lab.until(near.ended, 5, 'end of the call given up')
                proxy.idle()


def unreachable(env):
    """Nobody answers at B: the caller learns it, and nothing is left. C shows that others go on."""
    with Lab(env, 'ABC', BOTH) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'BC', defaults={'probe': '2s'})
        layouts.plain(lab, 'C', 'bullseye', 'A')
        lab.boot()
        near = lab.exchanges['A'].originate('b', lab.number('100'))
        call = lab.call('A', 'C')
        call.both_hear()
        call.end('A')
        lab.until(near.ended, 40, 'end of the call to nobody')
        proxy.idle()
        if not env.direct:
            lab.until(lambda: [p['state'] for p in proxy.peers() if p['name'] == 'b'] == ['down'], 40, 'B down')
            near = lab.exchanges['A'].originate('b', lab.number('100'))
            lab.until(near.ended, 8, 'a quick end of a call to a peer known to be down')
            proxy.idle()


def first_call(env, silence):
    """B comes after the proxy has asked for it in vain, and is called at once: nobody has told A's side yet
    how B sees it."""
    lab, proxy = pair(env)
    with lab:
        lab.boot(without='B')
        if silence == 'down' and not env.direct:
            lab.until(lambda: [peer['state'] for peer in proxy.peers()] == ['down'], 30, 'B shown as down')
        elif not env.direct:
            lab.stand(2)                    # the copies of a probe are seconds apart by now
        lab.exchanges['B'].start()
        lab.exchanges['B'].ready()
        call = lab.call('A', 'B')
        call.both_hear()
        call.end('B')
        proxy.idle()


def hold(env):
    """Telephones behind both exchanges put each other on hold; moh_passthrough makes that a re-INVITE."""
    lab, proxy = pair(env, a={'moh_passthrough': True, 'extra': phone('phone', '127.0.0.1:5080', moh_passthrough=True)},
                      b={'moh_passthrough': True, 'extra': phone('phone', '127.0.0.1:5080', moh_passthrough=True)})
    with lab:
        lab.boot()
        phones = {'A': lab.phone('A', frequency=1240), 'B': lab.phone('B', frequency=1480)}
        for caller, callee in DIRECTIONS:
            near, far = phones[caller], phones[callee]
            near.dial(f'{callee.lower()}*{lab.number("500")}')
            near.wait('up')
            far.wait('up')
            near.hears(far.frequency)
            far.hears(near.frequency)
            for holder, held in ((near, far), (far, near)):
                with env.step(f'{caller} calls, telephone of {"A" if holder is phones["A"] else "B"} holds and resumes'):
                    hold_and_resume(lab, proxy, holder, held)
            far.hangup()
            near.wait('ended', 5)
            proxy.idle()


def digits(env):
    """RFC 4733 events, from either side."""
    lab, proxy = pair(env, suites=('forky', 'bullseye'))
    with lab:
        lab.boot()
        call = lab.call('A', 'B')
        call.both_hear()
        for sender, hearer in (call.legs, call.legs[::-1]):
            for digit in '5#':
                sender.ami.action('PlayDTMF', Channel=sender.channel, Digit=digit)
                hearer.expect('DTMFEnd', 5, Digit=digit, Direction='Received')
        call.end('A')
        proxy.idle()


def early_media(env):
    """The callee's tone is heard before it answers, and both hear after."""
    lab, proxy = pair(env, suites=('forky', 'bullseye'))
    with lab:
        lab.boot()
        for caller, callee in DIRECTIONS:
            with env.step(f'{caller} calls'):
                number = lab.number('200')
                near = lab.exchanges[caller].originate(callee.lower(), number)
                far = lab.exchanges[callee].incoming(number)
                lab.until(lambda: near.ami.find('Newchannel', Uniqueid=near.ident), 5, 'the calling channel')
                hear(lab, {near: far.exchange.tone})
                if near.ami.find('Newstate', Uniqueid=near.ident, ChannelStateDesc='Up'):
                    raise Failed('answered too early')
                far.ami.action('Redirect', Channel=far.channel, Context='answered', Exten='s', Priority=1)
                near.answered()
                call = Call(lab, near, far)
                call.both_hear()
                call.end(callee)
                proxy.idle()


def refreshes(exchange):
    """UPDATE and re-INVITE requests this exchange sent, by its log."""
    sent = re.findall(r'Transmitting SIP request.*\n(\w+) .*(?:\n.+)*?\nTo: (.*)', exchange.text())
    return sum(method == 'UPDATE' or method == 'INVITE' and ';tag=' in to for method, to in sent)


SHORT = {'timers': 'always', 'timers_sess_expires': 90}


def session_timer(env, a, b, expected):
    """The shortest session there is, 90 s, refreshed at half of it; both calls go on."""
    lab, proxy = pair(env, a=a, b=b, suites=('forky', 'bullseye'))
    with lab:
        lab.boot()
        calls = [lab.call(*direction) for direction in DIRECTIONS]
        lab.stand(43, [leg for call in calls for leg in call.legs])
        for name, count in expected.items():
            lab.until(lambda: refreshes(lab.exchanges[name]) >= count, 12, f'{count} refreshes by {name}')
        for call in calls:
            call.both_hear()
            call.end('A')
        proxy.idle()


DIRECT = {'direct_media': True, 'direct_media_method': 'invite'}


def stepping_out(lab):
    """B has offered direct media; what it tries, it tries at once."""
    lab.until(lambda: refreshes(lab.exchanges['B']) >= 2, 5, 'offers of direct media by B, one to each side')


def direct_media_phone(env, where):
    """B connects A to a telephone of its own and steps out of the media path; both go on hearing.

    A telephone on B's tailnet address is just another port at B. One on B's LAN is a stranger to
    tailtrunk, which refuses it. B tells the telephone all the same to send straight to A.
    """
    if env.direct and where == 'LAN':
        return                              # A would follow B and send into the LAN: that is the fault
    lab, proxy = pair(env, b={**DIRECT, 'extra': phone('phone', '127.0.0.1:5080', **DIRECT)})
    with lab:
        lab.boot()
        site = lab.net.sites['B']
        address = site.native
        if where == 'LAN':
            address = site.lan + '0'        # Asterisk would replace its own address there
            site.space.ip(f'addr add {address}/24 dev eth0')
        telephone = lab.phone('B', media=address)
        near = lab.exchanges['A'].originate('b', lab.number('500'))
        telephone.wait('up')
        near.answered()
        stepping_out(lab)
        if where == 'LAN':
            lab.until(lambda: 'SIP/2.0 488' in lab.exchanges['B'].text(), 5, '488 to the telephone in the LAN')
        hear(lab, {near: telephone.frequency}, packets=60)
        telephone.hears(lab.exchanges['A'].tone)
        near.hangup()
        telephone.wait('ended')
        proxy.idle()


def direct_media_third(env):
    """B connects A to C and steps out; with foreign_media: sdp A and C talk straight to each other."""
    lab, proxy = pair(env, sites='ABC', masquerade=set(), a={'defaults': {'foreign_media': 'sdp'}}, b=DIRECT)
    with lab:
        layouts.plain(lab, 'C', 'forky', 'B')
        lab.boot()
        number = lab.number('100')
        near = lab.exchanges['A'].originate('b', f'600{number}')
        far = lab.exchanges['C'].incoming(number)
        near.answered()
        stepping_out(lab)
        hear(lab, {near: far.exchange.tone, far: near.exchange.tone})
        before = lab.net.sites['B'].counters()['tailscale0']
        hear(lab, {near: far.exchange.tone, far: near.exchange.tone})
        relayed = lab.net.sites['B'].counters()['tailscale0'] - before
        if relayed > 5:
            raise Failed(f'B still relayed {relayed} packets')
        far.hangup()
        lab.until(near.ended, 5, 'end of the call')
        proxy.idle()


CASES = [
    Case('busy, no answer', refused_and_cancelled, 8),
    Case('unreachable peer', unreachable, 50),
    Case('first call to a peer that was silent', lambda env: first_call(env, 'silent'), 10),
    Case('first call to a peer that was down', lambda env: first_call(env, 'down'), 22),
    Case('hold and resume', hold, 14),
    Case('DTMF', digits, 8),
    Case('early media', early_media, 10),
    Case('session timer, each caller refreshes',
         lambda env: session_timer(env, SHORT, SHORT, {'A': 1, 'B': 1}), 50),
    Case('session timer, only B refreshes',
         lambda env: session_timer(env, {'timers': False}, SHORT, {'B': 2}), 50),
    Case('direct media, telephone on the tailnet', lambda env: direct_media_phone(env, 'tailnet'), 8),
    Case('direct media, telephone on a LAN', lambda env: direct_media_phone(env, 'LAN'), 10),
    Case('direct media, third exchange', direct_media_third, 10),
]
