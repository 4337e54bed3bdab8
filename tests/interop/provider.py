"""A provider of telephone lines as a test double: registers, is called and calls, and refuses by rules.

It answers from a thread of its own, so that its timers run whatever the case waits for. What a
network of that kind expects is a table of rules: each looks at one request and says what is wrong
with it. A refusal is answered with the rule's status and kept, so that a case can say why a call
did not come about. Rules that reports contradict each other about are disputed: they count only
where the case names them.
"""
import itertools
import select
import socket
import threading
import time
import traceback
from typing import Callable, NamedTuple

import sip
from phone import Rtp

ANY = ()
ELSEWHERE = 5061            # a port from which requests may be sent; nothing is expected there
NAMES = {100: 'Trying', 180: 'Ringing', 183: 'Session Progress', 200: 'OK', 401: 'Unauthorized', 403: 'Forbidden',
         405: 'Method Not Allowed', 407: 'Proxy Authentication Required', 481: 'Call/Transaction Does Not Exist',
         487: 'Request Terminated', 488: 'Not Acceptable Here', 500: 'Server Internal Error'}


class Rule(NamedTuple):
    """wrong(provider, message, source) returns what is wrong, or a false value."""
    name: str
    status: int
    methods: tuple
    wrong: Callable
    disputed: bool = False


class Refusal(NamedTuple):
    rule: str
    method: str
    status: int
    why: str


