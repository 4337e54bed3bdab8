"""A telephone: a small SIP user agent on the exchange's own machine, for what Asterisk does not start by itself.

It plays a tone as G.711 u-law while a call is up, and keeps what it hears.
"""
import array
import itertools
import math
import re
import struct
import threading
import urllib.parse

import sip
import tone

FRAME = 160                 # 20 ms


def _encode(sample):
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> (exponent + 3) & 15) & 0xff


def _decode(code):
    code = ~code & 0xff
    magnitude = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
    return -magnitude if code & 0x80 else magnitude


LINEAR = [_decode(code) for code in range(256)]


class Rtp:
    """Sends a tone from its own thread and collects what comes."""

    def __init__(self, sock, frequency):
        self.sock = sock
        self.sock.bind(('', 0))
        self.sock.setblocking(False)
        self.port = sock.getsockname()[1]
        self.target = None
        self.packets = 0
        self.heard = bytearray()
        self.done = threading.Event()
        period = [_encode(round(8000 * math.sin(2 * math.pi * frequency * i / tone.RATE))) for i in range(tone.RATE)]
        self.tone = bytes(period)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        for number in itertools.count():
            if self.done.wait(0.02):
                return
            at = number * FRAME % tone.RATE
            if self.target:
                header = struct.pack('!BBHII', 0x80, 0, number & 0xffff, number * FRAME & 0xffffffff, 0x7461696c)
                self.sock.sendto(header + self.tone[at:at + FRAME], self.target)
            try:
                while True:
                    packet = self.sock.recv(2048)
                    if len(packet) > 12 and packet[1] & 0x7f == 0:
                        self.packets += 1
                        self.heard += packet[12:]
            except (BlockingIOError, ConnectionRefusedError):
                pass

    def hears(self, frequency):
        """True if the last quarter of a second is that tone."""
        samples = array.array('h', (LINEAR[code] for code in self.heard[-tone.WINDOW:]))
        return len(samples) == tone.WINDOW and tone.share(samples, frequency) > tone.PURE

    def close(self):
        self.done.set()
        self.thread.join()
        self.sock.close()


