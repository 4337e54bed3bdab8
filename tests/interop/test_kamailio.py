"""A Kamailio in front of the far exchange, on its machine and on one of its own."""
import layouts
from case import Case
from kamailio import Kamailio
from lab import Failed, Lab
from phone import hold_and_resume
from trunks import basis, phone, trunk

BOTH = {('A', 'B'), ('B', 'A')}
INNER = '127.0.0.1:5070'
PHONE = phone('phone', '127.0.0.1:5080', moh_passthrough=True)


def recording(lab):
    """B behind a Kamailio on its own machine: two addresses of B's view in each Record-Route."""
    kamailio = lab.program(Kamailio(lab, 'B', f'127.0.0.1:{layouts.EXCHANGE_PORT}', f'{lab.net.native("B")}:5060', INNER))
    lab.exchange('B', 'forky', basis(layouts.EXCHANGE_PORT) + PHONE + trunk(
        'a', lab.net.seen('A', 'B'), proxy=INNER, media_address=lab.net.native('B'), moh_passthrough=True))
    return kamailio


def record_route(env):
    """What goes on in dialogs takes the recorded route, from both sides, though A has no way to its addresses."""
    with Lab(env, 'AB', BOTH) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B', extra=PHONE, moh_passthrough=True)
        kamailio = recording(lab)
        lab.boot()
        lab.both_ways('A', 'B', proxies=[proxy])
        near, far = lab.phone('A', frequency=1240), lab.phone('B', frequency=1480)
        near.dial(f'b*{lab.number("500")}')
        near.wait('up')
        far.wait('up')
        hold_and_resume(lab, proxy, near, far)
        hold_and_resume(lab, proxy, far, near)
        far.hangup()
        near.wait('ended', 5)
        proxy.idle()
        # An ACK per call and per re-INVITE; of the nine BYEs of five calls each side sent some.
        for side, acks, byes in (('exchange', 4, 3), ('others', 5, 2)):
            went = {method: kamailio.within(side).count(method) for method in ('ACK', 'INVITE', 'BYE')}
            if went != {'ACK': acks, 'INVITE': 2, 'BYE': byes}:
                raise Failed(f'in dialogs from the {side}: {went}')
        if kamailio.lost():
            raise Failed(f'beside the recorded route: {kamailio.lost()}')


def without(env):
    """The same without tailtrunk: the route A is told leads to addresses that are not in its tailnet. rewrite_contact
    replaces the first of them, and Kamailio does not know itself by what stands there then."""
    with Lab(env, 'AB', BOTH) as lab:
        layouts.plain(lab, 'A', 'forky', 'B', rewrite_contact=True)
        recording(lab)
        lab.boot()
        call = lab.call('A', 'B')
        lab.until(lambda: lab.exchanges['A'].text().count('SIP/2.0 200 OK') > 3, 10, '200 repeated for want of an ACK')
        if 'ACK sip:' in lab.exchanges['B'].text() or max(call.heard()):
            raise Failed(f'the ACK reached B, or somebody heard: {call.heard()}')


def prefix(address):
    return f'{address.rsplit(".", 1)[0]}.0/24'


def media_apart(env):
    """B is a provider's Kamailio, media comes from C behind it: nobody hears until tailtrunk is told where media is."""
    with Lab(env, 'ABC') as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B')
        config = layouts.config(lab, 'A', 'B')
        gate = lab.net.native('B')
        kamailio = lab.program(Kamailio(lab, 'B', f'{lab.net.native("C")}:5060', f'{gate}:5060'))
        lab.exchange('C', 'bullseye', basis(5060) + trunk('a', lab.net.native('A'), proxy=f'{gate}:5060'))
        lab.boot()

        def told(**keys):
            config['peers'][0].update(keys)
            proxy.write(config)
            proxy.reload()

        if not env.direct:
            with env.step('media_from: signalling, nobody hears'):
                calls = [lab.call('A', 'C', 'b'), lab.call('C', 'A')]
                for call in calls:
                    lab.until(lambda: min(call.sent()) > 40, 8, '40 packets sent each way')
                    if max(call.heard()):
                        raise Failed(f'heard {call.heard()} without knowing where media is')
                    call.end('A')
                proxy.idle()
            with env.step('media_from: sdp'):
                told(media_from='sdp')
                lab.both_ways('A', 'C', ('b', None), [proxy])
            lab.net.set_masquerade({('C', 'A')})
            with env.step('a map for the prefix of its media hosts'):
                told(media_from='signalling', map={prefix(lab.net.native('C')): prefix(lab.net.seen('C', 'A'))})
        lab.both_ways('A', 'C', ('b', None), [proxy])
        if kamailio.lost():
            raise Failed(f'beside the recorded route: {kamailio.lost()}')


def media_by_name(env):
    """As before, but C writes a name for its media host, and the proxy's machine knows what that means."""
    if env.direct:
        return
    with Lab(env, 'ABC') as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B', {'media_from': 'sdp'})
        gate, name = lab.net.native('B'), 'media.c.example'
        kamailio = lab.program(Kamailio(lab, 'B', f'{lab.net.native("C")}:5060', f'{gate}:5060'))
        lab.exchange('C', 'bullseye', basis(5060) + trunk('a', lab.net.native('A'), proxy=f'{gate}:5060',
                                                          media_address=name))
        proxy.hosts(media_c_example=lab.net.native('C'))
        lab.boot()
        lab.both_ways('A', 'C', ('b', None), [proxy])
        if f'c=IN IP4 {name}' not in lab.exchanges['C'].text() or not proxy.get('/v1/stats')['names_asked']:
            raise Failed(f'nobody wrote or asked for {name}')
        if kamailio.lost():
            raise Failed(f'beside the recorded route: {kamailio.lost()}')


CASES = [
    Case('Record-Route of its own view', record_route, 14, needs=('kamailio',)),
    Case('media hosts of their own', media_apart, 15, needs=('kamailio',)),
    Case('media hosts by name', media_by_name, 10, needs=('kamailio',)),
    Case('Record-Route without tailtrunk: ACK lost', without, 8, proxy=False, needs=('kamailio',)),
]
