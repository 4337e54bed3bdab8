"""Calls per second, by SIPp on both ends."""
import csv
import os
import pathlib
import socket
import subprocess

from processes import Process
from subjects import EXCHANGE, PEER

HERE = pathlib.Path(__file__).resolve().parent
BUFFER = 4 << 20   # of its sockets; the kernel gives what it allows
PATIENCE_S = 5     # with calls that are not done in time
PHONES = (12000, 12001)  # of the scenarios: RTP and RTCP


class SippError(Exception):
    """SIPp did not do what it was told."""


def command(scenario, own, *more):
    return ['sipp', '-sf', HERE / scenario, '-i', own[0], '-p', str(own[1]), '-nostdin',
            '-buff_size', str(BUFFER), *more]


def phone(host, port):
    """Somebody to send media to: nothing there would make the kernel answer with errors."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((host, port))
    return s


class Answerer:
    """The far exchange and the phones of both, for as long as calls are made; usable with `with`."""

    def __init__(self, folder):
        self.phones = [phone(host, port) for host, _ in (EXCHANGE, PEER) for port in PHONES]
        self.process = Process(command('uas.xml', PEER), folder / 'uas.log', stdout=subprocess.DEVNULL,
                               cwd=folder, env=dict(os.environ, TERM='dumb'))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()
        for one in self.phones:
            one.close()


def calls(proxy, rate, seconds, folder):
    """Makes `rate` calls a second through proxy; {'done', 'failed', 'retransmissions'}."""
    table = folder / 'uac.csv'
    table.unlink(missing_ok=True)
    process = Process(
        command('uac.xml', EXCHANGE, f'{proxy[0]}:{proxy[1]}', '-s', '300',
                '-key', 'peer', PEER[0], '-key', 'peer_port', str(PEER[1]),
                '-r', str(rate), '-m', str(rate * seconds), '-l', str(rate * seconds),
                '-trace_stat', '-stf', table, '-fd', '1'),
        folder / 'uac.log', stdout=subprocess.DEVNULL, cwd=folder, env=dict(os.environ, TERM='dumb'))
    try:
        process.popen.wait(seconds + PATIENCE_S)
    except subprocess.TimeoutExpired:
        pass  # overwhelmed; what is not done by now counts as failed
    finally:
        process.stop()
    if not table.exists():
        raise SippError(f'SIPp: {process.log.read_text(errors="replace")[-500:]}')
    with open(table, newline='', encoding='utf-8') as lines:
        last = list(csv.DictReader(lines, delimiter=';'))[-1]
    done = int(last['SuccessfulCall(C)'])
    return {'done': done, 'failed': rate * seconds - done,
            'retransmissions': int(last['Retransmissions(C)'])}
