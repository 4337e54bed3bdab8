"""The table of the bench: medians, ratios paired by round, and what is aimed at."""
import os
import pathlib
import re
import statistics

TITLES = {'floor': 'floor', 'tailtrunk': 'tailtrunk', 'kamailio': 'Kamailio + rtpengine'}
ROW = '{:<40}{:>14}{:>14}{:>22}{:>10}{:>8}'
TARGET = '{:<54}{:>14}   {}'
FULL_RATE = 50000
KIB, MB = 1024, 1e6
BUSY_US = 1000


def machine(versions, first):
    """A line on what this ran on."""
    cpuinfo = pathlib.Path('/proc/cpuinfo').read_text()
    model = re.search(r'^(?:model name|Model)\s*: (.*)', cpuinfo, re.M)
    release = re.search(r'^PRETTY_NAME="?([^"\n]*)', pathlib.Path('/etc/os-release').read_text(), re.M)
    uname = os.uname()
    return ', '.join([model[1] if model else uname.machine, f'{len(os.sched_getaffinity(0))} cores',
                      f'{uname.sysname} {uname.release}', release[1] if release else '', *versions,
                      f'load before {os.getloadavg()[0]:.1f}, ' + ('real-time' if first else 'usual') + ' priority'])


def median(values):
    """The median of those that are there, or None."""
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def each(rounds, name, figure):
    """figure() of a competitor in each round; None where it took no part."""
    return [figure(one[name]) if name in one else None for one in rounds]


def ratio(rounds, name, other, figure):
    return median(None if a is None or b is None else a / b
                  for a, b in zip(each(rounds, name, figure), each(rounds, other, figure)))


def above(rounds, name, other, figure):
    return median(None if a is None or b is None else a - b
                  for a, b in zip(each(rounds, name, figure), each(rounds, other, figure)))


def shown(value, form='{:.2f}'):
    return '-' if value is None else form.format(value)


def per_packet(result):
    """Of those that arrived: what a forwarder loses must not make it cheaper. None where nothing did."""
    return sum(result['cpu'].values()) / 1000 / result['received'] if result['received'] else None


def per_call(result):
    """None where more than 1 % failed: such a slice shows an overload, not what a call costs."""
    if result['failed'] > (result['done'] + result['failed']) / 100:
        return None
    return sum(result['cpu'].values()) / 1000 / result['done']


def compared(words, rounds, figure, form):
    """A row with a figure of each, and tailtrunk's ratios."""
    return ROW.format(words, *(shown(median(each(rounds, name, figure)), form) for name in TITLES),
                      shown(ratio(rounds, 'tailtrunk', 'floor', figure)),
                      shown(ratio(rounds, 'tailtrunk', 'kamailio', figure)))


def counted(words, rounds, count, of):
    """A row with sums over all rounds."""
    def cell(name):
        took_part = [one[name] for one in rounds if name in one]
        return f'{sum(map(count, took_part))}/{sum(map(of, took_part))}' if took_part else '-'
    return ROW.format(words, *map(cell, TITLES), '', '')


def parts(words, rounds, name, per, form):
    """A line that says which part of it spent how much; per(result) is None where that means nothing."""
    took_part = [one[name] for one in rounds if name in one and per(one[name])]
    if not took_part:
        return None
    return f'  {TITLES[name]}, {words}: ' + ', '.join(
        f'{part} ' + form.format(median(per(result) * result['cpu'][part] / sum(result['cpu'].values())
                                        for result in took_part)) + ' us'
        for part in took_part[0]['cpu'])


def media_lines(media):
    for rate, rounds in media.items():
        yield compared(f'CPU per packet, {rate:,}/s (us)', rounds, per_packet, '{:.2f}')
        yield counted('  lost', rounds, lambda r: r['lost'], lambda r: r['sent'])
        for part in ('p50', 'p99'):
            def latency(result, part=part):
                return result['latency_us'][part]
            yield ROW.format(f'  latency {part}; above floor (us)',
                             shown(median(each(rounds, 'floor', latency)), '{:.0f}'),
                             *(shown(above(rounds, name, 'floor', latency), '{:+.0f}')
                               for name in ('tailtrunk', 'kamailio')), '', '')


