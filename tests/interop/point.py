"""A SIP end point that says only what a test tells it to, and keeps all it hears."""
import itertools
import socket

import sip
from lab import Failed

serial = itertools.count(1)


class Point:
    """A UDP socket in a namespace. `to` is the proxy as it is known there, (ip, port)."""

    def __init__(self, lab, space, own, to):
        self.lab = lab
        self.own = own
        self.to = to
        self.sock = space.socket(socket.SOCK_DGRAM)
        self.sock.bind(own)
        self.inbox = []                                 # what has come and nobody has waited for yet
        self.heard = set()
        lab.watch(self)

    def fileno(self):
        return self.sock.fileno()

    def receive(self):
        """Called by the lab when a datagram is there. The proxy repeats what is not answered soon; that counts once."""
        datagram = self.sock.recv(65536)
        if datagram not in self.heard:
            self.heard.add(datagram)
            self.inbox.append(sip.Message.read(datagram))
        return True

    def send(self, datagram):
        self.sock.sendto(datagram, self.to)

    def next(self, name, seconds=5):
        """The next message, 100 aside; it has to be that one: 'INVITE', '200 BYE'."""
        def come():
            self.inbox = [message for message in self.inbox if message.status != 100]
            return self.inbox
        self.lab.until(come, seconds, f'{name} at {self.own[0]}:{self.own[1]}')
        message = self.inbox.pop(0)
        if str(message) != name:
            raise Failed(f'{name} was expected, but there came\n{message.text}')
        return message

    def ask(self, method, call_id, *arguments, **options):
        """Send a request (see request)."""
        self.send(request(self.own, method, call_id, *arguments, **options))

    def answer(self, asked, status, body='', user='point'):
        self.send(packed([
            f'SIP/2.0 {status} As told', *[f'Via: {via}' for via in asked.all('Via')], f'From: {asked["From"]}',
            f'To: {asked["To"]}' + ('' if asked.tag('To') else ';tag=point'), f'Call-ID: {asked["Call-ID"]}',
            f'CSeq: {asked["CSeq"]}', f'Contact: <sip:{user}@{self.own[0]}:{self.own[1]}>'], body))


def request(own, method, call_id, target='sip:100@b.example', to='<sip:100@b.example>', number=1, branch='', body='',
            lines=(), user='point'):
    """Bytes of a request as it should be. lines: more of the header. user: that of the Contact."""
    return packed([
        f'{method} {target} SIP/2.0',
        f'Via: SIP/2.0/UDP {own[0]}:{own[1]};rport;branch=z9hG4bK{branch or f"{method}-{call_id}-{number}"}',
        'Max-Forwards: 70', f'From: <sip:point@a.example>;tag={call_id}', f'To: {to}', f'Call-ID: {call_id}',
        f'CSeq: {number} {method}', f'Contact: <sip:{user}@{own[0]}:{own[1]}>', *lines], body)


def packed(lines, body=''):
    if body:
        lines = [*lines, 'Content-Type: application/sdp']
    return '\r\n'.join([*lines, f'Content-Length: {len(body)}', '', body]).encode()


def sdp(address, media='m=audio 30000 RTP/AVP 0\r\n'):
    connection = f'c=IN IP4 {address}\r\n' if address else ''
    return f'v=0\r\no=- 1 1 IN IP4 {address or "192.0.2.1"}\r\ns=-\r\n{connection}t=0 0\r\n{media}'


def call(caller, callee):
    """A call that is answered and ended by the caller. Nothing else may come to either of them."""
    call_id = f'good-{next(serial)}'
    caller.ask('INVITE', call_id, body=sdp(caller.own[0]))
    invite = callee.next('INVITE')
    callee.answer(invite, 200, sdp(callee.own[0]))
    answer = caller.next('200 INVITE')
    there = {'target': sip.uri_of(answer['Contact']), 'to': answer['To']}
    caller.ask('ACK', call_id, branch=f'ack-{call_id}', **there)
    callee.next('ACK')
    caller.ask('BYE', call_id, number=2, **there)
    callee.answer(callee.next('BYE'), 200)
    caller.next('200 BYE')
    for point, message in ((callee, invite), (caller, answer)):
        if f'c=IN IP4 {point.to[0]}\r\n' not in message.body or point.inbox:
            raise Failed(f'media of {message} is not led through the proxy:\n{message.body}\n{point.inbox}')
