"""chan_sip, as it still runs at many exchanges: its messages, and what it goes by."""
import chansip
import layouts
from case import Case
from lab import Failed, Lab, hear

BOTH = {('A', 'B'), ('B', 'A')}


def far_end(env):
    """Calls both ways; and one to a telephone of B, from which chan_sip steps out with a re-INVITE, as it likes to."""
    with Lab(env, 'AB', BOTH) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'B')
        b = lab.exchange('B', 'bullseye', chansip.general(5060)
                         + chansip.peer('a', lab.net.seen('A', 'B'), directmedia='yes')
                         + chansip.peer('phone', '127.0.0.1', 5080, directmedia='yes'), kind=chansip.ChanSip)
        lab.boot()
        lab.both_ways('A', 'B', proxies=[proxy])
        telephone = lab.phone('B', media=lab.net.native('B'))
        near = lab.exchanges['A'].originate('b', lab.number('500'))
        telephone.wait('up')
        near.answered()
        lab.until(lambda: f'INVITE sip:asterisk@{lab.net.seen("A", "B")}' in b.text(), 5, 're-INVITE of chan_sip')
        hear(lab, {near: telephone.frequency}, packets=60)
        telephone.hears(lab.exchanges['A'].tone)
        near.hangup()
        telephone.wait('ended')
        proxy.idle()
        wrong = [line for line in b.text().splitlines() if 'ERROR[' in line]
        if wrong:
            raise Failed('\n'.join(wrong))


def exchange(env):
    """To chan_sip the far exchange is what stands for it here, address and port: no outbound proxy, one section."""
    with Lab(env, 'AB', BOTH) as lab:
        host, port = (lab.net.seen('B', 'A'), 5060) if env.direct else layouts.local(0).split(':')
        sip = chansip.general(5060 if env.direct else layouts.EXCHANGE_PORT) + chansip.peer('b', host, port)
        lab.exchange('A', 'bullseye', sip, kind=chansip.ChanSip, rtp=layouts.RTP)
        proxy = layouts.NoProxy() if env.direct else lab.proxy('A', layouts.config(lab, 'A', 'B'))
        layouts.plain(lab, 'B', 'forky', 'A')
        lab.boot()
        lab.both_ways('A', 'B', proxies=[proxy])


CASES = [
    Case('chan_sip as far end', far_end, 10),
    Case('chan_sip as exchange', exchange, 10),
]