class Provider:
    """The provider's side of one trunk, at port 5060 of its site."""

    RULES = ()              # of requests, in the order in which they are looked at
    ANSWER_RULES = ()       # of every answer to a request of ours
    PICK_UP_RULES = ()      # of the 2xx to an INVITE of ours: else the call is ended at once
    ALLOW = 'INVITE, ACK, BYE, CANCEL, UPDATE, PRACK'
    COMPACT = False         # short header names in what it answers
    CONTACT_USER = '1'
    domain = None           # of its numbers
    NOT_ANSWERED = '0669999999'     # rings until the exchange gives up

    def __init__(self, lab, site, strict=(), session=90, refresh=None, frequency=1240):
        """strict: names of disputed rules that count here. session: the seconds announced for the session
        timer; refresh: after how many of them it refreshes, None is half of them."""
        unknown = set(strict) - {rule.name for rule in (*self.RULES, *self.PICK_UP_RULES) if rule.disputed}
        assert not unknown, f'no disputed rules: {unknown}'
        self.lab = lab
        self.site = site
        self.address = site.native
        self.strict = set(strict)
        self.session = session
        self.refresh = session / 2 if refresh is None else refresh
        self.frequency = frequency
        self.received = []          # every message
        self.refusals = []
        self.calls = []
        self.bindings = {}          # user of the To of a REGISTER -> URI of its Contact
        self.errors = []
        self.serial = itertools.count(1)
        self.answered = {}          # branch and method of a request -> bytes of the answer to it
        self.asked = {}             # branch of a request of ours -> (call, request)
        self.lock = threading.RLock()
        self.done = threading.Event()
        self.sock, self.other = (site.space.socket(socket.SOCK_DGRAM) for _ in range(2))
        self.sock.bind((self.address, 5060))
        self.other.bind((self.address, ELSEWHERE))
        self.asking = self.sock     # what requests are sent from
        self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        self.done.set()
        self.thread.join()
        for call in self.calls:
            call.rtp.close()
        self.sock.close()
        self.other.close()

    # What a case asks

    def fault(self):
        """Whatever it refused or could not understand, as text; '' if all was well."""
        return '\n'.join([*self.errors, *(f'{r.method} refused with {r.status}, {r.rule}: {r.why}' for r in self.refusals)])

    def call_from(self, user, seconds=10):
        """Wait for a call from the exchange that comes up; `user` is the number dialled."""
        def up():
            return next((call for call in self.calls if call.number == user and call.state == 'up'), None)
        try:
            return self.lab.until(up, seconds, f'a call to {user}')
        except AssertionError as error:
            raise AssertionError(f'{error}\n{self.fault()}') from None

    def ringing(self, number):
        """The call to a number that is not answered, once it rings, or None."""
        return next((call for call in self.calls if call.number == number and call.rings), None)

    def ring(self, user, called):
        """Call the line registered as `user`; `called` is the number that the caller dialled."""
        with self.lock:
            call = Call(self, called)
            call.start(self.bindings[user], called)
            self.calls.append(call)
        return call

    # The thread

    def _run(self):
        while not self.done.is_set():
            ready = select.select([self.sock, self.other], [], [], 0.02)[0]
            with self.lock:
                try:
                    if self.sock in ready:
                        self._take()
                    if self.other in ready:
                        first = self.other.recv(65536).partition(b'\r')[0].decode()
                        self.errors.append(f'came to port {ELSEWHERE}: {first}')
                    for call in self.calls:
                        call.due(time.monotonic())
                except Exception:                       # the case shall see it
                    self.errors.append(traceback.format_exc())

    def _take(self):
        data, control, _, source = self.sock.recvmsg(65536, 64)
        if not data.strip():
            return
        message = sip.Message.read(data)
        message.tos = next((value[0] for level, kind, value in control
                            if (level, kind) == (socket.IPPROTO_IP, socket.IP_TOS)), 0)
        self.received.append(message)
        if message.is_request:
            self._request(message, source)
        else:
            self._response(message, source)

    # Requests

    def _request(self, request, source):
        key = (sip.parameter(request['Via'], 'branch'), request.method)
        if key in self.answered:
            if self.answered[key]:
                self.sock.sendto(*self.answered[key])
            return
        if request.method == 'ACK':
            refused = self.judge(request, source, self.RULES)
            call = self.dialog_of(request)
            if call and not refused:
                call.acknowledged(request)
            return
        if request.method == 'INVITE':
            self.respond(request, source, 100)
        refused = self.judge(request, source, self.RULES)
        if refused:
            self.respond(request, source, refused.status)
        elif not self.challenges(request, source):
            getattr(self, f'on_{request.method}', self.on_other)(request, source)

    def judge(self, message, source, rules):
        """The first rule broken, as a Refusal that is kept, or None."""
        for rule in rules:
            if rule.methods and message.method not in rule.methods or rule.disputed and rule.name not in self.strict:
                continue
            why = rule.wrong(self, message, source)
            if why:
                self.refusals.append(Refusal(rule.name, message.method, rule.status, str(why)))
                return self.refusals[-1]
        return None

    # What kinds of providers differ in

    def reply_to(self, request, source):
        """Where answers go."""
        return source

    def challenges(self, request, source):
        """True if it asked for credentials, and that is all the answer."""
        return False

    def caller(self):
        """From of its own calls, without a tag."""
        return f'<sip:0398765432@{self.address}>'

    def called(self, number):
        """Header lines of its own calls that tell the number dialled."""
        return []

    # Answering

    def respond(self, request, source, status, lines=(), body='', tag=None):
        tag = '' if status == 100 or request.tag('To') else f';tag={tag or "double"}'
        echoed = [('Via', value) for value in request.all('Via')]
        answer = sip.Message(f'SIP/2.0 {status} {NAMES[status]}', [
            *echoed, ('From', request['From']), ('To', request['To'] + tag), ('Call-ID', request['Call-ID']),
            ('CSeq', request['CSeq']), *lines, *([('Content-Type', 'application/sdp')] if body else [])], body)
        packet = answer.bytes(self.COMPACT), self.reply_to(request, source)
        if request.method != 'ACK':
            self.answered[sip.parameter(request['Via'], 'branch'), request.method] = packet
        self.sock.sendto(*packet)

    def dialog_of(self, request):
        """The call within which a request comes, or None."""
        return next((call for call in self.calls if call.call_id == request['Call-ID']
                     and sip.parameter(call.local, 'tag') in (request.tag('To'), request.tag('From'))), None)

    def on_other(self, request, source):
        self.respond(request, source, 405, [('Allow', self.ALLOW)])

    def on_REGISTER(self, request, source):
        contact = sip.uri_of(request['Contact'])
        self.bindings[sip.Uri(sip.uri_of(request['To'])).user] = contact
        self.respond(request, source, 200, [('Contact', f'<{contact}>;expires=3600'), ('Expires', 3600)])

    def on_INVITE(self, request, source):
        call = self.dialog_of(request)
        if call:
            call.again(request, source)
            return
        call = Call(self, sip.Uri(request.uri).user)
        self.calls.append(call)
        call.accept(request, source)

    def _within(self, request, source, what):
        call = self.dialog_of(request)
        if call:
            what(call)(request, source)
        else:
            self.respond(request, source, 481)

    def on_BYE(self, request, source):
        self._within(request, source, lambda call: call.bye)

    def on_PRACK(self, request, source):
        self._within(request, source, lambda call: call.prack)

    def on_UPDATE(self, request, source):
        self._within(request, source, lambda call: call.again)

    def on_CANCEL(self, request, source):
        self.respond(request, source, 200)
        for call in self.calls:
            if call.invite and call.invite[0]['Via'] == request['Via']:
                call.cancelled()

    # Answers to requests of ours

    def ask(self, call, method, uri, lines, body='', number=None, branch=None):
        """Send a request of a call. Toward the exchange no Route is ever due: it shows us none."""
        branch = branch or f'z9hG4bK{id(self)}-{next(self.serial)}'
        number = number or next(call.numbers)
        request = sip.Message(f'{method} {uri} SIP/2.0', [
            ('Via', f'SIP/2.0/UDP {self.address}:5060;branch={branch}'), ('Max-Forwards', 67),
            ('From', call.local), ('To', call.remote), ('Call-ID', call.call_id), ('CSeq', f'{number} {method}'),
            *lines, *([('Content-Type', 'application/sdp')] if body else [])], body)
        if method != 'ACK':
            self.asked[branch] = call, request
        target = sip.Uri(uri)
        self.asking.sendto(request.bytes(), (target.host, int(target.port or 5060)))
        return request

    def _response(self, response, source):
        asked = self.asked.get(sip.parameter(response['Via'], 'branch'))
        if not asked:
            self.errors.append(f'an answer to nothing: {response.first} {response["CSeq"]}')
            return
        self.judge(response, source, self.ANSWER_RULES)
        call, request = asked
        call.answered(request, response, source)