class Phone:
    """One line, one call at a time. `port` is its SIP port on 127.0.0.1; the exchange knows it by that.

    media: the address it announces for RTP.
    """

    def __init__(self, lab, site, exchange_port, port=5080, frequency=1240, media='127.0.0.1'):
        self.lab = lab
        self.media = media
        self.frequency = frequency
        self.exchange = ('127.0.0.1', exchange_port)
        self.port = port
        self.sock = site.space.socket(2)                # SOCK_DGRAM
        self.sock.bind(('127.0.0.1', port))
        self.rtp = Rtp(site.space.socket(2), frequency)
        self.serial = itertools.count(1)
        self.version = itertools.count(1)
        self.state = 'idle'                             # idle, calling, ringing, up, ended
        self.direction = 'sendrecv'                     # what the other side last said
        self.answers = {}                               # CSeq -> final status of our requests
        self.notified = ''                              # body of the last NOTIFY
        self.seen = []                                  # methods of requests received
        self.local = self.remote = self.target = self.call_id = None
        lab.watch(self)

    def close(self):
        self.lab.unwatch(self)
        self.rtp.close()
        self.sock.close()

    def fileno(self):
        return self.sock.fileno()

    # What the user does

    def dial(self, number):
        self.call_id = f'{next(self.serial)}@phone{self.port}'
        # Not the name of its endpoint: the far exchange may have one of that name, and takes the call for its.
        self.local = f'<sip:{self.frequency}@127.0.0.1:{self.port}>;tag=phone'
        self.remote = f'<sip:{number}@127.0.0.1:{self.exchange[1]}>'
        self.target = f'sip:{number}@127.0.0.1:{self.exchange[1]}'
        self.state = 'calling'
        self._request('INVITE', self._sdp('sendrecv'))

    def wait(self, state, seconds=10):
        self.lab.until(lambda: self.state == state, seconds, f'telephone {state}')

    def hold(self):
        self._reinvite('sendonly')

    def resume(self):
        self._reinvite('sendrecv')

    def hangup(self):
        number = self._request('BYE')
        self.lab.until(lambda: number in self.answers, 5, 'answer to the BYE of the telephone')
        self._end()

    def refer(self, to):
        """Ask the other side to call `to`, a Refer-To; returns when it has said that this led somewhere."""
        self.notified = ''
        number = self._request('REFER', extra=[f'Refer-To: {to}', f'Referred-By: {self.local.split(";")[0]}'])
        status = self.lab.until(lambda: self.answers.get(number), 5, 'answer to the REFER of the telephone')
        if status != 202:
            raise AssertionError(f'REFER: {status}')
        self.lab.until(lambda: 'SIP/2.0 200' in self.notified, 10, f'NOTIFY of success, not {self.notified!r}')

    def replaces(self):
        """What stands behind ? of a URI that is to take over this telephone's call, as the exchange knows it."""
        tags = (sip.parameter(self.remote, 'tag'), sip.parameter(self.local, 'tag'))
        return urllib.parse.quote('%s;to-tag=%s;from-tag=%s' % (self.call_id, *tags), safe='')

    def hears(self, frequency, packets=30, seconds=6):
        """From now on it receives that many packets, and the tone in them."""
        before = self.rtp.packets
        self.lab.until(lambda: self.rtp.packets - before >= packets and self.rtp.hears(frequency), seconds,
                       f'{packets} packets and {frequency} Hz on the telephone {self.port}')

    # Messages

    def _sdp(self, direction):
        return (f'v=0\r\no=phone 1 {next(self.version)} IN IP4 {self.media}\r\ns=phone\r\nc=IN IP4 {self.media}\r\nt=0 0\r\n'
                f'm=audio {self.rtp.port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n')

    def _reinvite(self, direction):
        number = self._request('INVITE', self._sdp(direction))
        status = self.lab.until(lambda: self.answers.get(number), 8, f'answer to the re-INVITE {direction}')
        if status != 200:
            raise AssertionError(f're-INVITE {direction}: {status}')

    def _request(self, method, body='', number=None, extra=()):
        number = number or next(self.serial)
        self._send(f'{method} {self.target} SIP/2.0', [
            f'Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{self.port}-{number}-{method};rport',
            f'From: {self.local}', f'To: {self.remote}', f'Call-ID: {self.call_id}', f'CSeq: {number} {method}',
            f'Contact: <sip:phone@127.0.0.1:{self.port}>', 'Max-Forwards: 70', *extra], body)
        return number

    def _send(self, first, lines, body):
        if body:
            lines = [*lines, 'Content-Type: application/sdp']
        head = '\r\n'.join([first, *lines, f'Content-Length: {len(body)}'])
        self.sock.sendto(f'{head}\r\n\r\n{body}'.encode(), self.exchange)

    def receive(self):
        """Called by the lab when a datagram is there."""
        message = sip.Message.read(self.sock.recv(65536))
        if message.method == 'NOTIFY':
            self.notified = message.body
        elif message.body:
            self._follow(message.body)
        if message.is_request:
            self._incoming(message)
        else:
            self._response(message)
        return True

    def _follow(self, body):
        address = re.search(r'^c=IN IP4 (\S+)', body, re.M)
        port = re.search(r'^m=audio (\d+)', body, re.M)
        if address and port:
            self.rtp.target = (address[1], int(port[1])) if int(port[1]) else None
        found = re.search(r'^a=(sendrecv|sendonly|recvonly|inactive)', body, re.M)
        self.direction = found[1] if found else 'sendrecv'

    def _response(self, answer):
        if answer.status < 200:
            return
        if answer.method == 'INVITE':
            self.remote = answer['To']
            if answer.status < 300:
                self.target = sip.uri_of(answer['Contact'])
            self._request('ACK', number=answer.number)
            if self.state == 'calling':
                self.state = 'up' if answer.status < 300 else 'ended'
        self.answers[answer.number] = answer.status

    def _incoming(self, request):
        method = request.method
        self.seen.append(method)
        if method == 'ACK':
            return
        if method == 'CANCEL':
            self._end()
        if method == 'INVITE' and not request.tag('To'):
            self.call_id = request['Call-ID']
            self.local = request['To'] + ';tag=phone'
            self.remote = request['From']
            self.target = sip.uri_of(request['Contact'])
            self.state = 'up'
        answer = {'sendonly': 'recvonly', 'inactive': 'inactive'}.get(self.direction, 'sendrecv')
        self._send('SIP/2.0 200 OK', [
            *[f'Via: {via}' for via in request.all('Via')], f'From: {request["From"]}',
            f'To: {self.local if method != "OPTIONS" else request["To"] + ";tag=o"}', f'Call-ID: {request["Call-ID"]}',
            f'CSeq: {request["CSeq"]}', f'Contact: <sip:phone@127.0.0.1:{self.port}>'],
            self._sdp(answer) if method == 'INVITE' else '')
        if method == 'BYE':
            self._end()

    def _end(self):
        self.state = 'ended'
        self.rtp.target = None


def hold_and_resume(lab, proxy, holder, held):
    """One of the two telephones of the only call puts the other on hold and takes it back, each by a re-INVITE that
    goes all the way; then both hear again."""
    holder.hold()
    lab.until(lambda: held.direction != 'sendrecv', 5, 'the hold at the other telephone')
    if not lab.env.direct:
        lab.until(lambda: [call['state'] for call in proxy.calls()] == ['held'], 5, 'call shown as held')
    holder.resume()
    lab.until(lambda: held.direction == 'sendrecv', 5, 'the end of hold at the other telephone')
    if not lab.env.direct:
        lab.until(lambda: [call['state'] for call in proxy.calls()] == ['up'], 5, 'call shown as up')
    holder.hears(held.frequency)
    held.hears(holder.frequency)
