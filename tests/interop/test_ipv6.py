"""IPv6 on one side or on both: each side sees only its own kind of address in SDP."""
import re

import layouts
from case import Case
from lab import Failed, Lab
from trunks import basis, trunk


def wrote(exchange, family):
    """In all SDP that this exchange saw, from whichever side, there was only that family."""
    families = set(re.findall(r'^[oc]=.*IN (IP[46])', exchange.text(), re.M))
    if families != {family}:
        raise Failed(f'{exchange.name} saw {families} in SDP')


def asterisk(lab, exchange, suite, six, port, **options):
    """An exchange that listens to one family only."""
    lab.exchange(exchange, suite, basis(port, transport={'bind': f'{"[::]" if six else "0.0.0.0"}:{port}'})
                 + trunk(**options, rtp_ipv6=six), rtp=layouts.RTP)


def pair(env, near, far, suite):
    """near, far: whether A behind its proxy, and its peer B, speak IPv6; suite: of B."""
    if env.direct and near != far:
        return
    with Lab(env, 'AB') as lab:
        lab.net.ipv6()
        port = 5060 if env.direct else layouts.EXCHANGE_PORT
        loopback, local = ('[::1]', '[::1]:5070') if near else ('127.0.0.1', layouts.local(0))
        a, b = (f'[{lab.net.sites[name].six}]' if far else lab.net.native(name) for name in 'AB')
        asterisk(lab, 'A', 'forky', near, port, name='b', host=b, proxy=None if env.direct else local)
        asterisk(lab, 'B', suite, far, 5060, name='a', host=a)
        config = layouts.config(lab, 'A', 'B')
        config['exchange']['address'] = f'{loopback}:{port}'
        config['trunk']['listen'] = f'{a}:5060'
        config['peers'][0].update(address=f'{b}:5060', local=local)
        proxy = layouts.NoProxy() if env.direct else lab.proxy('A', config)
        lab.boot()
        lab.both_ways('A', 'B', proxies=[proxy])
        wrote(lab.exchanges['A'], 'IP6' if near else 'IP4')
        wrote(lab.exchanges['B'], 'IP6' if far else 'IP4')


def case(near, far, suite):
    return Case(f'exchange on IPv{6 if near else 4}, peer on IPv{6 if far else 4}',
                lambda env: pair(env, near, far, suite), 10, needs=('IPv6',))


CASES = [case(False, True, 'forky'), case(True, False, 'bullseye'), case(True, True, 'bullseye')]
