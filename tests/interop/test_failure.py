"""What happens without tailtrunk. If one of these stops failing, the rig no longer shows the fault."""
from case import Case
from lab import Failed, Lab
from trunks import basis, trunk

SECONDS = 5
# What must have been sent at least, of fifty a second, on a machine that is busy.
SENT = SECONDS * 25
# What must arrive of it: all, less what symmetric RTP needs to find out.
ARRIVED = 0.85


def exchanges(lab, a=None, b=None, **both):
    """Two plain Asterisk 22 that know each other by the address seen; a, b: endpoint options."""
    for name, peer, own in (('A', 'B', a), ('B', 'A', b)):
        lab.exchange(name, 'forky', basis(5060) + trunk(
            peer.lower(), lab.net.seen(peer, name), **{'rewrite_contact': True, **both, **(own or {})}))
    lab.boot()


def talk(env, masquerade, a_hears, b_hears, media_address=False, **options):
    """A calls B; after some seconds of tone each way, who heard how much, and by what did it leave?"""
    with Lab(env, 'AB', masquerade) as lab:
        own = [{'media_address': lab.net.seen(*pair)} if media_address else {} for pair in (('A', 'B'), ('B', 'A'))]
        exchanges(lab, *own, **options)
        call = lab.call('A', 'B')
        call.stand(SECONDS)
        heard = call.heard()
        left = {name: lab.net.sites[name].counters() for name in 'AB'}
        env.note(f'A heard {heard[0]}, B heard {heard[1]}; sent by tailscale0/eth0: '
                 + ', '.join(f'{name} {c["tailscale0"]}/{c["eth0"]}' for name, c in left.items()))
        for name, hears, packets, sender in (('A', a_hears, heard[0], 'B'), ('B', b_hears, heard[1], 'A')):
            sent = left[sender]
            right, wrong = ('tailscale0', 'eth0') if hears else ('eth0', 'tailscale0')
            if sent[right] < SENT or sent[wrong] or packets < (sent[right] * ARRIVED if hears else 0):
                raise Failed(f'{name} heard {packets} packets, sent by {sender}: {sent}')
            if packets and not hears:
                raise Failed(f'{name} was to hear nothing, but heard {packets} packets')
        if a_hears and b_hears:
            call.both_hear()
        call.end('A')


BOTH = {('A', 'B'), ('B', 'A')}
ONLY_A = {('A', 'B')}


def ack_lost(env):
    """Without rewrite_contact the caller sends its ACK to an address that only the callee has."""
    with Lab(env, 'AB', {('B', 'A')}) as lab:
        exchanges(lab, a={'rewrite_contact': False}, rtp_symmetric=True)
        call = lab.call('A', 'B')
        call.both_hear()
        call.stand(25)
        call.ended(12)
        repeated = lab.exchanges['A'].text().count('SIP/2.0 200 OK')
        up, down = (call.far.expect(event, 1, **more)['Timestamp'] for event, more in (
            ('Newstate', {'ChannelStateDesc': 'Up'}), ('Hangup', {})))
        lasted = float(down) - float(up)
        env.note(f'dropped after {lasted:.1f} s, 200 received {repeated} times')
        if not 31 < lasted < 34 or repeated < 8:
            raise Failed(f'lasted {lasted} s, 200 received {repeated} times')


CASES = [
    Case('ACK lost, call drops', ack_lost, 36, proxy=False),
    Case('no masquerade: two-way', lambda env: talk(env, set(), True, True, rtp_symmetric=False), proxy=False),
    Case('both masqueraded: silence', lambda env: talk(env, BOTH, False, False, rtp_symmetric=False), proxy=False),
    Case('A masqueraded, symmetric RTP: two-way',
         lambda env: talk(env, ONLY_A, True, True, rtp_symmetric=True), proxy=False),
    Case('A masqueraded, no symmetric RTP: one-way',
         lambda env: talk(env, ONLY_A, False, True, rtp_symmetric=False), proxy=False),
    Case('both masqueraded, media_address set: two-way',
         lambda env: talk(env, BOTH, True, True, media_address=True, rtp_symmetric=False), proxy=False),
    Case('both masqueraded, symmetric RTP: silence',
         lambda env: talk(env, BOTH, False, False, rtp_symmetric=True), proxy=False),
]
