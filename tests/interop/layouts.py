"""The arrangements most cases use: exchanges behind tailtrunk, and exchanges that know nothing of it."""
from lab import Failed
from trunks import basis, provider, trunk

EXCHANGE_PORT = 5062
RTP = (10000, 10200)


def local(index):
    """The address that stands for the peer with that index toward the exchange."""
    return f'127.0.1.{7 + index}:5070'


def config(lab, name, peers, shared=None, **defaults):
    """tailtrunk's configuration beside exchange `name`: one local address per peer, or all on `shared`."""
    entries = []
    for index, peer in enumerate(peers):
        entry = {'name': peer.lower(), 'address': f'{lab.net.seen(peer, name)}:5060'}
        if not shared:
            entry['local'] = local(index)
        entries.append(entry)
    exchange = {'address': f'127.0.0.1:{EXCHANGE_PORT}', 'rtp': f'{RTP[0]}-{RTP[1]}'}
    if shared:
        exchange['local'] = shared
    return {'exchange': exchange, 'trunk': {'listen': f'{lab.net.native(name)}:5060'},
            'peer_defaults': defaults, 'peers': entries, 'media': {'ports': '22000-22999'}}


def two_peers(lab, proxy):
    """Calls at a time from A to B and C and back: the exchange and the proxy know who is who, and all hear."""
    calls = [lab.call(*pair) for pair in ('AB', 'AC', 'BA', 'CA')]
    for call in calls:
        call.both_hear()
    if not lab.env.direct:
        for call, endpoint in zip(calls[2:], 'bc'):
            if not call.far.channel.startswith(f'PJSIP/{endpoint}-'):
                raise Failed(f'a call from {endpoint.upper()} was taken for {call.far.channel}')
        owners = sorted(call['peer'] for call in proxy.calls())
        if owners != ['b', 'b', 'c', 'c']:
            raise Failed(f'peers of the calls: {owners}')
    for call, ending in zip(calls, 'BAAC'):
        call.end(ending)
    proxy.idle()


class NoProxy:
    """Stands for the proxy when the cases themselves are checked without one."""

    def calls(self):
        return []

    def idle(self, seconds=0):
        pass

    def write(self, config):
        pass


def proxied(lab, name, suite, peers, defaults=None, extra='', transport=None, exchange=None, **options):
    """Exchange `name` as MikoPBX writes it, with tailtrunk as the outbound proxy of each provider.

    defaults: keys for every peer of tailtrunk's configuration. options: for every provider.
    extra: more pjsip.conf. transport: options of the exchange's. Trunks are named by the peer: `b` leads to B.
    exchange: what else lab.exchange takes.
    """
    direct = lab.env.direct
    text = basis(5060 if direct else EXCHANGE_PORT, mikopbx=True, transport=transport) + extra
    for index, peer in enumerate(peers):
        text += provider(peer.lower(), lab.net.seen(peer, name), proxy=None if direct else local(index), **options)
    lab.exchange(name, suite, text, rtp=RTP, **(exchange or {}))
    return NoProxy() if direct else lab.proxy(name, config(lab, name, peers, **(defaults or {})))


def plain(lab, name, suite, peers, extra='', exchange=None, **options):
    """Exchange `name` on port 5060, with a plain trunk to each peer under the address seen."""
    text = basis(5060) + extra
    for peer in peers:
        text += trunk(peer.lower(), lab.net.seen(peer, name), **options)
    lab.exchange(name, suite, text, rtp=RTP, **(exchange or {}))
