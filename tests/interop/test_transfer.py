"""Transfers and states across tailtrunk, which is beside A: B and C are peers of the same proxy.

The exchange that is asked to transfer follows by itself: nothing of it happens in the proxy, but each REFER, NOTIFY,
SUBSCRIBE and PUBLISH crosses it with the addresses of the other side.
"""
import re

import layouts
import sip
from case import Case
from lab import Failed, Lab, hear
from point import Point, sdp
from trunks import phone, section

# Nobody knows A, and A nobody, by the own address; B and C know each other by theirs.
AROUND_A = {('A', 'B'), ('B', 'A'), ('A', 'C'), ('C', 'A')}
MODULES = {'modules': ('res_pjsip_refer', 'app_transfer')}
STATES = ('res_pjsip_outbound_publish', 'res_pjsip_exten_state', 'res_pjsip_pidf_body_generator',
          'res_pjsip_dialog_info_body_generator', 'func_devstate')
TELEPHONE = phone('phone', '127.0.0.1:5080')
ANOTHER = phone('another', '127.0.0.1:5082')


def three(env, masquerade):
    """A behind its proxy with two telephones, B with one, and C."""
    lab = Lab(env, 'ABC', masquerade)
    proxy = layouts.proxied(lab, 'A', 'forky', 'BC', extra=TELEPHONE + ANOTHER, exchange=MODULES)
    layouts.plain(lab, 'B', 'forky', 'AC', extra=TELEPHONE, exchange=MODULES)
    layouts.plain(lab, 'C', 'bullseye', 'AB', exchange=MODULES)
    return lab, proxy


def received(exchange, what):
    """Messages that this exchange has received, by its log: 'REFER', '200 PUBLISH'. Copies count once."""
    found = re.findall(r'Received SIP (?:request|response)[^\n]*\n(.*?)\n(?=\[|\Z)', exchange.text(), re.S)
    messages = [sip.Message.read(text.replace('\n', '\r\n').encode()) for text in dict.fromkeys(found)]
    return [message for message in messages if str(message) == what]


def refer_to(exchange):
    return received(exchange, 'REFER')[-1]['Refer-To']


def owners(env, proxy, wanted):
    if not env.direct:
        found = sorted(call['peer'] for call in proxy.calls())
        if found != wanted:
            raise Failed(f'peers of the calls: {found}, not {wanted}')


def transferred_here(env, masquerade):
    """B has called a telephone of A; A connects B with C instead, blindly and after having asked C."""
    lab, proxy = three(env, masquerade)
    with lab:
        lab.boot()
        here = f'127.0.0.1:{lab.exchanges["A"].sip_port}'
        first, second = lab.phone('A'), lab.phone('A', port=5082, frequency=1480)
        for how in ('blind', 'attended'):
            with env.step(how):
                number = lab.number('100')
                near = lab.exchanges['B'].originate('a', lab.number('500'))
                first.wait('up')
                near.answered()
                first.hears(near.exchange.tone)
                if how == 'blind':
                    first.refer(f'<sip:c*{number}@{here}>')
                else:
                    second.dial(f'c*{number}')
                    second.wait('up')
                    second.hears(lab.exchanges['C'].tone)
                    owners(env, proxy, ['b', 'c'])
                    first.refer(f'<sip:{number}@{here}?Replaces={second.replaces()}>')
                far = lab.exchanges['C'].incoming(number)
                hear(lab, {near: far.exchange.tone, far: near.exchange.tone})
                owners(env, proxy, ['b', 'c'])
                near.hangup()
                lab.until(far.ended, 5, 'end of the call')
                proxy.idle()


def refer(leg, number, host):
    """The exchange of that leg sends a REFER there, and is told by NOTIFY that it has led somewhere."""
    leg.ami.action('Setvar', Variable='TARGET', Value=host)
    leg.ami.action('Redirect', Channel=leg.channel, Context='refer', Exten=number, Priority=1)
    status = leg.expect('VarSet', Variable='TRANSFERSTATUS')['Value']
    if status != 'SUCCESS':
        raise Failed(f'{leg}: {status}')


def sent_back(env, masquerade):
    """A telephone of B has called A, which refers it to itself again, and to C."""
    lab, proxy = three(env, masquerade)
    with lab:
        lab.boot()
        a, b, c = (lab.exchanges[name] for name in 'ABC')
        telephone = lab.phone('B')
        for prefix, third in (('610', a), ('600', c)):
            with env.step(f'to {third.name}'):
                first, second = lab.number('100'), lab.number('100')
                telephone.dial(f'a*{first}')
                telephone.wait('up')
                telephone.hears(a.tone)
                # What A knows B by; B reads what it calls itself.
                known = f'{b.site.native}:5060' if env.direct else layouts.local(0)
                refer(a.incoming(first), prefix + second, known)
                if refer_to(b) != f'sip:{prefix}{second}@{b.site.native}:5060':
                    raise Failed(f'B was referred to {refer_to(b)}')
                far = third.incoming(second)
                telephone.hears(third.tone)
                hear(lab, {far: telephone.frequency})
                owners(env, proxy, ['b'] if third is a else [])
                telephone.hangup()
                lab.until(far.ended, 5, 'end of the call')
                proxy.idle()


