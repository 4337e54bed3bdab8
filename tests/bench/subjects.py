"""What is compared: a bare forwarder, tailtrunk, and Kamailio with rtpengine.

All stand between the same two user agents on loopback, each with an address of its own toward either:
calls come to `proxy` and leave to PEER. All take media to the same phones with the same number of ports
for it, and one media thread each.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import time

from processes import Process, StartError, cpu, cpu_of_threads, memory

HERE = pathlib.Path(__file__).resolve().parent
EXCHANGE = ('127.0.0.1', 15062)
PEER = ('127.0.2.1', 15060)
FIRST_PHONE = 10000  # port of the first phone, on both sides
MEDIA_PORTS = (22000, 31999)
START_S = 10
SETTINGS = '''
exchange: {{address: "{exchange}", probe: 0}}
trunk: {{listen: "{listen}"}}
peers:
  - {{name: far, address: "{peer}", local: "{local}", advertise: {advertise}, probe: 0, calls: {calls}}}
media: {{ports: {ports[0]}-{ports[1]}, port_reuse_delay: 1s}}
limits: {{calls: {calls}}}
control: {{socket: "{folder}/control.sock"}}
tailscale: {{socket: off}}
state: "{folder}/state"
'''


def text(address):
    return f'{address[0]}:{address[1]}'


def wait_for(answer, what):
    """Until answer() is true."""
    end = time.monotonic() + START_S
    while not answer():
        if time.monotonic() > end:
            raise StartError(f'{what} does not answer')
        time.sleep(0.02)


def asked(address, datagram):
    """Whether anything answers a datagram within a moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        s.settimeout(0.2)
        s.sendto(datagram, address)
        try:
            return bool(s.recv(4096))
        except OSError:
            return False


