"""Hikari Denwa: the line itself (NGN) and one behind a home gateway, both as test doubles (ngn.py, gateway.py).

tailtrunk runs on conf/examples/hikari.yaml as it is shipped, with the addresses of the rig in it.
Sites: A the exchange, N the P-CSCF of NGN, H the home gateway. Nobody is masqueraded: this is no tailnet.
"""
import os
import re

import layouts
from case import Case
from gateway import Gateway
from lab import Failed, Lab, hear
from ngn import Ngn
from trunks import basis, line

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../conf/examples/hikari.yaml')
NUMBER = '0312345678'
EXTENSION = ('3', 'secret')
ADDED = '0668888888'          # a second number of the same line
HASTY = ('180 before 200', 'Session-Expires in 200', 'ptime in 200')


def example(lab, without=None, others=None):
    """The shipped file in this rig. without: a key of the peers, taken out. others: text -> other text."""
    with open(EXAMPLE, encoding='utf-8') as file:
        text = file.read()
    changes = {'eth1:5060': 'tailscale0:5060',
               'address: 192.0.2.1': f'address: {lab.net.seen("N", "A")}',
               'address: 192.168.1.1': f'address: {lab.net.seen("H", "A")}', **(others or {})}
    for old, new in changes.items():
        assert re.search(rf'^ .*{re.escape(old)}', text, re.M), f'{EXAMPLE} has no {old}'
        text = re.sub(rf'^( .*){re.escape(old)}', rf'\g<1>{new}', text, flags=re.M)
    if without:
        text, found = re.subn(rf'^    {without}:.*\n(     .*\n)*', '', text, flags=re.M)
        assert found, f'{EXAMPLE} has no {without}'
    return f'{text}\ncontrol: {{socket: /mnt/tailtrunk-A.sock}}\ntailscale: {{socket: off}}\nstate: ""\n'


class Rig:
    """An exchange with both lines, behind tailtrunk."""

    def __init__(self, lab, suite, ngn, gateway, config, host=None, mikopbx=False, aor=None, **options):
        """ngn, gateway: options of the doubles. config: what example() takes. host: stands in the Request-URI of
        calls to NGN in place of its address. aor, options: of the exchange's trunks."""
        self.lab = lab
        self.ngn = lab.provider(Ngn, 'N', **ngn)
        self.gateway = lab.provider(Gateway, 'H', EXTENSION, **gateway)
        both = {'aor': {'qualify_frequency': 1, **(aor or {})}, **options}
        at_home = self.gateway.address
        self.a = lab.exchange('A', suite, ''.join([
            basis(layouts.EXCHANGE_PORT, mikopbx),
            line('ngn', NUMBER, host or self.ngn.address, self.ngn.domain, layouts.local(0), **both),
            line('gateway', EXTENSION[0], at_home, at_home, layouts.local(1), password=EXTENSION[1], **both)]),
            rtp=layouts.RTP)
        self.proxy = lab.proxy('A', example(lab, **config))

    def reconfigure(self, **config):
        self.proxy.write(example(self.lab, **config))
        self.proxy.reload()

    def contacts(self):
        """What the exchange thinks of both lines."""
        return dict(re.findall(r'Contact:\s+(ngn|gateway)/\S+\s+\S+\s+(\w+)', self.a.ami.command('pjsip show contacts')))

    def qualified(self):
        return set(self.contacts().values()) == {'Avail'}

    def qualifies(self, since):
        """Its OPTIONS from that place of its log on: Call-ID -> whether it got a 200."""
        sent, answered = ({found[1] for found in re.finditer(pattern, self.a.text()[since:], re.M)} for pattern in (
            r'Transmitting SIP request.*\nOPTIONS (?:.+\n)*?Call-ID: (.+)',
            r'^SIP/2.0 200 (?:.+\n)*?Call-ID: (.+)\nCSeq: \d+ OPTIONS'))
        return {call_id: call_id in answered for call_id in sent}

    def all_hear(self, *calls):
        hear(self.lab, {near: far.provider.frequency for near, far in calls})
        for _, far in calls:
            far.hears(self.a.tone)

    def call_out(self, trunk, provider, number):
        near = self.a.originate(trunk, number)
        far = provider.call_from(number)
        near.answered()
        return near, far

    def call_in(self, provider, user, called):
        """The provider calls; the exchange rings, and answers because the case says so."""
        far = provider.ring(user, called)
        near = self.a.incoming(user)
        far.wait('ringing')
        self.a.ami.action('Redirect', Channel=near.channel, Context='answered', Exten='s', Priority=1)
        far.wait('up')
        return near, far


def expect(what, found, right):
    if found != right:
        raise Failed(f'{what}: {found}, not {right}')