def sent_on(env, masquerade):
    """A telephone of A has called B, which refers it to A, as B knows it; A follows to C."""
    lab, proxy = three(env, masquerade)
    with lab:
        lab.boot()
        a, b, c = (lab.exchanges[name] for name in 'ABC')
        telephone = lab.phone('A')
        first, second = lab.number('100'), lab.number('100')
        telephone.dial(f'b*{first}')
        telephone.wait('up')
        telephone.hears(b.tone)
        refer(b.incoming(first), f'600{second}', f'{lab.net.seen("A", "B")}:5060')
        if not env.direct and refer_to(a) != f'sip:600{second}@127.0.0.1:{a.sip_port}':
            raise Failed(f'A was referred to {refer_to(a)}')
        far = c.incoming(second)
        telephone.hears(c.tone)
        hear(lab, {far: telephone.frequency})
        owners(env, proxy, ['c'])
        far.hangup()
        telephone.wait('ended', 5)
        proxy.idle()


class Caller(Point):
    """A peer that is no Asterisk: it does what Asterisk does not, and is up."""

    def receive(self):
        super().receive()
        for message in [message for message in self.inbox if message.method == 'OPTIONS']:
            self.inbox.remove(message)
            self.answer(message, 200)
        return True

    def begin(self, method, call_id, number, **options):
        """A request outside of dialogs that makes one; returns what `ask` takes to be inside."""
        there = f'sip:{number}@{self.to[0]}'
        self.ask(method, call_id, there, f'<{there}>', **options)
        answer = self.next(f'200 {method}')
        return {'call_id': call_id, 'target': sip.uri_of(answer['Contact']), 'to': answer['To']}

    def call(self, call_id, number):
        dialog = self.begin('INVITE', call_id, number, body=sdp(self.own[0]))
        self.ask('ACK', branch=f'ack-{call_id}', **dialog)
        return dialog

    def notified(self, state, user):
        """The next NOTIFY, which has to have that Subscription-State, and come to that user; answered."""
        notify = self.next('NOTIFY')
        if not notify['Subscription-State'].startswith(state) or sip.Uri(notify.uri).user != user:
            raise Failed(f'not {state} to {user}:\n{notify.text}')
        self.answer(notify, 200, user=user)
        return notify


def asked_by_peer(env, masquerade):
    """B has called a telephone of A, and C by way of A; now it has A connect the two, by a dialog as B knows it."""
    with Lab(env, 'ABC', masquerade) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'BC', extra=TELEPHONE, exchange=MODULES)
        layouts.plain(lab, 'C', 'bullseye', 'A')
        lab.boot()
        caller = Caller(lab, lab.net.sites['B'].space, (lab.net.native('B'), 5060), (lab.net.seen('A', 'B'), 5060))
        telephone, number = lab.phone('A'), lab.number('100')
        one = caller.call('one', lab.number('500'))
        telephone.wait('up')
        two = caller.call('two', f'600{number}')
        far = lab.exchanges['C'].incoming(number)
        owners(env, proxy, ['b', 'b', 'c'])
        a = lab.exchanges['A']
        lab.until(lambda: sum(event['Event'] == 'BridgeEnter' for event in a.ami.events) == 4, 5, 'two bridges of two')
        replaces = f'two%3Bto-tag%3D{sip.parameter(two["to"], "tag")}%3Bfrom-tag%3Dtwo'
        caller.ask('REFER', number=2, lines=[f'Refer-To: <{two["target"]}?Replaces={replaces}>'], **one)
        caller.next('202 REFER')
        if not env.direct and refer_to(a) != f'<sip:127.0.0.1:{a.sip_port}?Replaces={replaces}>':
            raise Failed(f'A was referred to {refer_to(a)}')
        told = set()
        while not {'BYE', 'SIP/2.0 200 OK'} <= told:
            lab.until(lambda: caller.inbox, 5, f'NOTIFY of success and BYE of the other call, after {told}')
            message = caller.inbox.pop(0)
            caller.answer(message, 200)
            told.add(message.body.strip() or message.method)
        caller.ask('BYE', number=3, **one)
        caller.next('200 BYE')
        telephone.hears(lab.exchanges['C'].tone)
        hear(lab, {far: telephone.frequency})
        owners(env, proxy, ['c'])
        telephone.hangup()
        lab.until(far.ended, 5, 'end of the call')
        proxy.idle()


HINT = '''
[trunk]
exten => 801,hint,Custom:lamp
'''


