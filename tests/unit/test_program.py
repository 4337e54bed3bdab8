"""The whole program on loopback: start, questions, reloads, ways to end.

usage: test_program.py TAILTRUNK TAILTRUNKCTL LATE_NAMES [TEST...]
"""
import fcntl
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TAILTRUNK, CTL, LATE_NAMES = sys.argv[1:4]
SANITIZED = b'__asan_init' in open(TAILTRUNK, 'rb').read()

CONFIG = '''exchange:
  address: 127.0.0.1:{exchange}
  probe: 0
trunk:
  listen: {trunk}
peer_defaults: {{probe: 0}}
peers:
  - name: yude
    address: 127.0.3.1:{peer}
    local: 127.0.1.7:{local}
    map: {{100.64.2.2: 127.0.3.1}}
{more}media: {{ports: 22000-22999}}
control: {{socket: {folder}/control.sock, mode: "0600"}}
tailscale: {{socket: off}}
state: {folder}/state
log: {{format: {format}}}
'''

SECOND_PEER = '''  - name: bob
    address: {address}
    local: 127.0.1.8:{local}
'''

# Two network namespaces; what the other one sends to 5060 is to arrive at 5064.
REDIRECT = '''set -e
ip link set lo up
ip link add tailscale0 type veth peer name there
ip addr add 10.9.0.1/24 dev tailscale0
ip link set tailscale0 up
unshare -n sleep 30 & other=$!
trap 'kill $other' EXIT
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
ip link set there netns $other
nsenter -n -t $other ip addr add 10.9.0.2/24 dev there
nsenter -n -t $other ip link set there up
{line}
python3 {script} nsenter -n -t $other python3 {script}
'''

REDIRECTED = '''import socket, subprocess, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[1:]:
    s.bind(('10.9.0.1', 5064))
    s.settimeout(10)
    subprocess.run(sys.argv[1:], check=True)
    print(s.recv(100).decode())
else:
    s.sendto(b'redirected', ('10.9.0.1', 5060))
'''


def free_port(ip):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((ip, 0))
        return s.getsockname()[1]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Party:
    """A socket of the exchange or the peer: SIP or RTP."""

    def __init__(self, ip, port=0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ip, port))
        self.socket.settimeout(5)
        self.ip, self.port = self.socket.getsockname()
        self.close = self.socket.close

    def send(self, message, to):
        self.socket.sendto(message if isinstance(message, bytes) else message.encode(), to)

    def receive(self, start):
        """The next message that begins so; what else comes (100, repetitions) is passed over."""
        while True:
            text, at = self.socket.recvfrom(65536)
            if text.startswith(start.encode()):
                return text.decode(), at


def sdp(media):
    return ('v=0\r\no=- 1 1 IN IP4 {0.ip}\r\ns=-\r\nc=IN IP4 {0.ip}\r\nt=0 0\r\n'
            'm=audio {0.port} RTP/AVP 0\r\n').format(media)


def with_body(lines, media):
    body = sdp(media) if media else ''
    if media:
        lines = lines + ['Content-Type: application/sdp']
    return '\r\n'.join(lines + ['Content-Length: %d' % len(body), '', body])


def sip(first, me, cseq, media=None, to='To: <sip:100@127.0.3.1>'):
    return with_body([first, 'Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK%s;rport' % (me.ip, me.port,
                                                                             first[:3]),
                      'Max-Forwards: 70', 'From: <sip:1@127.0.0.1>;tag=a', to,
                      'Call-ID: smoke@127.0.0.1', cseq,
                      'Contact: <sip:1@%s:%d>' % (me.ip, me.port)], media)


def answer(request, me, media=None):
    head = request.split('\r\n\r\n')[0].split('\r\n')[1:]
    kept = [line for line in head if re.match(r'(Via|From|To|Call-ID|CSeq|Record-Route):', line)]
    kept = [line + ';tag=b' if re.match('To:', line) and 'tag=' not in line else line
            for line in kept]
    return with_body(['SIP/2.0 200 OK', *kept, 'Contact: <sip:100@%s:%d>' % (me.ip, me.port)], media)


