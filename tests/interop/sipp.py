"""SIPp at one end of a call: a scenario, and every message that this end sent and received."""
import os
import re
import subprocess

import sip
from lab import Failed

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 20            # for a whole scenario


class Sipp:
    """One call by sipp/NAME.xml. With `to`, (ip, port), it calls; else it waits for a call."""

    def __init__(self, lab, space, scenario, own, to=None, **keys):
        self.lab = lab
        self.scenario = scenario
        self.own = own
        self.base = os.path.join(lab.folder, f'{scenario}-{next(lab.numbers)}')
        command = ['sipp', '-sf', f'{HERE}/sipp/{scenario}.xml', '-i', own[0], '-p', str(own[1]), '-m', '1', '-nostdin',
                   '-cid_str', '%u-%p@call.example', '-timeout', str(SECONDS), '-timeout_error',
                   '-trace_msg', '-message_file', f'{self.base}.msg', '-trace_err', '-error_file', f'{self.base}.log']
        for key, value in keys.items():
            command += ['-key', key, value]
        with open(f'{self.base}.out', 'wb') as out:
            self.process = space.popen(command + ([f'{to[0]}:{to[1]}'] if to else []), cwd=lab.folder,
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=dict(os.environ, TERM='dumb'))

    def listens(self):
        """Wait until its socket is bound."""
        def bound():
            if not self.running():
                return True                             # failed() tells
            with open(f'/proc/{self.process.pid}/net/udp', encoding='ascii') as table:
                return f':{self.own[1]:04X} ' in table.read()
        self.lab.until(bound, 5, f'the socket of {self.scenario}')

    def failed(self):
        """What it complained of, once it has ended; else ''."""
        if self.running() or self.process.returncode == 0:
            return ''
        return (f'SIPp {self.scenario}: status {self.process.returncode}\n'
                + self._read('out')[-500:] + self._read('log') + self._read('msg'))

    def running(self):
        return self.process.poll() is None

    def _read(self, suffix):
        try:
            with open(f'{self.base}.{suffix}', encoding='utf-8', errors='replace', newline='') as found:
                return found.read()
        except FileNotFoundError:
            return ''

    def messages(self):
        """All it sent and received, in order: messages with a `way`, 'sent' or 'received'. Repetitions count once."""
        log = self._read('msg')
        found = {}
        for start in re.finditer(r'^UDP message (sent|received) [\[(](\d+)[\])]? ?bytes\)?[ :]*\n\n', log, re.M):
            message = sip.Message.read(log[start.end():start.end() + int(start[2])].encode())
            message.way = start[1]
            found.setdefault((message.way, message.text), message)
        return list(found.values())

    def close(self):
        if self.running():
            self.process.kill()
            self.process.wait()


def finish(lab, both):
    """Both scenarios run to their ends, and nothing else comes."""
    lab.until(lambda: not any(one.running() for one in both) or any(one.failed() for one in both), SECONDS + 5,
              'the end of ' + ' and '.join(one.scenario for one in both))
    for one in both:
        if one.failed():
            raise Failed(one.failed())