def call_lines(calls):
    for rate, rounds in calls.items():
        yield compared(f'CPU per call, {rate:,}/s (us)', rounds, per_call, '{:.0f}')
        yield counted('  failed', rounds, lambda r: r['failed'], lambda r: r['done'] + r['failed'])
        yield counted('  sent again by SIPp', rounds, lambda r: r['retransmissions'],
                      lambda r: r['done'] + r['failed'])


def per_standing(figures, start, calls):
    return (figures['all'] - figures[start]) / calls if figures else None


def memory_lines(memory, calls, few):
    for words, start, n in ((f'RSS per call, of {calls} (KiB)', 'idle', calls),
                            (f'RSS per call after the first {few} (KiB)', 'few', calls - few)):
        values = {name: per_standing(memory.get(name), start, n) for name in TITLES}
        own, rival = values['tailtrunk'], values['kamailio']
        yield ROW.format(words, *(shown(value and value / KIB, '{:.1f}') for value in values.values()), '',
                         shown(own / rival if own and rival else None))


def detail_lines(results):
    for rate, rounds in results['media'].items():
        for name in TITLES:
            if name != 'floor':
                yield parts(f'{rate:,} packets/s', rounds, name, per_packet, '{:.2f}')
        late = median(result['late_us'] for one in rounds for result in one.values())
        yield (f'  the generator, {rate:,} packets/s: 99 % sent less than {late:.0f} us late'
               + ('; THE MACHINE WAS BUSY: latencies say little, and packets that come in heaps cost all alike'
                  if late > BUSY_US else ''))
    for rate, rounds in results['calls'].items():
        for name in TITLES:
            yield parts(f'{rate:,} calls/s', rounds, name, per_call, '{:.0f}')


def verdict(words, value, most, form='{:.2f}', without='not measured'):
    if value is None:
        return TARGET.format('  ' + words, '-', without)
    return TARGET.format('  ' + words, form.format(value), 'met' if value <= most else 'NOT MET')


def overloaded(rounds):
    """Why there is no cost per call."""
    names = [title for name, title in TITLES.items()
             if any(name in one for one in rounds) and median(each(rounds, name, per_call)) is None]
    return f'{" and ".join(names)} overloaded' if names else 'not measured'


def target_lines(results, calls):
    for rate, rounds in results['media'].items():
        yield verdict(f'relay <= 1.1 x floor, {rate:,} packets/s', ratio(rounds, 'tailtrunk', 'floor', per_packet), 1.1)
        yield verdict(f'relay <= 0.65 x rtpengine, {rate:,} packets/s',
                      ratio(rounds, 'tailtrunk', 'kamailio', per_packet), 0.65)
        if rate == FULL_RATE:
            lost = sum(one['tailtrunk']['lost'] for one in rounds if 'tailtrunk' in one)
            yield verdict(f'no loss at {rate:,} packets/s', lost, 0, '{}')
    for rate, rounds in results['calls'].items():
        yield verdict(f'call <= 0.35 x Kamailio + rtpengine, {rate:,} calls/s',
                      ratio(rounds, 'tailtrunk', 'kamailio', per_call), 0.35, without=overloaded(rounds))
    own = per_standing(results['memory'].get('tailtrunk'), 'idle', calls)
    yield verdict('RSS per call <= 10 KiB', own and own / KIB, 10, '{:.1f} KiB')
    starts = results.get('start', [])
    yield verdict('idle RSS <= 6 MB', median(rss / MB for _, rss in starts), 6, '{:.2f} MB')
    yield verdict('start to ready <= 100 ms', median(took * 1000 for took, _ in starts), 100, '{:.1f} ms')


def lines(machine_line, results, args, calls, few):
    """All of the report; what is None in it was not measured."""
    yield machine_line
    yield (f'{calls} two-way G.711 calls set up by SIP; slices of {args.seconds} s in turn, {args.rounds} rounds; '
           'medians, ratios paired by round; 1 us = 1 microsecond of CPU')
    yield ''
    yield ROW.format('', *TITLES.values(), '/ floor', '/ K + r')
    yield from media_lines(results['media'])
    yield from call_lines(results['calls'])
    if results['memory']:
        yield from memory_lines(results['memory'], calls, few)
    yield ''
    yield 'who spent it'
    yield from filter(None, detail_lines(results))
    yield ''
    yield 'targets'
    yield from target_lines(results, calls)
