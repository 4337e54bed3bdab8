"""Two peers told apart by an exchange that can only go by address, as MikoPBX writes it."""
import layouts
from case import Case
from lab import Failed, Lab


def two_peers(env, masquerade):
    """Four calls at a time: to and from each of two peers, each on a local address of its own."""
    with Lab(env, 'ABC', masquerade) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'BC')
        layouts.plain(lab, 'B', 'forky', 'A', rewrite_contact=True)
        layouts.plain(lab, 'C', 'bullseye', 'A')
        lab.boot()
        calls = [lab.call(*pair) for pair in ('AB', 'AC', 'BA', 'CA')]
        for call in calls:
            call.both_hear()
        for call, endpoint in zip(calls[2:], 'bc'):
            if not call.far.channel.startswith(f'PJSIP/{endpoint}-'):
                raise Failed(f'a call from {endpoint.upper()} was taken for {call.far.channel}')
        if not env.direct:
            owners = sorted(call['peer'] for call in proxy.calls())
            if owners != ['b', 'b', 'c', 'c']:
                raise Failed(f'peers of the calls: {owners}')
        for call, ending in zip(calls, 'ACBA'):
            call.end(ending)
        proxy.idle()


ALL = {(one, other) for one in 'ABC' for other in 'ABC' if one != other}

CASES = [
    Case('two peers, nobody masqueraded', lambda env: two_peers(env, set()), 12),
    Case('two peers, everybody masqueraded', lambda env: two_peers(env, ALL), 12),
]
