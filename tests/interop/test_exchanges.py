"""Exchanges that are not where or who most are: on another machine, and writing an address of the WAN."""
import layouts
from case import Case
from lab import Failed, Lab
from trunks import basis, provider

BOTH = {('A', 'B'), ('B', 'A')}
WAN = '203.0.113.9'
# What MikoPBX writes for its NAT topology; 127.0.1.7 is not in local_net, so we count as outside.
TOPOLOGY = {'external_media_address': WAN, 'external_signaling_address': WAN, 'local_net': '127.0.0.1/32'}


def another_machine(env):
    """A's exchange is on D, which is not in the tailnet: a LAN address of A's machine stands for each peer."""
    if env.direct:
        return
    with Lab(env, 'ABCD', {(one, other) for one in 'ABC' for other in 'ABC' if one != other}) as lab:
        lab.net.cable('A', 'D')
        lab.net.sites['D'].space.ip('link set tailscale0 down')
        config = layouts.config(lab, 'A', 'BC')
        config['exchange']['address'] = '10.9.0.2:5060'
        text = basis(5060, mikopbx=True)
        for index, peer in enumerate('BC'):
            host = f'10.9.0.{11 + index}'
            lab.net.sites['A'].space.ip(f'addr add {host}/24 dev lan0')
            config['peers'][index]['local'] = f'{host}:5070'
            text += provider(peer.lower(), lab.net.seen(peer, 'A'), proxy=f'{host}:5070')
        lab.exchange('A', 'forky', text, site='D', rtp=layouts.RTP)
        proxy = lab.proxy('A', config)
        layouts.plain(lab, 'B', 'forky', 'A')
        layouts.plain(lab, 'C', 'bullseye', 'A')
        lab.boot()
        layouts.two_peers(lab, proxy)


def wan_address(env):
    """A writes its WAN address to us; nothing of it reaches B, and A is reached where it is."""
    if env.direct:
        return
    with Lab(env, 'AB', BOTH) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B', transport=TOPOLOGY)
        layouts.plain(lab, 'B', 'forky', 'A')
        lab.boot()
        lab.both_ways('A', 'B', proxies=[proxy])
        wrote = lab.exchanges['A'].text()
        if f'Contact: <sip:asterisk@{WAN}:' not in wrote or f'c=IN IP4 {WAN}' not in wrote:
            raise Failed('A did not write its WAN address')
        if WAN in lab.exchanges['B'].text():
            raise Failed('the WAN address of A came to B')


def wan_without(env):
    """The same without tailtrunk, and with nobody masqueraded: B's BYE goes out to the WAN."""
    with Lab(env, 'AB') as lab:
        lab.exchange('A', 'forky', basis(5060, mikopbx=True, transport=TOPOLOGY)
                     + provider('b', lab.net.seen('B', 'A')), rtp=layouts.RTP)
        layouts.plain(lab, 'B', 'forky', 'A')
        lab.boot()
        call = lab.call('A', 'B')
        call.far.hangup()
        lab.until(lambda: lab.exchanges['B'].text().count(f'BYE sip:asterisk@{WAN}') > 2, 8, 'BYE sent three times')
        if call.near.ended() or 'BYE sip:' in lab.exchanges['A'].text():
            raise Failed('the BYE came to A all the same')


CASES = [
    Case('WAN address without tailtrunk: BYE lost', wan_without, 6, proxy=False),
    Case('exchange on another machine', another_machine, 12),
    Case('exchange that writes its WAN address', wan_address, 10),
]
