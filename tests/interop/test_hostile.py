"""Datagrams nobody should send, over real sockets: each gets a clear answer or is dropped and counted, the next good
call works, and the program does not grow however many come.
"""
import itertools
import signal
from typing import Callable, NamedTuple

import layouts
import point
from case import Case
from lab import Failed, Lab
from net import libc
from point import Point, request, sdp

BOTH = {('A', 'B'), ('B', 'A')}
PR_SET_THP_DISABLE = 41

ROUNDS = 2000
WARM_UP = 300           # fills what is bounded by the configuration below
GROWTH = 96             # KiB; 32 bytes lost with each datagram of one kind would be more


# Each makes one datagram; `own` is the sender's (ip, port), `mark` keeps repetitions apart.

def headers(own, mark, method='MESSAGE'):
    """All but the end of a good request."""
    return request(own, method, mark).removesuffix(b'Content-Length: 0\r\n\r\n')


def truncated(own, mark):
    return headers(own, mark, 'INVITE')[:-20]


def largest(own, mark):
    return headers(own, mark).ljust(65505, b'x') + b'\r\n'


def with_nul(own, mark):
    return headers(own, mark).replace(b'point@a', b'poi\0t@a') + b'\r\n'


def no_call_id(own, mark):
    return b'\r\n'.join(line for line in request(own, 'MESSAGE', mark).split(b'\r\n') if not line.startswith(b'Call-ID'))


def two_cseq(own, mark):
    return headers(own, mark) + b'CSeq: 2 MESSAGE\r\nContent-Length: 0\r\n\r\n'


def long_length(own, mark):
    return headers(own, mark) + b'Content-Length: 9999\r\n\r\nshort'


def many_headers(own, mark, count=10000):
    return headers(own, mark) + b'X: 1\r\n' * count + b'\r\n'


def long_header(own, mark, size=60000):
    return headers(own, mark) + b'Subject: ' + b'x' * size + b'\r\n\r\n'


def no_connection(own, mark):
    return request(own, 'INVITE', mark, body=sdp(''))


def bad_port(own, mark):
    return request(own, 'INVITE', mark, body=sdp(own[0], 'm=audio 99999 RTP/AVP 0\r\n'))


def many_lines(own, mark):
    return request(own, 'INVITE', mark, body=sdp(own[0], 'm=audio 30000 RTP/AVP 0\r\n' * 500))


class Bad(NamedTuple):
    name: str
    make: Callable
    counter: str            # counts each of them
    answer: str = ''        # '488 INVITE'; '' = none


# The last one is answered: that answer tells that all before it have been read.
BAD = [
    Bad('truncated', truncated, 'drop_malformed'),
    Bad('65,507 bytes', largest, 'drop_oversize'),
    Bad('a NUL byte', with_nul, 'drop_malformed'),
    Bad('no Call-ID', no_call_id, 'drop_malformed'),
    Bad('two CSeq', two_cseq, 'answer_400_malformed', '400 MESSAGE'),
    Bad('Content-Length beyond the datagram', long_length, 'answer_400_malformed', '400 MESSAGE'),
    Bad('10,000 headers', many_headers, 'drop_oversize'),
    Bad('1,000 headers', lambda own, mark: many_headers(own, mark, 1000), 'drop_malformed'),
    Bad('a header of 60 kB', long_header, 'drop_oversize'),
    Bad('a header of 10 kB', lambda own, mark: long_header(own, mark, 10000), 'drop_malformed'),
    Bad('SDP without c=', no_connection, 'answer_488_sdp', '488 INVITE'),
    Bad('port 99999', bad_port, 'answer_488_sdp', '488 INVITE'),
    Bad('500 m-lines', many_lines, 'answer_488_sdp', '488 INVITE'),
]


class Scene:
    """The proxy, the exchange and its peer, and a stranger on each side."""

    def __init__(self, lab, **limits):
        net = lab.net
        config = layouts.config(lab, 'A', 'B', probe=0, advertise=net.seen('A', 'B'))
        config['exchange']['probe'] = 0
        config['limits'] = {'requests_per_second_per_source': 0, **limits}
        self.lab = lab
        self.proxy = lab.proxy('A', config)
        lab.boot()
        a, b, c = (net.sites[name] for name in 'ABC')
        local = ('127.0.1.7', 5070)
        self.exchange = Point(lab, a.space, ('127.0.0.1', layouts.EXCHANGE_PORT), local)
        self.peer = Point(lab, b.space, (b.native, 5060), (net.seen('A', 'B'), 5060))
        self.strangers = (Point(lab, a.space, (a.native, 6060), local),
                          Point(lab, c.space, (c.native, 5060), (net.seen('A', 'C'), 5060)))
        self.marks = itertools.count(1)

    def stats(self):
        return self.proxy.get('/v1/stats')

    def mark(self):
        return f'bad-{next(self.marks):08}'

    def counted(self, name, before, count=1):
        self.lab.until(lambda: self.stats()[name] - before[name] >= count, 5, f'{count} more of {name}')
        moved = self.stats()[name] - before[name]
        if moved != count:
            raise Failed(f'{name} moved by {moved}')

    def points(self):
        return (self.exchange, self.peer, *self.strangers)

    def forget(self):
        for one in self.points():
            one.inbox.clear()

    def go_on(self):
        """Good calls work, and nothing else has come to anybody."""
        for caller, callee in ((self.exchange, self.peer), (self.peer, self.exchange)):
            point.call(caller, callee)
        self.proxy.idle()
        for one in self.points():
            if one.inbox:
                raise Failed(f'nobody waited for\n{one.inbox[0].text}')


