"""A real Kamailio in a site's namespace, in front of an exchange: it records its route, and writes down what passes."""
import os
import re
import subprocess

from net import LabError

CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'kamailio.cfg')


class Kamailio:
    """Stands for `exchange` (ip:port) toward everybody else.

    outer, inner: ip:port where the others and where the exchange reach it; one address does for both.
    """

    def __init__(self, lab, name, exchange, outer, inner=None):
        self.lab = lab
        self.space = lab.net.sites[name].space
        self.name = f'kamailio-{name}'
        self.log = os.path.join(lab.folder, f'{self.name}.log')
        self.words = {'HOST': f'"{exchange.split(":")[0]}"', 'EXCHANGE': f'"sip:{exchange}"', 'OUTER': f'udp:{outer}'}
        if inner:
            self.words['INNER'] = f'udp:{inner}'
        self.process = None

    def start(self):
        command = ['kamailio', '-DD', '-E', '-m', '32', '-M', '4', '-Y', self.lab.folder, '-f', CONFIG]
        for word, value in self.words.items():
            command += ['-A', f'{word}={value}']
        # Its children would outlive it; in a namespace of processes they end with the first of them.
        with open(self.log, 'ab') as log:
            self.process = self.space.popen(['unshare', '--pid', '--fork', '--kill-child', *command],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def text(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def ready(self, seconds=15):
        def said():
            if self.process.poll() is not None:
                raise LabError(f'Kamailio ended with {self.process.returncode}: {self.text()[-2000:]}')
            return 'takes calls' in self.text()
        self.lab.until(said, seconds, 'Kamailio that takes calls')

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def within(self, side):
        """Methods of the requests in dialogs that came from the side named (exchange or others), in order."""
        return re.findall(rf'within: (\w+) from the {side}', self.text())

    def lost(self):
        """Requests in dialogs that did not come along the recorded route."""
        return re.findall(r'lost: .*', self.text())