def rtp(n):
    return struct.pack('>BBHII', 0x80, 0, n, 160 * n, 7) + bytes(160)


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='tailtrunk-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = os.path.join(self.folder, 'tailtrunk.yaml')
        self.socket = os.path.join(self.folder, 'control.sock')
        self.ports = {'exchange': free_port('127.0.0.1'), 'peer': free_port('127.0.3.1'),
                      'local': free_port('127.0.1.7'), 'trunk': free_port('127.0.2.1')}
        self.process = None
        self.write()

    def write(self, more='', **values):
        values = {'folder': self.folder, 'format': 'text', **self.ports,
                  'trunk': '127.0.2.1:%d' % self.ports['trunk'], **values}
        with open(self.file, 'w') as f:
            f.write(CONFIG.format(more=more, **values))

    def start(self, wait=True):
        if self.process:
            self.end()
        self.errors = open(os.path.join(self.folder, 'stderr'), 'w+')
        self.addCleanup(self.errors.close)
        self.process = subprocess.Popen([TAILTRUNK, '-c', self.file], stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        self.addCleanup(self.end)
        if wait:
            line = self.process.stdout.readline()
            self.assertEqual(line, 'ready\n', self.log())

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def log(self):
        path = os.path.join(self.folder, 'stderr')
        if not os.path.exists(path):
            return ''
        with open(path) as f:
            return f.read()

    def until(self, true, what):
        limit = time.monotonic() + 10
        while not true():
            self.assertLess(time.monotonic(), limit, what + '\n' + self.log())
            time.sleep(0.01)

    def stopped(self, status=0, within=5):
        self.assertEqual(self.process.wait(within), status, self.log())

    def ctl(self, *arguments, status=0):
        done = subprocess.run([CTL, '-s', self.socket, *arguments], capture_output=True, text=True,
                              timeout=20)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr

    def api(self, method, path):
        connection = UnixConnection(self.socket)
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.assertEqual(answer.getheader('Content-Type'), 'application/json')
        return answer.status, json.loads(body)

    def call_up(self):
        """The exchange calls yude, who answers."""
        exchange = Party('127.0.0.1', self.ports['exchange'])
        peer = Party('127.0.3.1', self.ports['peer'])
        media = self.media = [Party('127.0.0.1'), Party('127.0.3.1')]
        for party in (exchange, peer, *media):
            self.addCleanup(party.close)
        local = ('127.0.1.7', self.ports['local'])
        exchange.send(sip('INVITE sip:100@127.0.3.1 SIP/2.0', exchange, 'CSeq: 1 INVITE', media[0]),
                      local)
        invite, at = peer.receive('INVITE ')
        self.assertEqual(at, ('127.0.2.1', self.ports['trunk']))
        peer.send(answer(invite, peer, media[1]), at)
        ok, _ = exchange.receive('SIP/2.0 200 ')
        target = re.search(r'Contact: *<([^>]+)>', ok).group(1)
        exchange.send(sip('ACK %s SIP/2.0' % target, exchange, 'CSeq: 1 ACK',
                          to=re.search(r'To:.*', ok).group(0).strip()), local)
        peer.receive('ACK ')
        self.bodies = [m.split('\r\n\r\n', 1)[1] for m in (ok, invite)]
        self.assertNotIn('127.0.0.1', self.bodies[1])
        return exchange, peer

    def bound(self, ip, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind((ip, port))
            except OSError:
                return True
        return False

    def run_once(self, *arguments):
        return subprocess.run([TAILTRUNK, *arguments], capture_output=True, text=True, timeout=20)

    # ------------------------------------------------------------ running

    def test_every_command_is_answered(self):
        self.start()
        status = self.ctl('status')
        self.assertIn('generation 1', status)
        self.assertRegex(status, r'media +1000 port pairs')
        self.assertRegex(self.ctl('peers'), r'yude +unknown +127\.0\.3\.1:%d +127\.0\.1\.7:%d'
                         % (self.ports['peer'], self.ports['local']))
        self.assertIn('VERDICT', self.ctl('calls'))
        self.assertIn('datagrams_in', self.ctl('stats'))
        self.assertIn('# TYPE tailtrunk_datagrams_in counter', self.ctl('metrics'))
        self.assertEqual(self.ctl('call', 'c00000001', status=1), 'tailtrunkctl: no such call\n')
        self.assertEqual(self.ctl('hangup', 'c00000001', status=1), 'tailtrunkctl: no such call\n')
        self.assertEqual(json.loads(self.ctl('-j', 'calls')), [])
        peer = json.loads(self.ctl('-j', 'peers'))[0]
        self.assertEqual(peer['view']['map'], {'100.64.2.2': '127.0.3.1'})
        self.assertIn('usage', self.ctl('dance', status=2))

    def test_the_api_refuses_in_json(self):
        self.start()
        self.assertEqual(self.api('GET', '/nope'), (404, {'error': 'no such path'}))
        self.assertEqual(self.api('GET', '/v1/calls/c00000001'), (404, {'error': 'no such call'}))
        self.assertEqual(self.api('POST', '/v1/status')[0], 405)
        self.assertEqual(self.api('PUT', '/v1/calls/c00000001')[0], 405)
        self.assertEqual(self.api('GET', '/v1/calls?limit=0')[0], 422)
        self.assertEqual(self.api('GET', '/v1/calls?after=nonsense')[0], 422)
        self.assertEqual(self.api('GET', '/v1/calls?limit=5')[0], 200)
        self.assertEqual(os.stat(self.socket).st_mode & 0o777, 0o600)

    def test_a_datagram_comes_in_and_is_counted(self):
        self.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(('127.0.4.1', 0))
            for text in (b'hello', b'x' * 20000):
                s.sendto(text, ('127.0.2.1', self.ports['trunk']))
        self.until(lambda: self.api('GET', '/v1/stats')[1]['datagrams_in'] == 2, 'two datagrams')
        stats = self.api('GET', '/v1/stats')[1]
        self.assertEqual(stats['drop_unknown_source'] + stats['drop_oversize'], 2)

    def test_it_is_soon_ready_and_small(self):
        began = time.monotonic()
        self.start()
        ready = time.monotonic() - began
        self.ctl('status')
        time.sleep(0.2)
        rss = 0
        with open('/proc/%d/smaps_rollup' % self.process.pid) as f:
            rss = next(int(line.split()[1]) for line in f if line.startswith('Rss:'))
        print('ready after %d ms, RSS %d KiB' % (ready * 1000, rss))
        if not SANITIZED:
            self.assertLess(rss, 6 * 1024)
            self.assertLess(ready, 1)

    def test_a_call_goes_through_with_its_media(self):
        self.start()
        exchange, peer = self.call_up()
        media = self.media
        for party, body in zip(media, self.bodies):
            party.to = (re.search(r'c=IN IP4 (\S+)', body).group(1),
                        int(re.search(r'm=audio (\d+)', body).group(1)))
        for n in range(5):
            for party, other in (media, media[::-1]):
                party.send(rtp(n), party.to)
                heard = other.socket.recvfrom(2048)
                while heard[0] == b'':  # the relay's punching
                    heard = other.socket.recvfrom(2048)
                self.assertEqual(heard, (rtp(n), other.to))
        calls = self.api('GET', '/v1/calls')[1]
        self.assertEqual([(c['state'], c['verdict']) for c in calls], [('up', 'two-way')])
        self.assertEqual(calls[0]['media'][0]['peer']['rx_packets'], 5)
        self.assertIn('two-way', self.ctl('calls'))
        self.assertIn('audio', self.ctl('call', calls[0]['id']))
        self.assertEqual(self.api('GET', '/v1/calls?after=' + calls[0]['id']), (200, []))
        self.assertRegex(self.ctl('call', calls[0]['id']), r'SIDE +ADVERTISED +REMOTE')
        self.assertEqual(self.ctl('hangup', calls[0]['id']), 'ended %s\n' % calls[0]['id'])
        for party in (exchange, peer):
            bye, at = party.receive('BYE ')
            party.send(answer(bye, party), at)
        self.until(lambda: 'two-way' in self.log(), 'the line that ends a call')

    def test_log_lines_can_be_json(self):
        self.write(format='json')
        self.start()
        self.until(lambda: 'is ready' in self.log(), 'a log line')
        for line in self.log().splitlines():
            self.assertIn('message', json.loads(line))

    def test_a_registration_says_which_way_it_goes(self):
        self.start()
        exchange, peer = Party('127.0.0.1', self.ports['exchange']), Party('127.0.3.1', self.ports['peer'])
        for party, other in (exchange, ('127.0.1.7', self.ports['local'])), (peer, ('127.0.2.1', self.ports['trunk'])):
            self.addCleanup(party.close)
            party.send(sip('REGISTER sip:127.0.3.1 SIP/2.0', party, 'CSeq: 1 REGISTER')
                       .replace('smoke@', party.ip), other)
        peer.receive('REGISTER ')
        exchange.receive('REGISTER ')
        shown = self.ctl('peers')
        self.assertRegex(shown, r'\nyude: the exchange registers there as sip:\S+, contact \S+, not answered yet\n')
        self.assertRegex(shown, r'\nyude: registers at the exchange as sip:\S+, contact \S+, not answered yet\n')

    def test_what_cannot_be_sent_is_said_once(self):
        """No packet leaves loopback's addresses for another host, with a route or without."""
        self.write(self.second('192.0.2.1'))
        self.start()
        exchange = Party('127.0.0.1', self.ports['exchange'])
        self.addCleanup(exchange.close)
        to = ('127.0.1.8', self.local_of_bob)
        exchange.send(sip('INVITE sip:100@192.0.2.1 SIP/2.0', exchange, 'CSeq: 1 INVITE'), to)
        self.until(lambda: self.api('GET', '/v1/stats')[1]['send_failed'] > 1, 'two that failed')
        said = re.findall(r'warning cannot send to 192\.0\.2\.1:5060 from 127\.0\.2\.1:%d: .+'
                          % self.ports['trunk'], self.log())
        self.assertEqual(len(said), 1, self.log())

    def test_debug_shows_each_message_and_what_is_dropped(self):
        with open(self.file) as f:
            text = f.read().replace('log: {', 'log: {level: debug, ')
        with open(self.file, 'w') as f:
            f.write(text)
        self.start()
        self.call_up()
        stranger = Party('127.0.4.1')
        self.addCleanup(stranger.close)
        stranger.send(b'hello', ('127.0.2.1', self.ports['trunk']))
        self.until(lambda: 'dropped: drop_unknown_source' in self.log(), 'a drop')
        for line in ('in 127.0.0.1:{exchange} -> 127.0.1.7:{local} INVITE, CSeq 1 INVITE, ',
                     'out 127.0.2.1:{trunk} -> 127.0.3.1:{peer} INVITE, CSeq 1 INVITE, ',
                     'in 127.0.3.1:{peer} -> 127.0.2.1:{trunk} 200, CSeq 1 INVITE, '):
            self.assertIn('debug call=smoke@127.0.0.1 ' + line.format(**self.ports), self.log())
        self.assertIn('in 127.0.4.1:%d -> 127.0.2.1:%d not-sip, 5 bytes' % (stranger.port, self.ports['trunk']),
                      self.log())

    # ------------------------------------------------------------ reload

    def second(self, address, local=None):
        self.local_of_bob = local or free_port('127.0.1.8')
        return SECOND_PEER.format(address=address, local=self.local_of_bob)

    def test_a_reload_adds_and_removes_a_peer(self):
        self.start()
        self.write(self.second('127.0.3.2'))
        self.assertEqual(self.ctl('reload'), 'reloaded: generation 2\n')
        self.assertEqual([p['name'] for p in self.api('GET', '/v1/peers')[1]], ['yude', 'bob'])
        self.write()
        self.process.send_signal(signal.SIGHUP)
        self.until(lambda: self.api('GET', '/v1/status')[1]['config']['generation'] == 3, 'SIGHUP')
        self.assertEqual([p['name'] for p in self.api('GET', '/v1/peers')[1]], ['yude'])

    def test_a_bad_file_changes_nothing(self):
        self.start()
        self.write('  - name: bob\n    adress: 127.0.3.2\n')
        refused = self.ctl('reload', status=2)
        self.assertIn('%s:12:5: ' % self.file, refused)
        status, answer = self.api('POST', '/v1/reload')
        self.assertEqual(status, 422)
        self.assertEqual(answer['errors'][0]['line'], 12)
        self.assertEqual(self.api('GET', '/v1/status')[1]['config']['generation'], 1)
        self.assertEqual(len(self.api('GET', '/v1/peers')[1]), 1)
        os.remove(self.file)
        self.assertEqual(self.ctl('reload', status=2), '%s: cannot read: No such file or directory\n' % self.file)

    def test_a_taken_port_at_a_reload_changes_nothing(self):
        self.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(('127.0.1.8', 0))
            port = taken.getsockname()[1]
            self.write(self.second('127.0.3.2', port))
            refused = self.ctl('reload', status=2)
        self.assertIn('127.0.1.8:%d is taken: ' % port, refused)
        self.assertIn('(pid %d) holds it' % os.getpid(), refused)
        self.assertEqual(len(self.api('GET', '/v1/peers')[1]), 1)
        self.assertEqual(self.ctl('reload'), 'reloaded: generation 2\n')

    def test_what_counts_from_the_next_start_is_said(self):
        self.start()
        with open(self.file) as f:
            text = f.read().replace('22000-22999', '24000-24999')
        with open(self.file, 'w') as f:
            f.write(text + 'limits: {calls: 10}\n')
        done = subprocess.run([CTL, '-s', self.socket, 'reload'], capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stdout), (0, 'reloaded: generation 2\n'))
        for key in ('limits.calls', 'media.ports'):
            said = '%s: the new value counts from the next start' % key
            self.assertIn('warning %s: %s' % (self.file, said), self.log())
            self.assertIn('%s: warning: %s\n' % (self.file, said), done.stderr)
        self.assertEqual([w['line'] for w in self.api('POST', '/v1/reload')[1]['warnings']], [0, 0])

    def test_a_call_outlives_its_peer_and_socket(self):
        self.start()
        exchange, peer = self.call_up()
        local = ('127.0.1.7', self.ports['local'])
        self.ports['local'] = free_port('127.0.1.7')
        self.write()
        with open(self.file) as f:
            text = f.read().replace('yude', 'renamed')
        with open(self.file, 'w') as f:
            f.write(text)
        self.assertEqual(self.ctl('reload'), 'reloaded: generation 2\n')
        call = self.api('GET', '/v1/calls')[1][0]
        self.assertEqual((call['peer'], call['state']), ('yude', 'up'))
        self.ctl('hangup', call['id'])
        for party in (exchange, peer):
            bye, at = party.receive('BYE ')
            party.send(answer(bye, party), at)
            if party is exchange:
                self.assertEqual(at, local)
        # The last transaction keeps the former socket for 32 s, beside the new one.
        self.assertTrue(self.bound(*local))
        self.assertTrue(self.bound('127.0.1.7', self.ports['local']))

    def test_names_are_looked_up(self):
        self.write(self.second('localhost:%d' % self.ports['peer']))
        self.start()
        self.until(lambda: '127.0.0.1' in self.api('GET', '/v1/peers')[1][1]['resolved'], 'a name')
        self.assertEqual(self.api('GET', '/v1/peers')[1][1]['warnings'], [])
        self.write(self.second('no-such-host.invalid'))
        self.ctl('reload')
        self.until(lambda: 'bob: warning: no-such-host.invalid does not resolve\n' in self.ctl('peers'), 'a warning')

    # ------------------------------------------------------------ start and end

    def test_sigterm_ends_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.start()
            self.process.send_signal(number)
            self.stopped(within=2)
            self.assertFalse(os.path.exists(self.socket))
        told = self.ctl('status', status=1)
        self.assertRegex(told, r'^tailtrunkctl: no tailtrunk answers on .*control.sock: .*\n$')

    def test_drain_without_calls_ends_it(self):
        self.start()
        self.until(lambda: 'is ready: 1 peer\n' in self.log(), 'ready')
        self.assertEqual(self.ctl('drain'), 'drained: no calls were left\n')
        self.stopped()
        self.assertRegex(self.log(), r'info draining: 0 calls left.*\n.* info drained: no call is left\n')

    def test_a_drain_and_a_stop_say_what_is_left(self):
        self.start()
        self.call_up()
        self.assertEqual(self.ctl('drain'), 'draining, 1 call left\n')
        self.assertIn('info draining: 1 call left', self.log())
        self.process.send_signal(signal.SIGTERM)
        self.stopped()
        self.assertIn('warning stopping: 1 call loses its media\n', self.log())

    def test_a_killed_one_leaves_nothing_in_the_way(self):
        self.start()
        self.process.kill()
        self.process.wait()
        self.assertTrue(os.path.exists(self.socket))
        self.start()
        self.assertIn('generation 1', self.ctl('status'))

    def test_a_taken_port_is_named_with_the_ways_out(self):
        self.start()
        done = self.run_once('-c', self.file)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stdout, '')
        self.assertIn('127.0.2.1:%d is taken: tailtrunk (pid %d)'
                      % (self.ports['trunk'], self.process.pid), done.stderr)
        self.assertIn('holds it: is it running already? tailtrunkctl status\n', done.stderr)
        self.assertIn('Three ways out', done.stderr)

    def test_the_redirect_among_the_ways_out_is_one_line_that_works(self):
        """As it is printed, in a network namespace; what comes in by the interface goes to the other port."""
        tools = 'nft', 'ip', 'unshare'
        if os.geteuid() != 0 or not all(map(shutil.which, tools)):
            self.skipTest('not root, or none of ' + ' '.join(tools))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(('127.0.2.1', self.ports['trunk']))
            done = self.run_once('-c', self.file)
        self.assertNotIn('is it running already', done.stderr)
        line = re.search(r"(?m)^ *(nft '.*)$", done.stderr).group(1)
        with open(os.path.join(self.folder, 'redirected.py'), 'w') as f:
            f.write(REDIRECTED)
        inside = REDIRECT.format(line=line, script=f.name)
        done = subprocess.run(['unshare', '-n', 'sh', '-c', inside], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, 'redirected\n'), done.stderr)

    def test_a_second_one_finds_the_control_socket_held(self):
        self.start()
        other = os.path.join(self.folder, 'other.yaml')
        self.ports.update(local=free_port('127.0.1.7'), trunk=free_port('127.0.2.1'))
        self.file = other
        self.write()
        with open(other) as f:
            text = f.read().replace('/state', '/state2').replace('22000-22999', '23000-23999')
        with open(other, 'w') as f:
            f.write(text)
        done = self.run_once('-c', other)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn('another tailtrunk answers there', done.stderr)
        self.ctl('status')

    def test_what_is_wrong_is_told_with_its_place(self):
        self.write(trunk='192.0.2.77:5060')
        done = self.run_once('-c', self.file)
        self.assertEqual(done.returncode, 2)
        self.assertIn('%s:5:11: 192.0.2.77:5060: this address is on no interface' % self.file,
                      done.stderr)
        missing = os.path.join(self.folder, 'missing.yaml')
        done = self.run_once('-c', missing)
        self.assertEqual(done.returncode, 2)
        self.assertIn(missing, done.stderr)

    def test_a_state_that_cannot_be_opened_is_told(self):
        with open(os.path.join(self.folder, 'state'), 'w') as f:
            f.write('a file, no folder')
        done = self.run_once('-c', self.file)
        self.assertEqual(done.returncode, 2)
        self.assertIn('state %s/state' % self.folder, done.stderr)

    def test_a_damaged_state_is_put_aside(self):
        state = os.path.join(self.folder, 'state')
        self.start()
        self.process.terminate()
        self.stopped()
        with open(os.path.join(state, 'tailtrunk.db'), 'wb') as f:
            f.write(b'no database ' * 1000)
        done = self.run_once('-c', self.file, '--check')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r'warning: state .*/state/tailtrunk\.db: .*; a start begins anew')
        self.assertIn('tailtrunk.yaml: 1 warning\n', done.stdout)
        self.start()
        self.assertRegex(self.log(), r'warning state .*tailtrunk\.db: .*; moved to tailtrunk\.db\.bad and begun anew')
        with open(os.path.join(state, 'tailtrunk.db.bad'), 'rb') as f:
            self.assertEqual(f.read(), b'no database ' * 1000)
        self.start()
        self.assertNotIn('.bad', self.log())

    def refused_alike(self, said, **popen):
        """A check says what the start says, with its status."""
        for arguments in (), ('--check',):
            done = subprocess.run([TAILTRUNK, '-c', self.file, *arguments], capture_output=True, text=True,
                                  timeout=20, **popen)
            self.assertEqual(done.returncode, 2, (arguments, done.stdout, done.stderr))
            self.assertRegex(done.stderr, said)

    def test_a_check_refuses_what_a_start_refuses(self):
        state = os.path.join(self.folder, 'state')
        open(state, 'w').close()
        self.refused_alike(r'state %s: not a folder\n' % state)
        os.remove(state)
        open(self.socket, 'w').close()
        self.refused_alike(r'control socket %s: something else is there\n' % self.socket)
        os.remove(self.socket)
        self.socket = os.path.join(self.folder, 'none/such/control.sock')
        with open(self.file) as f:
            text = f.read().replace('/control.sock', '/none/such/control.sock')
        with open(self.file, 'w') as f:
            f.write(text)
        self.refused_alike(r'control socket .*/none/such: No such file or directory\n')

    @unittest.skipUnless(os.geteuid() == 0, 'not root')
    def test_a_state_of_another_user_names_the_user(self):
        os.chmod(self.folder, 0o755)
        os.mkdir(os.path.join(self.folder, 'state'))
        self.refused_alike(r'state %s/state: not writable by user [^ ]+ \(65534\)\n' % self.folder, user=65534)
        os.rmdir(os.path.join(self.folder, 'state'))
        self.refused_alike(r'state %s/state: cannot be made by user [^ ]+ \(65534\)\n' % self.folder, user=65534)

    def test_it_waits_for_an_interface(self):
        self.write(trunk='nosuch0:5060')
        self.start(wait=False)
        self.until(lambda: 'interface nosuch0 is not there' in self.log(), 'a warning')
        self.process.send_signal(signal.SIGTERM)
        self.stopped(within=2)

    def test_an_interface_stands_for_its_address(self):
        self.write(trunk='lo:%d' % free_port('127.0.0.1'))
        self.start()
        self.assertIn('yude', self.ctl('peers'))

    # ------------------------------------------------------------ check

    def test_a_check_shows_how_peers_are_reached(self):
        done = self.run_once('-c', self.file, '--check')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('peer yude', done.stdout)
        self.assertRegex(done.stdout, r'route +interface lo, source 127\.0\.2\.1:')
        self.assertRegex(done.stdout, r'map +100\.64\.2\.2(/32)? -> 127\.0\.3\.1')
        self.assertIn('not yet known', done.stdout)
        self.assertFalse(os.path.exists(os.path.join(self.folder, 'state')))

    def test_a_check_beside_a_running_one_is_fine(self):
        self.start()
        done = self.run_once('-c', self.file, '--check')
        self.assertEqual(done.returncode, 0, done.stderr)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(('127.0.1.8', 0))
            self.write(self.second('127.0.3.2', taken.getsockname()[1]))
            done = self.run_once('-c', self.file, '--check')
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)

    def test_a_check_finds_errors(self):
        self.write('nonsense: 1\n')
        done = self.run_once('-c', self.file, '--check')
        self.assertEqual(done.returncode, 2)
        self.assertIn('nonsense', done.stderr)

    def test_a_check_does_not_wait_for_names(self):
        self.write(self.second('no-such-host.invalid'))
        began = time.monotonic()
        done = self.run_once('-c', self.file, '--check')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('does not resolve yet', done.stdout)
        self.assertIn('tailtrunk.yaml: 1 warning\n', done.stdout)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_check_that_is_slow_to_print_may_get_a_name_late(self):
        """The name is found when the check has given up on it and waits for its reader."""
        peers = ''.join(self.second('127.0.5.%d' % n, 20000 + n).replace('bob', 'b%d' % n)
                        for n in range(1, 60))
        for name in 'late', 'last':
            peers += self.second(name + '.example', 20100).replace('bob', name)
        self.write(peers.replace('20100', '20101', 1))
        late, reached = (os.path.join(self.folder, name) for name in ('late', 'reached'))
        os.mkfifo(late)
        os.mkfifo(reached)
        check = subprocess.Popen(
            [TAILTRUNK, '-c', self.file, '--check'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, 'LD_PRELOAD': LATE_NAMES, 'LATE_NAMES': late, 'LATE_REACHED': reached,
                 'ASAN_OPTIONS': 'verify_asan_link_order=0'})
        fcntl.fcntl(check.stdout, fcntl.F_SETPIPE_SZ, 4096)  # less than it has to say
        select.select([check.stdout], [], [], 20)
        open(late, 'w').close()
        open(reached).close()
        out, err = check.communicate(timeout=20)
        self.assertEqual(check.returncode, 0, err.decode())
        self.assertGreater(len(out), 4096)

    def test_version_and_help(self):
        self.assertRegex(self.run_once('--version').stdout, r'^tailtrunk \d+\.\d+\.\d+\n$')
        self.assertRegex(self.ctl('--version'), r'^tailtrunkctl \d+\.\d+\.\d+\n$')
        help_ = self.run_once('--help').stdout
        self.assertIn('usage', help_)
        for status in '0;', '1 no memory', '2 wrong usage', '3 a port or the control socket is taken':
            self.assertIn(status, help_)
        self.assertEqual(self.run_once('--dance').returncode, 2)

    def test_it_starts_without_stdin_stdout_and_stderr(self):
        self.process = subprocess.Popen(['sh', '-c', 'exec "$0" -c "$1" <&- >&- 2>&-', TAILTRUNK, self.file],
                                        stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.until(lambda: os.path.exists(self.socket), 'a control socket')
        self.assertIn('generation 1', self.ctl('status'))
        for fd in range(3):
            self.assertEqual(os.readlink('/proc/%d/fd/%d' % (self.process.pid, fd)), '/dev/null')
        self.process.send_signal(signal.SIGTERM)
        self.stopped()


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
