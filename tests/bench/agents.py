"""Two user agents that set up calls and let them stand: the exchange and the far exchange.

Each has one UDP socket. They know just enough of SIP for INVITE, 200, ACK and BYE without loss, which
is what there is on loopback; anything else that happens is an error of the bench.
"""
import re
import select
import socket
import time
from typing import NamedTuple

WINDOW = 8        # calls in the making at once
PATIENCE_S = 10   # for the next datagram, before the calls count as stuck
RECEIVE_BUFFER = 1 << 20
SDP = '''v=0
o=- {port} 1 IN IP4 {host}
s=call
c=IN IP4 {host}
t=0 0
m=audio {port} RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
'''


class AgentError(Exception):
    """A call did not go the way it should; the message says which and what came instead."""


class Message:
    """A received SIP message."""

    def __init__(self, datagram):
        head, self.body = datagram.decode().split('\r\n\r\n', 1)
        self.start, *lines = head.split('\r\n')
        self.headers = [tuple(part.strip() for part in line.split(':', 1)) for line in lines]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name):
        values = self.all(name)
        if not values:
            raise AgentError(f'no {name} in: {self.start}')
        return values[0]

    def media(self):
        """HOST:PORT of its audio."""
        host = re.search(r'^c=IN IP4 (\S+)', self.body, re.M)
        port = re.search(r'^m=audio (\d+)', self.body, re.M)
        if not host or not port:
            raise AgentError(f'no audio in the SDP of: {self.start}')
        return f'{host[1]}:{port[1]}'


class Stream(NamedTuple):
    """One two-way stream as rtpgen and floor are told about it; each HOST:PORT."""
    left: str
    left_phone: str
    right: str
    right_phone: str

    def line(self):
        return ' '.join(self) + '\n'


class Call:
    """One call of the exchange, and what has become known of it."""

    def __init__(self, number, name, left_phone, right_phone):
        self.id = f'{number}@{name}'
        self.number = number
        self.left_phone, self.right_phone = left_phone, right_phone
        self.left = self.right = self.target = self.to = None
        self.routes = []

    def stream(self):
        return Stream(self.left, self.left_phone, self.right, self.right_phone)


def crlf(*lines, body=''):
    body = body.replace('\n', '\r\n')
    kind = ['Content-Type: application/sdp'] if body else []
    return '\r\n'.join([*lines, *kind, f'Content-Length: {len(body)}', '', body]).encode()


def text(address):
    return f'{address[0]}:{address[1]}'


class Agents:
    """Both user agents, for as long as the calls are made or ended; usable with `with`."""

    def __init__(self, exchange, peer, proxy, name):
        """Addresses are (host, port); proxy is where the exchange sends its requests to."""
        self.proxy, self.name = proxy, name
        self.exchange, self.peer = (self._open(address) for address in (exchange, peer))
        self.calls = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.exchange.close()
        self.peer.close()

    @staticmethod
    def _open(address):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        s.bind(address)
        return s

    def make(self, first, n, first_port):
        """Sets up n calls; phones have the even ports from first_port on."""
        calls = []
        for number in range(first, first + n):
            port = first_port + 2 * number
            calls.append(Call(number, self.name, f'{self.exchange.getsockname()[0]}:{port}',
                              f'{self.peer.getsockname()[0]}:{port}'))
        self.calls.update((call.id, call) for call in calls)
        self._each(calls, self._invite)
        return [call.stream() for call in calls]

    def end(self):
        """Hangs up all of them."""
        self._each(list(self.calls.values()), self._bye)
        self.calls.clear()

    def _each(self, calls, begin):
        """Begins with each call, few at a time, until all have got their 200."""
        waiting, open_ids = calls[::-1], set()
        patience = time.monotonic() + PATIENCE_S
        while waiting or open_ids:
            while waiting and len(open_ids) < WINDOW:
                call = waiting.pop()
                open_ids.add(call.id)
                begin(call)
            for s in select.select([self.exchange, self.peer], [], [], 0.1)[0]:
                patience = time.monotonic() + PATIENCE_S
                message = Message(s.recv(65535))
                if s is self.peer:
                    self._peer_answers(message)
                else:
                    open_ids.discard(self._exchange_takes(message))
            if time.monotonic() > patience:
                raise AgentError(f'{self.name}: {len(open_ids)} calls stuck, such as {min(open_ids)}')
        self._drain()

    def _drain(self):
        """The last ACKs, which nothing waits for."""
        while select.select([self.peer], [], [], 0.1)[0]:
            self._peer_answers(Message(self.peer.recv(65535)))

    # ---- the exchange

    def _request(self, call, method, sequence, target, to, *lines, body=''):
        own = text(self.exchange.getsockname())
        self.exchange.sendto(crlf(
            f'{method} {target} SIP/2.0',
            f'Via: SIP/2.0/UDP {own};rport;branch=z9hG4bK{self.name}{call.number}{method}',
            'Max-Forwards: 70',
            *(f'Route: {route}' for route in call.routes),
            f'From: "Extension 201" <sip:201@{own}>;tag={call.number}',
            f'To: {to}',
            f'Contact: <sip:201@{own}>',
            f'Call-ID: {call.id}',
            f'CSeq: {sequence} {method}',
            *lines, body=body), self.proxy)

    def _invite(self, call):
        target = f'sip:300@{text(self.peer.getsockname())}'
        host, port = call.left_phone.split(':')
        self._request(call, 'INVITE', 1, target, f'<{target}>', 'Supported: replaces, timer',
                      body=SDP.format(host=host, port=port))

    def _bye(self, call):
        self._request(call, 'BYE', 2, call.target, call.to)

    def _exchange_takes(self, response):
        """The Call-ID where that call has got what it waited for."""
        status = response.start.split()[1]
        if not response.start.startswith('SIP/2.0 ') or status[0] not in '12':
            raise AgentError(f'{self.name}: the exchange got: {response.start}')
        if status[0] == '1':
            return None
        call = self.calls[response.one('Call-ID')]
        if response.one('CSeq').endswith('INVITE'):
            call.left = response.media()
            call.to = response.one('To')
            call.target = re.search('<(.*)>', response.one('Contact'))[1]
            routes = [r.strip() for line in response.all('Record-Route') for r in line.split(',')]
            call.routes = routes[::-1]
            self._request(call, 'ACK', 1, call.target, call.to)
        return call.id

    # ---- the far exchange

    def _peer_answers(self, request):
        method = request.start.split()[0]
        if method == 'ACK':
            return
        own = text(self.peer.getsockname())
        call = self.calls[request.one('Call-ID')]
        to, body = request.one('To'), ''
        if method == 'INVITE':
            call.right = request.media()
            host, port = call.right_phone.split(':')
            to, body = f'{to};tag=far{call.number}', SDP.format(host=host, port=port)
        elif method != 'BYE':
            raise AgentError(f'{self.name}: the far exchange got: {request.start}')
        back = re.match(r'SIP/2.0/UDP ([\d.]+):(\d+)', request.one('Via'))
        self.peer.sendto(crlf(
            'SIP/2.0 200 OK',
            *(f'{name}: {value}' for name in ('Via', 'Record-Route') for value in request.all(name)),
            f'From: {request.one("From")}',
            f'To: {to}',
            f'Call-ID: {call.id}',
            f'CSeq: {request.one("CSeq")}',
            f'Contact: <sip:300@{own}>', body=body), (back[1], int(back[2])))
