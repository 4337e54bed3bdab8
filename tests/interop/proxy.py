"""tailtrunk beside one exchange: configuration, start, control socket, end."""
import http.client
import json
import os
import signal
import socket
import subprocess

from net import LabError


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect(self.path)


class Proxy:
    """One process. `config` is YAML text or a dict; JSON is YAML, so that is how a dict is written.

    The proxy finds the lab's folder at /mnt, in a mount namespace of its own: the path of a UNIX
    socket has no more than 107 bytes, and the folder may lie deep. A dict without `control` gets
    that socket; text has to name it: `control: {socket: /mnt/tailtrunk-A.sock}` beside exchange A.
    """

    def __init__(self, lab, site, binary, config):
        if not binary:
            raise LabError('no tailtrunk binary: set TAILTRUNK')
        self.lab = lab
        self.site = site
        self.binary = binary
        self.name = f'tailtrunk-{site.name}'
        self.log = os.path.join(lab.folder, f'{self.name}.log')
        self.process = None
        self.known = set()          # exchanges that are its peers, as far as a dict says
        self.write(config)

    def write(self, config):
        """A new configuration; a running proxy learns of it by reload()."""
        if isinstance(config, dict):
            config = {'control': {'socket': f'/mnt/{self.name}.sock'}, 'tailscale': {'socket': 'off'}, 'state': '',
                      **config}
            self.known = {peer['name'].upper() for peer in config['peers']}
            config = json.dumps(config, indent=2)
        with open(os.path.join(self.lab.folder, f'{self.name}.yaml'), 'w', encoding='utf-8') as out:
            out.write(config + '\n')

    def hosts(self, **names):
        """What names mean to it from now on; to be said before it starts, too. In names, _ stands for a dot."""
        text = ''.join(f'{address} {name.replace("_", ".")}\n' for name, address in names.items())
        # Written over: the file is mounted, so it has to stay the same one.
        with open(os.path.join(self.lab.folder, f'{self.name}.hosts'), 'a+', encoding='utf-8') as hosts:
            hosts.truncate(0)
            hosts.write(text)

    def start(self):
        script = ('mount --bind "$1" /mnt; [ ! -e "/mnt/$2.hosts" ] || mount --bind "/mnt/$2.hosts" /etc/hosts; '
                  'exec "$3" -c "/mnt/$2.yaml"')
        with open(self.log, 'ab') as log:
            self.process = self.site.space.popen(
                ['unshare', '--mount', 'sh', '-ec', script, 'sh', self.lab.folder, self.name, self.binary],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def text(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def ready(self, seconds=10):
        def said():
            if self.process.poll() is not None:
                raise LabError(f'tailtrunk ended with {self.process.returncode}: {self.text()[-2000:]}')
            return any(line.split()[-1:] == ['ready'] for line in self.text().splitlines())
        self.lab.until(said, seconds, 'ready from tailtrunk')

    def get(self, path, method='GET'):
        connection = UnixConnection(f'/proc/{self.process.pid}/root/mnt/{self.name}.sock')
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise LabError(f'{method} {path}: {answer.status} {body[:500]!r}')
            return json.loads(body) if body else None
        finally:
            connection.close()

    def reload(self):
        self.get('/v1/reload', 'POST')

    def calls(self):
        """The list of /v1/calls, whichever way it is wrapped."""
        answer = self.get('/v1/calls')
        return answer['calls'] if isinstance(answer, dict) else answer

    def peers(self):
        answer = self.get('/v1/peers')
        return answer['peers'] if isinstance(answer, dict) else answer

    def idle(self, seconds=5):
        """Nothing may be left of any call."""
        self.lab.until(lambda: not self.calls(), seconds, '/v1/calls empty')

    def stop(self):
        """SIGTERM; the end must be orderly."""
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            raise LabError('tailtrunk did not end within 10 s of SIGTERM') from None
        self.process = None
        if status:
            raise LabError(f'tailtrunk ended with {status}: {self.text()[-2000:]}')
        for mark in ('ERROR: AddressSanitizer', 'ERROR: LeakSanitizer', 'runtime error:'):
            if mark in self.text():
                raise LabError(f'sanitizer report in {self.log}:\n{self.text()[-4000:]}')

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
