"""Ports that are not what they seem: a peer behind port translation, two peers on one address, a redirect before us."""
import layouts
from case import Case
from lab import Call, Failed, Lab
from napt import Napt
from phone import hold_and_resume
from trunks import account, basis, phone, provider, trunk

REDIRECT = '''
    table ip tailtrunk {
        chain pre { type nat hook prerouting priority dstnat
            iifname tailscale0 udp dport 5060 redirect to :5064
        }
    }'''
LOGIN = ('in', 'secret')
BOTH = {('A', 'B'), ('B', 'A')}


def behind_translation(env):
    """B registers with A from behind a translator: no port it writes is one that it can be reached at."""
    if env.direct:
        return
    hold = {'extra': phone('phone', '127.0.0.1:5080', moh_passthrough=True), 'moh_passthrough': True}
    with Lab(env, 'AB', BOTH) as lab:
        far = account(*LOGIN, moh_passthrough=True)
        proxy = layouts.proxied(lab, 'A', 'forky', 'B', **{**hold, 'extra': hold['extra'] + far})
        layouts.plain(lab, 'B', 'forky', 'A', login=LOGIN, register=True, **hold)
        napt = Napt(lab.net.sites['B'])
        napt.ports(41000, 42000)
        lab.boot()
        a, b = lab.exchanges['A'], lab.exchanges['B']
        # It registers by itself; asked to, it would end one registration first, and be away for a second.
        lab.until(lambda: [r for r in proxy.peers()[0]['registrations'] if r['last_status'] == 200], 10,
                  'registration of B')
        with env.step('calls both ways'):
            lab.both_ways('A', 'B', ('in', 'a'), [proxy])
        with env.step('the port changes between two copies of an INVITE'):
            napt.ports(41001, 42000, closed=True)
            number = lab.number('100')
            near = b.originate('a', number)
            lab.until(lambda: f'INVITE sip:{number}@' in a.text(), 5, 'the first copy of the INVITE at A')
            napt.ports(41002, 42000)
            near.answered()
            far = a.incoming(number)
            call = Call(lab, near, far)
            call.both_hear()
            call.end('A')
            proxy.idle()
        with env.step('all ports change during a call'):
            near, far = lab.phone('A', frequency=1240), lab.phone('B', frequency=1480)
            far.dial(f'a*{lab.number("500")}')
            near.wait('up')
            far.wait('up')
            near.hears(far.frequency)
            far.hears(near.frequency)
            napt.ports(41003, 42500)
            near.hears(far.frequency)
            far.hears(near.frequency)
            hold_and_resume(lab, proxy, far, near)
            hold_and_resume(lab, proxy, near, far)
            near.hangup()
            far.wait('ended', 5)
            proxy.idle()
        with env.step('latch: strict, nobody hears'):
            proxy.write(layouts.config(lab, 'A', 'B', latch='strict'))
            proxy.reload()
            call = lab.call('B', 'A')
            lab.until(lambda: min(call.sent()) > 40, 8, '40 packets sent each way')
            if max(call.heard()):
                raise Failed(f'heard {call.heard()} by ports that nobody can know')
            call.end('B')
            proxy.idle()


def one_address(env):
    """B and C are two exchanges on one machine: only the port tells them apart."""
    with Lab(env, 'AB', BOTH) as lab:
        host = lab.net.seen('B', 'A')
        peers = {'b': 5060, 'c': 5070}
        text = basis(layouts.EXCHANGE_PORT if not env.direct else 5060, mikopbx=True)
        config = layouts.config(lab, 'A', 'BB')
        for index, (name, port) in enumerate(peers.items()):
            route = None if env.direct else layouts.local(index)
            text += provider(name, host, proxy=route, port=port)
            config['peers'][index].update(name=name, address=f'{host}:{port}')
        lab.exchange('A', 'forky', text, rtp=layouts.RTP)
        proxy = layouts.NoProxy() if env.direct else lab.proxy('A', config)
        for name, port, rtp in (('B', 5060, (10000, 10200)), ('C', 5070, (11000, 11200))):
            lab.exchange(name, 'forky', basis(port) + trunk('a', lab.net.seen('A', 'B')), site='B', rtp=rtp)
        lab.boot()
        layouts.two_peers(lab, proxy)


def redirected(env):
    """Peers send to port 5060, which is the exchange's; what arrives for it from the tailnet is redirected to ours."""
    if env.direct:
        return
    with Lab(env, 'AB', BOTH) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B')
        config = layouts.config(lab, 'A', 'B', advertise=f'{lab.net.seen("A", "B")}:5060')
        config['trunk']['listen'] = f'{lab.net.native("A")}:5064'
        proxy.write(config)
        layouts.plain(lab, 'B', 'forky', 'A')
        lab.net.sites['A'].space.run(['nft', '-f', '-'], REDIRECT)
        lab.boot()
        lab.both_ways('A', 'B', proxies=[proxy])
        if ':5064>' in lab.exchanges['B'].text():
            raise Failed('B was told the port we listen on')


CASES = [
    Case('peer behind port translation', behind_translation, 16),
    Case('two peers on one address', one_address, 12),
    Case('redirect before us', redirected, 10),
]
