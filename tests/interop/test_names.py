"""A peer known by a name, and what the name means changes while a call is up."""
import layouts
from case import Case
from lab import Failed, Lab

NAME = 'pbx.example'


def named(lab, site):
    """A with peer b under a name that means the address of `site`."""
    proxy = layouts.proxied(lab, 'A', 'forky', 'B')
    config = layouts.config(lab, 'A', 'B')
    config['peers'][0]['address'] = f'{NAME}:5060'
    proxy.write(config)
    proxy.hosts(pbx_example=lab.net.seen(site, 'A'))
    return proxy


def moved(lab, proxy, site):
    """The name means `site` now, and the operator says so."""
    address = lab.net.seen(site, 'A')
    proxy.hosts(pbx_example=address)
    proxy.reload()
    lab.until(lambda: [peer['resolved'] for peer in proxy.peers()] == [[address]], 5, f'{NAME} looked up again')


def other_machine(env):
    """The name moves to C: calls with B go on and end as usual, new ones are C's, and B is a stranger then."""
    if env.direct:
        return
    with Lab(env, 'ABC', {('A', 'B'), ('A', 'C')}) as lab:
        proxy = named(lab, 'B')
        for name in 'BC':
            layouts.plain(lab, name, 'forky', 'A')
        lab.boot()
        before = [lab.call('A', 'B'), lab.call('B', 'A'), lab.call('A', 'B')]
        moved(lab, proxy, 'C')
        after = [lab.call('A', 'C', 'b'), lab.call('C', 'A')]
        for call in before + after:
            call.both_hear()
        for call, ending in zip(before + after, 'ABBCA'):
            call.end(ending)
        proxy.idle()
        dropped = proxy.get('/v1/stats')['drop_unknown_source']
        near = lab.exchanges['B'].originate('a', lab.number('100'))
        lab.until(lambda: proxy.get('/v1/stats')['drop_unknown_source'] > dropped, 5, 'a call of B that is dropped')
        if proxy.calls():
            raise Failed('a call of B after its last one')
        near.hangup()


def other_address(env):
    """B itself gets another address during a call: its media is heard again, and BYE ends the call."""
    if env.direct:
        return
    with Lab(env, 'AB') as lab:
        proxy = named(lab, 'B')
        layouts.plain(lab, 'B', 'forky', 'A')
        lab.boot()
        calls = [lab.call('A', 'B'), lab.call('B', 'A')]
        for call in calls:
            call.both_hear()
        lab.net.set_masquerade({('B', 'A')})
        moved(lab, proxy, 'B')
        for call in calls:
            call.both_hear()
        for call in calls:
            call.end('B')
        proxy.idle()
        lab.both_ways('A', 'B', proxies=[proxy])


CASES = [
    Case('name moves to another machine', other_machine, 12),
    Case('peer gets another address', other_address, 12),
]
