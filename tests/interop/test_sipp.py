"""Calls that Asterisk does not make, by SIPp at both ends.

sipp/*.xml says who sends what in which order; crossing.py compares what reached one end with what the other sent.
"""
import re
from typing import NamedTuple

import layouts
from case import Case
from crossing import End, check_end
from lab import Failed, Lab
from sipp import Sipp, finish

TOOLS = ('sipp',)
BOTH = {('A', 'B'), ('B', 'A')}

# What a counter may be named that has to stand still unless a scenario says otherwise.
QUIET = ('drop_', 'answer_', 'timeout_', 'calls_', 'forks_', 'send_', 'sdp_unreadable', 'routed_by_default')
ANSWERED = {'calls_total': 1, 'calls_answered': 1}


class Scenario(NamedTuple):
    name: str
    caller: str             # sipp/NAME.xml
    callee: str
    callers: str = 'AB'     # who may call
    own_words: dict = {}    # what the proxy itself says to the two, beside 100
    ends_here: dict = {}    # what the two say to the proxy alone
    uri: str = ''           # Request-URI of the first INVITE; {far} is the peer as the exchange knows it
    route: tuple = ()       # Request-URI and Routes of the caller's requests in the dialog; {own} is the callee
    counters: dict = ANSWERED


SCENARIOS = [
    Scenario('late offer', 'late_offer.caller', 'plain.callee'),
    Scenario('forked 18x and 2xx', 'forks.caller', 'forks.callee', own_words={'callee': ['ACK', 'BYE']},
             ends_here={'callee': ['200 BYE', '200 INVITE']}, counters={**ANSWERED, 'forks_ended': 1}),
    Scenario('PRACK with SDP, an answer and an offer', 'reliable.caller', 'reliable.callee'),
    Scenario('UPDATE before and after the answer', 'update.caller', 'update.callee'),
    Scenario('CANCEL crosses 200 behind the proxy', 'cancel_first.caller', 'cancel_first.callee',
             own_words={'caller': ['200 CANCEL'], 'callee': ['CANCEL']},
             ends_here={'caller': ['CANCEL'], 'callee': ['200 CANCEL']}),
    Scenario('CANCEL crosses 200 in front of the proxy', 'cancel_late.caller', 'plain.callee',
             own_words={'caller': ['200 CANCEL']}, ends_here={'caller': ['CANCEL']}),
    Scenario('491 both ways, and both try again', 'glare.caller', 'glare.callee',
             own_words={'caller': ['ACK'], 'callee': ['ACK']}, ends_here={'caller': ['ACK'], 'callee': ['ACK']}),
    Scenario('an exchange that routes strictly', 'strict.caller', 'plain.callee', callers='A', uri='sip:100@{far}'),
    Scenario('a strict router before the callee', 'plain.caller', 'strict.callee',
             route=('sip:edge@{own};x=1', ['<sip:core.b.example;lr>', '<sip:100@{own}>'])),
    Scenario('short header names, loose routers before the callee', 'compact.caller', 'compact.callee',
             route=('sip:100@{own}', ['<sip:edge.b.example;lr>', '<sip:core.b.example;lr>'])),
]


def ends(lab, caller):
    """(caller, callee): the exchange is on A, its peer is B."""
    sites = lab.net.sites
    a, b = sites['A'], sites['B']
    exchange = (a.space, ('127.0.0.1', layouts.EXCHANGE_PORT), '127.0.0.1', ('127.0.1.7', 5070), r'\b100\.\d+\.\d+\.')
    peer = (b.space, (b.native, 5060), lab.net.seen('B', 'A'), (lab.net.seen('A', 'B'), 5060),
            r'\b(127\.|192\.168\.|' + re.escape(a.native) + ')')
    order = (exchange, peer) if caller == 'A' else (peer, exchange)
    return End('caller', *order[0]), End('callee', *order[1])


def check_first(scenario, lab, callee):
    invite = callee.take('received')[0]
    uri = scenario.uri.format(far=f'{lab.net.seen("B", "A")}:5060') or 'sip:100@b.example'
    if str(invite) != 'INVITE' or invite.uri != uri:
        callee.fail(invite, f'Request-URI, not {uri}')


def check_counters(scenario, before, after):
    moved = {key: after[key] - before[key] for key in after
             if isinstance(after[key], int) and key.startswith(QUIET) and after[key] != before[key]}
    if moved != scenario.counters:
        raise Failed(f'counters moved by {moved}, not {scenario.counters}')
    if after['sdp_rewritten'] == before['sdp_rewritten']:
        raise Failed('sdp_rewritten stands still')


def run(env, scenario):
    if env.direct:
        return                                      # nothing between the two to look at
    with Lab(env, 'AB', BOTH) as lab:
        config = layouts.config(lab, 'A', 'B', probe=0, advertise=lab.net.seen('A', 'B'))
        config['exchange']['probe'] = 0             # SIPp answers nothing it does not expect
        proxy = lab.proxy('A', config)
        lab.boot()
        for who in scenario.callers:
            with env.step('the exchange calls' if who == 'A' else 'the peer calls'):
                call(lab, proxy, scenario, *ends(lab, who))


def call(lab, proxy, scenario, caller, callee):
    before = proxy.get('/v1/stats')
    running = []
    try:
        for end, name, to in ((callee, scenario.callee, None), (caller, scenario.caller, caller.proxy)):
            end.sipp = Sipp(lab, end.space, name, end.own, to, far=f'{lab.net.seen("B", "A")}:5060')
            running.append(end.sipp)
            if end is callee:
                end.sipp.listens()
        finish(lab, running[::-1])
    finally:
        for sipp in running:
            sipp.close()
    for end in (caller, callee):
        end.messages = end.sipp.messages()
    check_first(scenario, lab, callee)
    check_end(scenario, caller, callee)
    check_end(scenario, callee, caller)
    proxy.idle()
    check_counters(scenario, before, proxy.get('/v1/stats'))
    lab.until(lambda: proxy.get('/v1/status')['media']['pairs_in_use'] == 0, 5, 'no port pair in use')


CASES = [Case(scenario.name, lambda env, scenario=scenario: run(env, scenario), 4) for scenario in SCENARIOS]
