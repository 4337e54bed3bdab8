"""The doubles of providers themselves: that they accept what is right, and that each of their rules bites.

A bare socket on the line talks to them: what is right, but for the one thing that the case says.
"""
import itertools
import socket
from typing import NamedTuple

import sip
from case import Case
from gateway import Gateway
from lab import Failed, Lab
from ngn import Ngn

NUMBER, CALLED = '0312345678', '0501111111'
ACCOUNT = ('3', 'secret')
MARK = 32 << 2


class Line:
    """Whatever is plugged in at site A: it sends from the port it is told to, and hears at 5060."""

    def __init__(self, lab, provider):
        self.provider = provider
        self.address = lab.net.native('A')
        self.serial = itertools.count(1)
        self.socks = {port: lab.net.sites['A'].space.socket(socket.SOCK_DGRAM) for port in (5060, 5070)}
        for port, sock in self.socks.items():
            sock.bind((self.address, port))
            sock.settimeout(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in self.socks.values():
            sock.close()

    def send(self, message, port=5060, mark=MARK):
        self.socks[port].setsockopt(socket.IPPROTO_IP, socket.IP_TOS, mark)
        self.socks[port].sendto(message.bytes(), (self.provider.address, 5060))

    def hear(self):
        return sip.Message.read(self.socks[5060].recv(65536))

    def answers(self, message, **options):
        """Send a request, and hear the answers to it up to the final one."""
        self.send(message, **options)
        heard = []
        while not heard or heard[-1].status < 200:
            answer = self.hear()
            if answer['Call-ID'] == message['Call-ID'] and answer['CSeq'] == message['CSeq']:
                heard.append(answer)
        return heard

    # What is right

    def sdp(self):
        return (f'v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n'
                'm=audio 40000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n')

    def request(self, method, uri, target, lines=(), body=''):
        number = next(self.serial)
        domain = self.provider.domain
        return sip.Message(f'{method} {uri} SIP/2.0', [
            ('Via', f'SIP/2.0/UDP {self.address}:5060;branch=z9hG4bK{number}'), ('Max-Forwards', '70'),
            ('From', f'<sip:{NUMBER}@{domain}>;tag=line{number}'), ('To', f'<{target}>'), ('Call-ID', f'{number}@line'),
            ('CSeq', f'{number} {method}'), ('Contact', f'<sip:{NUMBER}@{self.address}:5060>'), *lines,
            *([('Content-Type', 'application/sdp')] if body else [])], body)

    def right(self, method):
        domain, address = self.provider.domain, self.provider.address
        if method == 'REGISTER':
            return self.request(method, f'sip:{domain}', f'sip:{NUMBER}@{domain}', [('Expires', '3600')])
        if method == 'OPTIONS':
            return self.request(method, f'sip:{address}', f'sip:{address}')
        return self.request(method, f'sip:{CALLED}@{address}', f'sip:{CALLED}@{domain}', body=self.sdp())

    def within(self, method, invite, ok):
        """A request of the dialog that the 200 made."""
        message = self.request(method, sip.uri_of(ok['Contact']), '', [('Route', route) for route in ok.all('Record-Route')])
        kept = {'From': invite['From'], 'To': ok['To'], 'Call-ID': invite['Call-ID'], 'CSeq': f'{invite.number} {method}'}
        message.lines = [(name, kept.get(name, value)) for name, value in message.lines]
        return message

    def answer(self, invite, status, body='', lines=()):
        return sip.Message(f'SIP/2.0 {status} OK', [
            ('Via', invite['Via']), *(('Record-Route', route) for route in invite.all('Record-Route')),
            ('From', invite['From']), ('To', f'{invite["To"]};tag=line'), ('Call-ID', invite['Call-ID']),
            ('CSeq', invite['CSeq']), ('Contact', f'<sip:{NUMBER}@{self.address}:5060>'), *lines,
            *([('Content-Type', 'application/sdp')] if body else [])], body)


def changed(message, old, new):
    """The same message with one thing different."""
    after = sip.Message(message.first.replace(old, new), [(name, value.replace(old, new)) for name, value in message.lines],
                        message.body.replace(old, new))
    assert after.bytes() != message.bytes(), f'{old} is not in {message.bytes()}'
    return after


def added(message, name, value):
    return sip.Message(message.first, [*message.lines, (name, value)], message.body)


def expect(what, found, right):
    if found != right:
        raise Failed(f'{what}: {found}, not {right}')


def ngn_is_content(line):
    """Strict about everything that anybody reported, but for the host in the Request-URI, which cannot be both."""
    ngn = line.provider
    ngn.strict = {rule.name for rule in ngn.RULES if rule.disputed} - {'Request-URI names the domain'}
    registered = line.answers(line.right('REGISTER'))
    expect('REGISTER', [answer.status for answer in registered], [200])
    if 'expires=3600' not in registered[0]['Contact']:
        raise Failed(f'granted {registered[0]["Contact"]}')
    invite = line.right('INVITE')
    heard = line.answers(invite)
    expect('INVITE', [answer.status for answer in heard], [100, 180, 200])
    ok = heard[-1]
    written = {name for name, _ in ok.lines}
    expect('compact names', written & set('vftimkxcl'), set('vftimkxcl'))
    expect('the session timer', (ok['Session-Expires'], ok['Require']), (f'{ngn.session};refresher=uas', 'timer'))
    line.send(line.within('ACK', invite, ok))
    expect('BYE', [answer.status for answer in line.answers(line.within('BYE', invite, ok))], [200])
    asked = line.answers(line.right('OPTIONS'))[-1]
    expect('OPTIONS', (asked.status, 'OPTIONS' in asked['Allow']), (405, False))
    expect('refused', ngn.fault(), '')


def ngn_refuses(line, rule, statuses, message, **options):
    ngn = line.provider
    ngn.strict = {rule} & {each.name for each in ngn.RULES if each.disputed}
    del ngn.refusals[:]
    expect(f'{rule}: answers', [answer.status for answer in line.answers(message, **options)], statuses)
    expect('refused by', [refusal.rule for refusal in ngn.refusals], [rule])


class Wrong(NamedTuple):
    """One thing wrong with a request: text in place of other text, a header line, or how it is sent."""
    what: str
    rule: str
    answers: list
    method: str = 'INVITE'
    text: tuple = ()
    line: tuple = ()
    sent: dict = {}

    def message(self, line):
        message = line.right(self.method)
        if self.text:
            message = changed(message, *self.text)
        return added(message, *self.line) if self.line else message


def wrong_for_ngn(line):
    domain, there, here = Ngn.domain, line.provider.address, line.address
    number, called, origin = f'sip:{NUMBER}@', f'{CALLED}@{there}', 'o=- 1 1 IN IP4 '
    registration = {'method': 'REGISTER', 'answers': [403]}
    return [
        Wrong('an INVITE from port 5070', 'source port', [100, 403], sent={'port': 5070}),
        Wrong('an INVITE from port 5070 whose Via says so', 'source port', [100, 403],
              text=(f'UDP {here}:5060', f'UDP {here}:5070'), sent={'port': 5070}),
        Wrong('a parameter of the Request-URI', 'Request-URI parameters', [100, 500],
              text=(called, f'{called};transport=udp')),
        Wrong('a Request-URI with the domain', 'Request-URI names the address', [100, 403],
              text=(called, f'{CALLED}@{domain}')),
        Wrong('a Request-URI with the address', 'Request-URI names the domain', [100, 403]),
        Wrong('rport in Via', 'rport', [100, 403], text=(';branch', ';rport;branch')),
        Wrong('an asserted identity', 'P-Asserted-Identity', [100, 403],
              line=('P-Asserted-Identity', f'<{number}{domain}>')),
        Wrong('a mark that is not its own', 'DSCP 32', [100, 403], sent={'mark': 26 << 2}),
        Wrong('RTP on an odd port', 'odd RTP port', [100, 500], text=('audio 40000', 'audio 40001')),
        Wrong('c= at the m-line, though it says the same', 'c= of an m-line', [100, 500],
              text=('a=ptime', f'c=IN IP4 {here}\r\na=ptime')),
        Wrong('c= that names another', 'foreign address', [100, 403], text=(f'c=IN IP4 {here}', 'c=IN IP4 192.168.1.2')),
        Wrong('o= that names another', 'foreign address', [100, 403], text=(f'{origin}{here}', f'{origin}192.168.1.2')),
        Wrong('an offer without PCMU', 'PCMU', [100, 488], text=('AVP 0 101', 'AVP 8 101')),
        Wrong('an offer with more than PCMU', 'nothing but PCMU', [100, 488], text=('AVP 0 101', 'AVP 0 8 101')),
        Wrong('a user in o=', 'o= user', [100, 500], text=('o=-', 'o=pbx')),
        Wrong('a REGISTER from port 5070', 'source port', **registration, sent={'port': 5070}),
        Wrong('a user in the Request-URI of REGISTER', 'Request-URI of REGISTER', **registration,
              text=(f'REGISTER sip:{domain}', f'REGISTER {number}{domain}')),
        Wrong('a REGISTER for another domain', 'From and To of REGISTER', **registration,
              text=(f'{number}{domain}', f'{number}{here}')),
        Wrong('a Contact with a transport', 'Contact of REGISTER', **registration, text=('5060>', '5060;transport=udp>')),
        Wrong('a Contact somewhere else', 'Contact of REGISTER', **registration, text=(f'{here}:5060>', '127.0.0.1:5060>')),
        Wrong('a REGISTER with credentials', 'no credentials', **registration,
              line=('Authorization', 'Digest username="x"')),
    ]


def ngn_keeps_its_dialog(line):
    """What does not come by the recorded route to its Contact belongs to no dialog."""
    invite = line.right('INVITE')
    ok = line.answers(invite)[-1]
    line.send(line.within('ACK', invite, ok))
    bye = line.within('BYE', invite, ok)
    bye.lines = [(name, value) for name, value in bye.lines if name != 'Route']
    ngn_refuses(line, 'dialog', [481], bye)
    ngn_refuses(line, 'dialog', [481], changed(line.within('BYE', invite, ok), f'{Ngn.CONTACT_USER}@', 'somebody@'))


def picks_up(line, change=None, rings=True, timer=True):
    """NGN calls and the line answers; returns the request that follows the ACK, or None if none does."""
    ngn = line.provider
    line.answers(line.right('REGISTER'))
    ngn.ring(NUMBER, NUMBER)
    invite = line.hear()
    for name, right in (('From', 'anonymous@anonymous.invalid'), ('P-Called-Party-ID', NUMBER), ('Min-SE', str(ngn.session)),
                        ('Session-Expires', f'{ngn.session};refresher=uac'), ('Supported', 'timer,100rel')):
        if right not in invite[name]:
            raise Failed(f'INVITE of NGN: {name}: {invite[name]}')
    if rings:
        line.send(line.answer(invite, 180))
    ok = line.answer(invite, 200, line.sdp(), [('Session-Expires', f'{ngn.session};refresher=uac')] if timer else ())
    line.send(changed(ok, *change) if change else ok)
    expect('after the 200', line.hear().method, 'ACK')
    with ngn.lock:                              # it has done with the 200 then
        return ngn.refusals and line.hear()


def ngn_hangs_up(line, rule, **options):
    """Answered, and in the same moment ended."""
    ngn = line.provider
    ngn.strict = {each.name for each in ngn.PICK_UP_RULES if each.disputed}
    del ngn.refusals[:]
    after = picks_up(line, **options)
    expect('refused by', [refusal.rule for refusal in ngn.refusals], [rule] if rule else [])
    expect('what follows', after and after.method, 'BYE' if rule else [])


def ngn(env):
    with Lab(env, 'AN') as lab, Line(lab, lab.provider(Ngn, 'N')) as line:
        with env.step('NGN takes what is right'):
            ngn_is_content(line)
        for wrong in wrong_for_ngn(line):
            with env.step(f'NGN refuses {wrong.what}'):
                ngn_refuses(line, wrong.rule, wrong.answers, wrong.message(line), **wrong.sent)
        with env.step('NGN refuses what is not of its dialogs'):
            ngn_keeps_its_dialog(line)
        for title, rule, options in PICK_UP:
            with env.step(f'NGN calls: {title}'):
                ngn_hangs_up(line, rule, **options)
        tried = {wrong.rule for wrong in wrong_for_ngn(line)} | {'dialog'} | {rule for _, rule, _ in PICK_UP if rule}
        expect('rules', tried, {rule.name for rule in (*Ngn.RULES, *Ngn.PICK_UP_RULES)})


PICK_UP = (
    ('it stays where all is right', None, {}),
    ('it hangs up where nothing rang', '180 before 200', {'rings': False}),
    ('it hangs up where no session timer is confirmed', 'Session-Expires in 200', {'timer': False}),
    ('it hangs up where no ptime is said', 'ptime in 200', {'change': ('a=ptime:20\r\n', '')}),
    ('it hangs up where its Record-Route does not come back', 'Record-Route in 200', {'change': (':5060;lr>', ':5060>')}),
)


def signed(line, method, uri, signs=None, password=ACCOUNT[1]):
    """A request with credentials. signs: the uri= in them, where it is another."""
    gateway, signs = line.provider, signs or uri
    response = sip.digest(method, signs, ACCOUNT[0], password, {'realm': gateway.REALM, 'nonce': gateway.NONCE})
    message = line.request(method, uri, f'sip:{ACCOUNT[0]}@{gateway.address}', body=line.sdp() if method == 'INVITE' else '')
    return added(message, gateway.CHALLENGES[method][2],
                 f'Digest username="{ACCOUNT[0]}", realm="{gateway.REALM}", nonce="{gateway.NONCE}", uri="{signs}", '
                 f'response="{response}", algorithm=MD5')


def gateway(env):
    with Lab(env, 'AH') as lab, Line(lab, lab.provider(Gateway, 'H', ACCOUNT)) as line:
        here = line.provider.address
        registers, calls = f'sip:{here}', f'sip:{CALLED}@{here}'
        for title, message, status in (
                ('REGISTER without credentials', line.request('REGISTER', registers, registers), 401),
                ('INVITE without credentials', line.request('INVITE', calls, calls, body=line.sdp()), 407),
                ('REGISTER', signed(line, 'REGISTER', registers), 200),
                ('INVITE', signed(line, 'INVITE', calls), 200),
                ('OPTIONS', line.request('OPTIONS', registers, registers), 405)):
            with env.step(f'the gateway answers {title} with {status}'):
                answer = line.answers(message)[-1]
                expect(title, answer.status, status)
                challenge = answer['WWW-Authenticate'] + answer['Proxy-Authenticate']
                expect('domain= in the answer', 'domain="sip:' in challenge, status in (401, 407))
        expect('refused', line.provider.fault(), '')
        wrong = [
            ('a REGISTER signed with a port', 'uri= of the digest',
             signed(line, 'REGISTER', registers, f'{registers}:5060')),
            ('a REGISTER signed with the domain of the challenge', 'uri= of the digest',
             signed(line, 'REGISTER', registers, 'sip:domain')),
            ('an INVITE signed without its number', 'uri= of the digest', signed(line, 'INVITE', calls, registers)),
            ('an INVITE signed with a port', 'uri= of the digest', signed(line, 'INVITE', calls, f'{calls}:5060')),
            ('a Request-URI other than the signed one', 'Request-URI as signed',
             signed(line, 'REGISTER', f'{registers}:5060', registers)),
            ('another password', 'digest', signed(line, 'REGISTER', registers, password='other')),
        ]
        for title, rule, message in wrong:
            with env.step(f'the gateway refuses {title}'):
                del line.provider.refusals[:]
                expect('answer', line.answers(message)[-1].status, 403)
                expect('refused by', [refusal.rule for refusal in line.provider.refusals], [rule])
        expect('rules', {rule for _, rule, _ in wrong}, {rule.name for rule in Gateway.RULES})


CASES = [
    Case('NGN', ngn, 2, proxy=False),
    Case('home gateway', gateway, 2, proxy=False),
]