def marks(site):
    """Counts RTP that arrives with DSCP 32, and with anything else."""
    site.space.run(['nft', '-f', '-'], '''
        table ip marks {
            counter right { }
            counter wrong { }
            chain in { type filter hook prerouting priority -500
                iifname "tailscale0" udp dport != 5060-5061 ip dscp 32 counter name right
                iifname "tailscale0" udp dport != 5060-5061 ip dscp != 32 counter name wrong
            }
        }''')
    return lambda: [int(n) for n in re.findall(r'packets (\d+)', site.space.run(['nft', 'list', 'table', 'ip', 'marks']))]


def registers(rig):
    """With each line, and with the gateway by digest."""
    here = rig.lab.net.native('A')
    for name, user, provider in (('ngn', NUMBER, rig.ngn), ('gateway', EXTENSION[0], rig.gateway)):
        rig.a.register(f'{name}-reg')
        expect(f'registered at {name}', provider.bindings, {user: f'sip:{user}@{here}:5060'})
    expect('challenged', set(rig.gateway.challenged), {'REGISTER'})
    rig.lab.until(lambda: {peer['state'] for peer in rig.proxy.peers()} == {'up'}, 5, 'both lines up')
    rig.lab.until(rig.qualified, 5, 'both lines qualified')


def stays_qualified(rig, since, probed):
    """Asterisk gets a 200 each time, and its OPTIONS go no further; ours, if any, are answered with 405."""
    rig.lab.until(lambda: all(rig.qualifies(since).values()), 3, 'a 200 for each OPTIONS of the exchange')
    rig.lab.env.note(f'{len(rig.qualifies(since))} OPTIONS with a 200')
    rig.lab.until(rig.qualified, 2, 'both lines qualified')
    for provider in (rig.ngn, rig.gateway):
        asked = {message['User-Agent'] for message in provider.received if message.method == 'OPTIONS'}
        expect('OPTIONS came from', asked, {'tailtrunk'} if probed else set())


def calls_with_ngn(rig, reliable):
    """A call each way, both at a time, over two refreshes of the session timer; each side hangs up one."""
    counted = marks(rig.lab.net.sites['N'])
    out = rig.call_out('ngn', rig.ngn, '0501111111')
    came = rig.call_in(rig.ngn, NUMBER, ADDED)
    expect('caller', came[0].expect('Newchannel')['CallerIDNum'], 'anonymous')
    if f'P-Called-Party-ID: <sip:{ADDED}@{rig.ngn.domain}>' not in rig.a.text():
        raise Failed('P-Called-Party-ID did not arrive')
    rig.all_hear(out, came)
    for _, far in (out, came):
        expect('PRACK', far.reliable, reliable)
        rig.lab.until(lambda: len(far.refreshes) >= 2, 10, f'two refreshes: {far.refreshes}')
        expect('refreshes', far.refreshes[:2], [('INVITE', 200), ('UPDATE', 200)])
    rig.all_hear(out, came)
    expect('calls', sorted((call['peer'], call['direction'], call['verdict']) for call in rig.proxy.calls()),
           [('ngn', 'in', 'two-way'), ('ngn', 'out', 'two-way')])
    out[1].hangup()
    came[0].hangup()
    for near, far in (out, came):
        rig.lab.until(near.ended, 5, 'end at the exchange')
        far.wait('ended')
    rig.proxy.idle()
    right, wrong = counted()
    if right < 100 or wrong:
        raise Failed(f'RTP with DSCP 32: {right}, with another: {wrong}')


def given_up_by_exchange(rig):
    near = rig.a.originate('ngn', rig.ngn.NOT_ANSWERED)
    far = rig.lab.until(lambda: rig.ngn.ringing(rig.ngn.NOT_ANSWERED), 5, 'a call that rings at NGN')
    near.hangup()
    far.wait('ended')
    rig.lab.until(near.ended, 5, 'end of the call given up')
    rig.proxy.idle()


def given_up_by_ngn(rig):
    """NGN asks from another port than the one in its Via, where it listens: that is where answers belong."""
    rig.ngn.asking = rig.ngn.other
    far = rig.ngn.ring(NUMBER, ADDED)
    near = rig.a.incoming(NUMBER)
    far.wait('ringing')
    far.cancel()
    far.wait('ended')
    rig.ngn.asking = rig.ngn.sock
    expect('answers', far.statuses[-1], 487)
    rig.lab.until(near.ended, 5, 'end of the ringing')
    rig.proxy.idle()


def calls_with_gateway(rig):
    out = rig.call_out('gateway', rig.gateway, '0502222222')
    came = rig.call_in(rig.gateway, EXTENSION[0], NUMBER)
    expect('challenged', set(rig.gateway.challenged), {'REGISTER', 'INVITE'})
    rig.all_hear(out, came)
    for near, far in (out, came):
        far.hangup()
        rig.lab.until(near.ended, 5, 'end at the exchange')
    rig.proxy.idle()