def acknowledge(sender, answer):
    """A refused INVITE gets its ACK, in the transaction of the INVITE."""
    if answer.method == 'INVITE':
        sender.ask('ACK', answer['Call-ID'], to=answer['To'], branch=answer.branch.removeprefix('z9hG4bK'))


def one_bad(scene, sender, bad):
    before = scene.stats()
    sender.send(bad.make(sender.own, scene.mark()))
    if bad.answer:
        answer = sender.next(bad.answer)
        if not answer['Warning'].startswith('399 '):
            raise Failed(f'does not say what is wrong:\n{answer.text}')
        acknowledge(sender, answer)
    scene.counted(bad.counter, before)


def unknown_method(scene, sender, other):
    """Crosses like any other, and so does its answer."""
    sender.ask('FROBNICATE', scene.mark())
    other.answer(other.next('FROBNICATE'), 501)
    sender.next('501 FROBNICATE')


def unknown_source(scene, stranger, counter):
    before = scene.stats()
    for make in (lambda own, mark: request(own, 'OPTIONS', mark), no_connection, largest):
        stranger.send(make(stranger.own, scene.mark()))
    scene.counted(counter, before, 3)


def each(env):
    if env.direct:
        return
    with Lab(env, 'ABC', BOTH) as lab:
        scene = Scene(lab)
        exchange, peer = scene.exchange, scene.peer
        steps = [(f'{bad.name} from {name}', lambda bad=bad, sender=sender: one_bad(scene, sender, bad))
                 for bad in BAD for name, sender in (('the exchange', exchange), ('the peer', peer))]
        steps += [('an unknown method from the exchange', lambda: unknown_method(scene, exchange, peer)),
                  ('an unknown method from the peer', lambda: unknown_method(scene, peer, exchange)),
                  ('an unknown source at the local socket',
                   lambda: unknown_source(scene, scene.strangers[0], 'drop_not_exchange')),
                  ('an unknown source at the trunk socket',
                   lambda: unknown_source(scene, scene.strangers[1], 'drop_unknown_source'))]
        for name, run in steps:
            with env.step(name):
                scene.forget()
                run()
                scene.go_on()


# Many

def resident(process):
    """RSS in KiB."""
    with open(f'/proc/{process.pid}/smaps_rollup', encoding='ascii') as found:
        return next(int(line.split()[1]) for line in found if line.startswith('Rss:'))


def is_sanitized(path):
    with open(path, 'rb') as binary:
        return b'__asan_init' in binary.read()


class Volley:
    """The whole list as one sender throws it: made once, then only the mark changes."""

    def __init__(self, scene, sender):
        self.scene = scene
        self.sender = sender
        self.mark = scene.mark()
        self.made = [bad.make(sender.own, self.mark) for bad in BAD]

    def throw(self):
        for datagram in self.made:
            self.sender.send(datagram.replace(self.mark.encode(), self.scene.mark().encode()))

    def gather(self):
        """All answers, in their order; then all that was thrown has been read."""
        for bad in BAD:
            if bad.answer:
                acknowledge(self.sender, self.sender.next(bad.answer))


def one_round(scene, volleys, at_once=False):
    """at_once: the program finds all of it waiting, and so reads as much in one go as it ever will."""
    process = scene.proxy.process
    if at_once:
        process.send_signal(signal.SIGSTOP)
    for volley in volleys:
        volley.throw()
    for stranger in scene.strangers:
        stranger.send(request(stranger.own, 'OPTIONS', scene.mark()))
    process.send_signal(signal.SIGCONT)
    for volley in volleys:
        volley.gather()
    unknown_method(scene, scene.exchange, scene.peer)
    unknown_method(scene, scene.peer, scene.exchange)


def expected_counters(rounds):
    """What so many rounds, from two senders and two strangers, add to the counters."""
    found = {'drop_not_exchange': rounds, 'drop_unknown_source': rounds}
    for bad in BAD:
        found[bad.counter] = found.get(bad.counter, 0) + 2 * rounds
    return found


def many(env):
    """RSS once what is kept for a while has reached its bound, and after all rounds."""
    if env.direct:
        return
    libc.prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)          # of the program too; the kernel's own pace would show in its RSS
    with Lab(env, 'ABC', BOTH) as lab:
        scene = Scene(lab, transactions=500, calls=100)
        volleys = [Volley(scene, sender) for sender in (scene.exchange, scene.peer)]
        sanitized = is_sanitized(env.tailtrunk)         # its allocator keeps what was freed
        rounds = WARM_UP if sanitized else ROUNDS
        before = scene.stats()
        for number in range(rounds):
            one_round(scene, volleys, at_once=number < 3)
            if number + 1 == WARM_UP:
                warm = resident(scene.proxy.process)
        end, after = resident(scene.proxy.process), scene.stats()
        scene.go_on()
        moved = {name: after[name] - before[name] for name in expected_counters(rounds)}
        if moved != expected_counters(rounds):
            raise Failed(f'counters moved by {moved}, not {expected_counters(rounds)}')
        env.note(f'{rounds} rounds, RSS {warm} KiB, then {end} KiB')
        if end - warm > GROWTH and not sanitized:
            raise Failed(f'RSS grew from {warm} to {end} KiB in {rounds - WARM_UP} rounds')


CASES = [
    Case('each of them', each, 10),
    Case('the whole list two thousand times', many, 10),
]
