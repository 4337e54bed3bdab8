"""Every masquerade × either caller × Asterisk releases × options of the far side: both must hear.

tailtrunk is on A's side only.
"""
import itertools

import layouts
from case import Case
from lab import Failed, Lab
from trunks import basis, trunk

MASQUERADE = {
    'nobody': set(),
    'A': {('A', 'B')},
    'B': {('B', 'A')},
    'both': {('A', 'B'), ('B', 'A')},
}
PAIRS = {'22/22': ('forky', 'forky'), '22/16': ('forky', 'bullseye')}
STANDING = 40


def far(lab, **options):
    return basis(5060) + trunk('a', lab.net.seen('A', 'B'), **options)


def nothing_lost(lab):
    left = {name: site.counters() for name, site in lab.net.sites.items()}
    if any(counters['eth0'] for counters in left.values()):
        raise Failed(f'RTP left by eth0: {left}')


def row(env, masquerade, pair):
    """One rig: all options of the far side, both callers, BYE from caller and callee in turn."""
    with Lab(env, 'AB', MASQUERADE[masquerade]) as lab:
        proxy = layouts.proxied(lab, 'A', PAIRS[pair][0], 'B')
        lab.exchange('B', PAIRS[pair][1], far(lab))
        lab.boot()
        for turn, (rewrite, symmetric) in enumerate(itertools.product(('yes', 'no'), repeat=2)):
            lab.exchanges['B'].configure(far(lab, rewrite_contact=rewrite, rtp_symmetric=symmetric))
            for caller, callee in ('AB', 'BA'):
                ending = caller if turn % 2 else callee
                with env.step(f'rewrite_contact={rewrite} rtp_symmetric={symmetric} {caller} calls, {ending} ends'):
                    try:
                        call = lab.call(caller, callee)
                        call.both_hear()
                        call.end(ending)
                        proxy.idle()
                        nothing_lost(lab)
                    finally:
                        lab.clear()


def standing(env, pair):
    """A call each way that outlives every timer of 32 s, at a far side that heals nothing."""
    with Lab(env, 'AB', MASQUERADE['both']) as lab:
        proxy = layouts.proxied(lab, 'A', PAIRS[pair][0], 'B')
        lab.exchange('B', PAIRS[pair][1], far(lab, rewrite_contact=False, rtp_symmetric=False))
        lab.boot()
        calls = {caller: lab.call(caller, callee) for caller, callee in ('AB', 'BA')}
        legs = [leg for call in calls.values() for leg in call.legs]
        lab.stand(STANDING, legs)
        for caller, call in calls.items():
            sent, heard = call.sent(), call.heard()
            env.note(f'called by {caller}: sent {sent}, heard {heard}')
            if heard[0] < sent[1] * 0.98 or heard[1] < sent[0] * 0.98 or min(sent) < STANDING * 25:
                raise Failed(f'packets missing: {sent} sent, {heard} heard')
            call.both_hear()
        verdicts = [call['verdict'] for call in proxy.calls()]
        if verdicts != ['two-way', 'two-way'] and not env.direct:
            raise Failed(f'verdicts: {verdicts}')
        calls['A'].end('B')
        calls['B'].end('B')
        proxy.idle()
        nothing_lost(lab)


CASES = [Case(f'{pair} masqueraded: {who}', lambda env, who=who, pair=pair: row(env, who, pair), 15)
         for pair in PAIRS for who in MASQUERADE]
CASES += [Case(f'{pair} standing {STANDING} s', lambda env, pair=pair: standing(env, pair), STANDING + 5)
          for pair in PAIRS]