class Floor:
    """One socket per port, one recvfrom and one sendto per packet. Does no SIP: it is told its streams."""
    name = title = 'floor'
    proxy = None

    def __init__(self, build, folder):
        self.program = build / 'tests/bench/floor'
        self.log = folder / 'floor.log'
        self.process = None

    def start(self, streams):
        self.process = Process([self.program], self.log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.popen.stdin.write(''.join(stream.line() for stream in streams))
        self.process.popen.stdin.close()
        self.process.wait_ready()

    def cpu(self):
        """{part: ns}"""
        return {'forwarder': cpu([self.process.pid])}

    def memory(self):
        return memory([self.process.pid])

    def check(self):
        self.process.check()

    def stop(self):
        if self.process:
            self.process.stop()


class Tailtrunk:
    name = title = 'tailtrunk'
    proxy = ('127.0.1.7', 15070)
    listen = ('127.0.2.2', 15060)
    calls = 4000  # 500 that stand, or those a second that SIPp makes and what a busy machine delays

    def __init__(self, build, folder):
        self.program = build / 'proxy/tailtrunk'
        self.folder = folder
        self.process = None

    def start(self):
        file = self.folder / 'tailtrunk.yaml'
        (self.folder / 'state').mkdir(exist_ok=True)
        file.write_text(SETTINGS.format(
            exchange=text(EXCHANGE), listen=text(self.listen), peer=text(PEER), local=text(self.proxy),
            advertise=self.listen[0], calls=self.calls, ports=MEDIA_PORTS, folder=self.folder))
        self.process = Process([self.program, '-c', file], self.folder / 'tailtrunk.log',
                               stdout=subprocess.PIPE)
        self.process.wait_ready()

    def cpu(self):
        parts = {'SIP': 0, 'relay': 0}
        for thread, ns in cpu_of_threads(self.process.pid).items():
            parts['relay' if thread.startswith('relay') else 'SIP'] += ns
        return parts

    def memory(self):
        return memory([self.process.pid])

    def check(self):
        self.process.check()

    def stop(self):
        if self.process:
            self.process.stop()


class Kamailio:
    """Kamailio for SIP and rtpengine, in user space, for media."""
    name, title = 'kamailio', 'Kamailio + rtpengine'
    proxy = ('127.0.1.8', 15070)
    listen = ('127.0.2.3', 15060)
    control = ('127.0.1.8', 12223)

    def __init__(self, _, folder):
        self.folder = folder
        self.sip = self.media = None

    @staticmethod
    def obstacle():
        """Why it cannot take part, or nothing."""
        lacking = [name for name in ('kamailio', 'rtpengine') if not shutil.which(name)]
        return f'{" and ".join(lacking)} not installed' if lacking else None

    def start(self):
        # Its delays are like tailtrunk's here: what ends a call is done while that call is measured.
        self.media = Process([
            'rtpengine', '--config-file=none', '--foreground', '--log-stderr', '--log-level=4',
            '--table=-1', '--num-threads=1', f'--listen-ng={text(self.control)}',
            f'--interface=exchange/{self.proxy[0]}', f'--interface=peer/{self.listen[0]}',
            f'--port-min={MEDIA_PORTS[0]}', f'--port-max={MEDIA_PORTS[1]}',
            '--delete-delay=0', '--timeout=3600', '--silent-timeout=3600',
        ], self.folder / 'rtpengine.log', stdout=subprocess.DEVNULL)
        wait_for(lambda: self.media.check() or asked(self.control, b'1 d7:command4:pinge'), 'rtpengine')
        definitions = {'EXCHANGE_SIDE': f'udp:{text(self.proxy)}', 'PEER_SIDE': f'udp:{text(self.listen)}',
                       'RTPENGINE': f'"udp:{text(self.control)}"'}
        # -DD: stay in the foreground. Its memory is generous: it must not run short of any.
        self.sip = Process([
            'kamailio', '-DD', '-E', '-m', '256', '-M', '16', '-Y', self.folder, '-f', HERE / 'kamailio.cfg',
            *(word for name, value in definitions.items() for word in ('-A', f'{name}={value}')),
        ], self.folder / 'kamailio.log', stdout=subprocess.DEVNULL)
        options = (f'OPTIONS sip:{self.proxy[0]} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bKup\r\n'
                   'From: <sip:bench@127.0.0.1>;tag=1\r\nTo: <sip:bench@127.0.0.1>\r\nCall-ID: up\r\n'
                   'CSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n').encode()
        wait_for(lambda: self.sip.check() or asked(self.proxy, options), 'Kamailio')

    def cpu(self):
        return {'Kamailio': cpu(self.sip.family()), 'rtpengine': cpu([self.media.pid])}

    def memory(self):
        return memory(self.sip.family(), 'Pss') + memory([self.media.pid])

    def check(self):
        self.sip.check()
        self.media.check()

    def stop(self):
        for process in (self.sip, self.media):
            if process:
                process.stop()


def versions():
    """What distribution packages of the rival are compared with."""
    if not shutil.which('dpkg-query'):
        return []
    shown = subprocess.run(['dpkg-query', '-W', '-f', '${Package} ${Version}\n', 'kamailio', 'rtpengine-daemon'],
                           capture_output=True, text=True, check=False).stdout
    return shown.split('\n')[:-1]


def start_as_shipped(build, folder):
    """(s from start to `ready`, idle bytes) of tailtrunk on conf/tailtrunk.yaml; only its paths are moved."""
    shipped = (HERE / '../../conf/tailtrunk.yaml').read_text()
    moved = shipped.replace('socket: build/', f'socket: {folder}/idle-').replace('state: ""', f'state: {folder}/idle')
    assert moved.count(str(folder)) == 2
    os.makedirs(folder / 'idle', exist_ok=True)
    file = folder / 'idle.yaml'
    file.write_text(moved)
    before = time.monotonic()
    process = Process([build / 'proxy/tailtrunk', '-c', file], folder / 'idle.log', stdout=subprocess.PIPE)
    try:
        process.wait_ready()
        took = time.monotonic() - before
        time.sleep(0.5)
        return took, memory([process.pid])
    finally:
        process.stop()