def watched(env, masquerade):
    """B watches a telephone of A, by presence and by dialog-info: it is told under whatever name it has last given."""
    with Lab(env, 'AB', masquerade) as lab:
        layouts.proxied(lab, 'A', 'forky', 'B', exchange={'modules': STATES, 'dialplan': HINT})
        lab.boot()
        exchange = lab.exchanges['A']
        caller = Caller(lab, lab.net.sites['B'].space, (lab.net.native('B'), 5060), (lab.net.seen('A', 'B'), 5060))
        for event, kind, word in (('presence', 'application/pidf+xml', 'On the phone'),
                                  ('dialog', 'application/dialog-info+xml', 'confirmed')):
            with env.step(event):
                exchange.ami.command('devstate change Custom:lamp NOT_INUSE')
                lines = [f'Event: {event}', f'Accept: {kind}', 'Expires: 600']
                dialog = caller.begin('SUBSCRIBE', event, '801', lines=lines, user='first')
                told = [caller.notified('active', 'first')]
                caller.ask('SUBSCRIBE', number=2, lines=lines, user='second', **dialog)
                caller.next('200 SUBSCRIBE')
                told.append(caller.notified('active', 'second'))
                exchange.ami.command('devstate change Custom:lamp INUSE')
                told.append(caller.notified('active', 'second'))
                caller.ask('SUBSCRIBE', number=3, lines=[*lines[:2], 'Expires: 0'], user='third', **dialog)
                caller.next('200 SUBSCRIBE')
                told.append(caller.notified('terminated', 'third'))
                for notify in told:
                    if sip.uri_of(notify['Contact']) != f'sip:{caller.to[0]}:5060' or notify.body not in exchange.text():
                        raise Failed(f'not as A sent it, or from elsewhere:\n{notify.text}')
                if told[2]['Content-Type'] != kind or word not in told[2].body:
                    raise Failed(f'not told that 801 is in use:\n{told[2].text}')


def states(other, host, proxy=None):
    """What an exchange tells another about its devices, and believes of it (pjsip.conf)."""
    route = f'sip:{proxy}\\;lr' if proxy else None
    return (section(f'{other}-out', 'outbound-publish', {
                'server_uri': f'sip:devicestate@{host}', 'from_uri': f'sip:devicestate@{host}',
                'to_uri': f'sip:devicestate@{host}', 'event': 'asterisk-devicestate', 'expiration': 600,
                'outbound_proxy': route})
            + section(f'{other}-out', 'asterisk-publication', {'devicestate_publish': f'{other}-out'})
            + section('devicestate', 'inbound-publication', {'event_asterisk-devicestate': 'devicestate'})
            + section('devicestate', 'asterisk-publication', {'device_state': True, 'device_state_filter': '^Custom:'}))


def published(env, masquerade):
    """Each exchange publishes the states of its devices at the other: PUBLISH, and again under its entity tag."""
    with Lab(env, 'AB', masquerade) as lab:
        exchange = {'modules': (*STATES, 'res_pjsip_publish_asterisk')}
        near, far = lab.net.seen('B', 'A'), lab.net.seen('A', 'B')
        layouts.proxied(lab, 'A', 'forky', 'B', exchange=exchange,
                        extra=states('b', near, None if env.direct else layouts.local(0)))
        layouts.plain(lab, 'B', 'forky', 'A', exchange=exchange, extra=states('a', far))
        lab.boot()
        for name, other in ('AB', 'BA'):
            sender, receiver = lab.exchanges[name], lab.exchanges[other]
            for state in ('INUSE', 'RINGING'):
                sender.ami.command(f'devstate change Custom:{name} {state}')
                told = f'"device":"Custom:{name}","state":"{state}"'
                lab.until(lambda: any(told in asked.body for asked in received(receiver, 'PUBLISH')), 5, f'{told} at {other}')
            asked = [message['SIP-If-Match'] for message in received(receiver, 'PUBLISH')]
            lab.until(lambda: len(received(sender, '200 PUBLISH')) >= len(asked), 5, f'answers to {name}')
            given = [message['SIP-ETag'] for message in received(sender, '200 PUBLISH')]
            if asked != ['', *given][:len(asked)]:
                raise Failed(f'{name} was given the entity tags {given}, and published under {asked}')


CASES = [
    Case('A connects B with C', lambda env: transferred_here(env, set()), 12),
    Case('A connects B with C, masqueraded', lambda env: transferred_here(env, AROUND_A), 12),
    Case('A sends B back', lambda env: sent_back(env, set()), 12),
    Case('A sends B back, masqueraded', lambda env: sent_back(env, AROUND_A), 12),
    Case('B sends A on', lambda env: sent_on(env, set()), 8),
    Case('B sends A on, masqueraded', lambda env: sent_on(env, AROUND_A), 8),
    Case('B has A connect its calls', lambda env: asked_by_peer(env, set()), 8),
    Case('B has A connect its calls, masqueraded', lambda env: asked_by_peer(env, AROUND_A), 8),
    Case('B watches a telephone of A', lambda env: watched(env, set()), 5),
    Case('B watches a telephone of A, masqueraded', lambda env: watched(env, AROUND_A), 5),
    Case('exchanges publish states', lambda env: published(env, set()), 5),
    Case('exchanges publish states, masqueraded', lambda env: published(env, AROUND_A), 5),
]