def nothing_refused(rig):
    for provider in (rig.ngn, rig.gateway):
        if provider.fault():
            raise Failed(f'{type(provider).__name__}: {provider.fault()}')


def use(env, lab, suite, reliable=False, probed=True, **options):
    """Registered, qualified, called and calling, over both kinds of line."""
    rig = Rig(lab, suite, **options)
    lab.boot()
    registers(rig)
    since = len(rig.a.text())
    for name, part in (('calls with NGN', lambda: calls_with_ngn(rig, reliable)),
                       ('the exchange gives up', lambda: given_up_by_exchange(rig)),
                       ('NGN gives up', lambda: given_up_by_ngn(rig)),
                       ('calls with the gateway', lambda: calls_with_gateway(rig)),
                       ('stays qualified', lambda: stays_qualified(rig, since, probed)),
                       ('nothing is refused', lambda: nothing_refused(rig))):
        with env.step(name):
            part()
    return rig


# Without a key of the example NGN refuses what then arrives, by that rule.
NEEDED = {'rport': 'rport', 'codecs': 'nothing but PCMU', 'sdp_username': 'o= user', 'strip_headers': 'P-Asserted-Identity',
          'dscp': 'DSCP 32'}


def refused_without(rig, key, rule):
    rig.reconfigure(without=key)
    del rig.ngn.refusals[:]
    near = rig.a.originate('ngn', rig.lab.number('060'))
    rig.lab.until(near.ended, 5, 'end of a call that is refused')
    expect('refused by', {refusal.rule for refusal in rig.ngn.refusals}, {rule})
    rig.proxy.idle()


def answers_astray(rig):
    """Without reply_to they go back to where the request came from."""
    rig.reconfigure(without='reply_to')
    del rig.ngn.errors[:]
    rig.ngn.asking = rig.ngn.other
    rig.ngn.ring(NUMBER, ADDED)
    rig.lab.until(lambda: any('SIP/2.0 180' in error for error in rig.ngn.errors), 5, 'answers at the other port')
    rig.ngn.asking = rig.ngn.sock


def not_qualified(rig):
    """Without `options: local` the 405 reaches an exchange that wants 2xx."""
    rig.reconfigure(without='options')
    rig.lab.until(lambda: set(rig.contacts().values()) == {'Unavail'}, 5, 'both lines out of reach')


def another_port(rig):
    """NGN looks at the source port."""
    rig.reconfigure(others={'tailscale0:5060': 'tailscale0:5064'})
    del rig.ngn.refusals[:]
    rig.a.originate('ngn', rig.lab.number('060'))
    rig.lab.until(lambda: rig.ngn.refusals, 5, 'a refusal')
    expect('refused by', {refusal.rule for refusal in rig.ngn.refusals}, {'source port'})


def plain(env):
    """Asterisk 22 as it should be for NGN, and a double that insists on whatever anybody reported."""
    if env.direct:
        return                              # what tailtrunk's options change is what this is about
    with Lab(env, 'ANH') as lab:
        rig = use(env, lab, 'forky', reliable=True, host=Ngn.domain, config={}, gateway={},
                  ngn={'session': 90, 'refresh': 1.2, 'strict': (*NEEDED.values(), *HASTY, 'Request-URI names the domain')},
                  timers=True, rel100='peer_supported', send_pai=True, send_rpid=True, sdp_owner='asterisk',
                  allow='alaw,ulaw', aor={'qualify_2xx_only': True})
        for key, rule in NEEDED.items():
            with env.step(f'refused without {key}'):
                refused_without(rig, key, rule)
        for name, part in (('answers go astray without reply_to', answers_astray),
                           ('refused from another port', another_port),
                           ('not qualified without options', not_qualified)):
            with env.step(name):
                part(rig)


def mikopbx(env):
    """Asterisk 16 with what MikoPBX writes: no session timers, no 100rel. Neither line is probed, and the gateway
    is silent to OPTIONS."""
    if env.direct:
        return
    with Lab(env, 'ANH') as lab:
        use(env, lab, 'bullseye', probed=False, config={'others': {'probe: 60s': 'probe: 0'}},
            gateway={'answers_options': False}, mikopbx=True,
            ngn={'session': 3, 'strict': (*NEEDED.values(), '180 before 200', 'Request-URI names the address')},
            timers=False, rel100=False, rtp_symmetric=True, force_rport=True, rewrite_contact=True)


CASES = [
    Case('Asterisk 22', plain, 20),
    Case('Asterisk 16 as MikoPBX writes it', mikopbx, 16),
]