class Call:
    """One call, whoever began it. state: trying, ringing, up, ended."""

    def __init__(self, provider, number):
        self.provider = provider
        self.number = number
        self.state = 'trying'
        self.statuses = []          # what the exchange answered to our INVITE, without 100
        self.refreshes = []         # (method, status) of each refresh of ours
        self.rings = False
        self.reliable = False       # whether a 18x was acknowledged with PRACK, by either side
        self.invite = None          # theirs, while it is not answered
        self.response = None        # the 2xx to ours
        self.refresh_at = None
        self.versions = itertools.count(1)
        self.numbers = itertools.count(1)
        self.rtp = Rtp(provider.site.space.socket(socket.SOCK_DGRAM), provider.frequency)
        self.tag = f'{provider.site.name}{next(provider.serial)}'
        self.contact = f'<sip:{provider.CONTACT_USER}@{provider.address}>'
        self.route = f'<sip:{provider.address}:5060;lr>'
        self.local = self.remote = self.target = self.call_id = None

    # What a case does

    def hears(self, frequency, packets=30, seconds=8):
        """From now on that many packets arrive here, and the tone in them."""
        before = self.rtp.packets
        self.provider.lab.until(lambda: self.rtp.packets - before >= packets and self.rtp.hears(frequency), seconds,
                                f'{packets} packets and {frequency} Hz at the provider')

    def wait(self, state, seconds=8):
        try:
            self.provider.lab.until(lambda: self.state == state, seconds, f'call of the provider {state}: {self.state}')
        except AssertionError as error:
            raise AssertionError(f'{error}\n{self.provider.fault()}') from None

    def hangup(self):
        with self.provider.lock:
            self.refresh_at = None
            self.provider.ask(self, 'BYE', self.target, [])
        self.wait('ended')

    def cancel(self):
        with self.provider.lock:
            branch = sip.parameter(self.first['Via'], 'branch')
            self.provider.ask(self, 'CANCEL', self.first.uri, [], number=self.first.number, branch=branch)
            self.provider.asked[branch] = self, self.first

    # Session timer

    def due(self, now):
        if self.state == 'up' and self.refresh_at and now >= self.refresh_at:
            self.refresh_at = None
            method = 'UPDATE' if len(self.refreshes) % 2 else 'INVITE'
            self.provider.ask(self, method, self.target, [
                ('Contact', self.contact), ('Supported', 'timer'),
                ('Session-Expires', f'{self.provider.session};refresher=uac')], self._sdp() if method == 'INVITE' else '')

    def _refresh_later(self):
        self.refresh_at = time.monotonic() + self.provider.refresh

    # The exchange called

    def accept(self, request, source):
        self.call_id = request['Call-ID']
        self.local, self.remote = f'{request["To"]};tag={self.tag}', request['From']
        self.target = sip.uri_of(request['Contact'])
        self.first = request
        self._follow(request)
        self.invite = request, source
        self.state = 'ringing'
        if '100rel' in request.names('Supported') + request.names('Require'):
            self._respond(request, source, 183, [('Require', '100rel'), ('RSeq', 1)], self._sdp())
        else:
            self._respond(request, source, 180)
            self._pick_up()

    def _pick_up(self):
        request, source = self.invite
        self.rings = self.number == self.provider.NOT_ANSWERED
        if not self.rings:
            self._respond(request, source, 200, self._timer(), '' if self.reliable else self._sdp())

    def cancelled(self):
        self._respond(*self.invite, 487)
        self._end()

    def _timer(self):
        return [('Require', 'timer'), ('Session-Expires', f'{self.provider.session};refresher=uas')]

    def _respond(self, request, source, status, lines=(), body=''):
        self.provider.respond(request, source, status, [
            ('Record-Route', self.route), ('Contact', self.contact), ('Allow', self.provider.ALLOW.replace(' ', '')),
            ('Supported', 'timer'), *lines], body, self.tag)

    def prack(self, request, source):
        self.provider.respond(request, source, 200)
        if self.invite and request['RAck'] == f'1 {self.invite[0]["CSeq"]}':
            self.reliable = True
            self._pick_up()

    def acknowledged(self, request):
        if self.state == 'ringing' and request.number == self.invite[0].number:
            self.invite = None
            self.state = 'up'
            self._refresh_later()
        self._follow(request)

    def again(self, request, source):
        """A re-INVITE or UPDATE of the exchange."""
        self.target = sip.uri_of(request['Contact']) or self.target
        self._follow(request)
        self._respond(request, source, 200, self._timer() if 'Session-Expires' in request else (),
                      self._sdp() if request.method == 'INVITE' or request.body else '')

    def bye(self, request, source):
        self.provider.respond(request, source, 200)
        self._end()

    # We called

    def start(self, uri, called):
        provider = self.provider
        self.call_id = f'{self.tag}@{provider.address}'
        self.local = f'{provider.caller()};tag={self.tag}'
        self.remote = f'<sip:{called}@{provider.domain}>'
        self.first = provider.ask(self, 'INVITE', uri, [
            ('Record-Route', self.route), ('Contact', self.contact), ('Supported', 'timer,100rel'),
            ('Allow', provider.ALLOW.replace(' ', '')), ('Session-Expires', f'{provider.session};refresher=uac'),
            ('Min-SE', provider.session), *provider.called(called)], self._sdp())

    def answered(self, request, response, source):
        if response.method == 'CANCEL':
            return
        if request.method == 'INVITE' and not request.tag('To'):
            self._first_answered(request, response, source)
        elif response.status >= 200:
            if request.method == 'INVITE':
                self._ack(request, response)
            if request.method == 'BYE':
                self._end()
            elif request.method == 'PRACK':
                self.reliable = response.status == 200
            elif request.method in ('INVITE', 'UPDATE'):
                self._follow(response)
                self.refreshes.append((request.method, response.status))
                self._refresh_later()

    def _ack(self, request, response):
        again = response.status < 300
        self.provider.ask(self, 'ACK', self.target if again else request.uri, [], number=request.number,
                          branch=None if again else sip.parameter(request['Via'], 'branch'))

    def _first_answered(self, request, response, source):
        if response.status == 100:
            return
        self.remote = response['To']
        self.target = sip.uri_of(response['Contact']) or self.target
        if response.status >= 200:
            self._ack(request, response)
        if self.state in ('up', 'ended'):
            return                              # a copy
        self.statuses.append(response.status)
        self._follow(response)
        if response.status < 200:
            self.state = 'ringing'
            if '100rel' in response.names('Require'):
                self.provider.ask(self, 'PRACK', self.target, [('RAck', f'{response["RSeq"]} {response["CSeq"]}')])
        elif response.status >= 300:
            self._end()
        else:
            self.response = response
            self.state = 'up'
            if self.provider.judge(response, source, self.provider.PICK_UP_RULES):
                self.provider.ask(self, 'BYE', self.target, [])
            else:
                self._refresh_later()

    # Media

    def _sdp(self):
        here, version = self.provider.address, next(self.versions)
        return (f'v=0\r\no=- 7 {version} IN IP4 {here}\r\ns=-\r\nc=IN IP4 {here}\r\nt=0 0\r\n'
                f'm=audio {self.rtp.port} RTP/AVP 0\r\na=ptime:20\r\na=sendrecv\r\n')

    def _follow(self, message):
        sdp = sip.Sdp(message.body)
        if sdp.port:
            self.rtp.target = (sdp.address, sdp.port)

    def _end(self):
        self.state = 'ended'
        self.refresh_at = None
        self.rtp.target = None
