"""What holds between the two ends of the proxy, whatever the call: see check_end."""
import re

import sip
from lab import Failed

# Header lines that belong to one side, or that the proxy writes anew.
OF_A_SIDE = ('via', 'contact', 'route', 'record-route', 'max-forwards', 'content-length')


class End:
    """One end: where it is, and how it knows the proxy."""

    def __init__(self, role, space, own, seen, proxy, strange):
        self.role = role
        self.space = space
        self.own = own              # (ip, port)
        self.seen = seen            # its IP as the proxy knows it
        self.proxy = proxy          # (ip, port) as it knows the proxy
        self.strange = strange      # pattern of addresses that mean nothing here
        self.sipp = None
        self.messages = []

    def at(self):
        return f'{self.own[0]}:{self.own[1]}'

    def take(self, way):
        return [message for message in self.messages if message.way == way]

    def fail(self, message, text):
        raise Failed(f'{self.role}: {message.way} {message}: {text}\n{message.text}')


# What crosses, and what belongs to one hop

def hop_by_hop(message, invites):
    """100, CANCEL and its answer, the ACK of a refusal. What is asked there has the branch of its INVITE."""
    return (message.status == 100 or (message.status and message.method == 'CANCEL')
            or (message.method in ('CANCEL', 'ACK') and message.branch in invites))


def kept(message):
    """What is the same at both ends: start line but for the URI, header lines in their order, SDP but for addresses
    and ports."""
    lines = [line for line in message.lines if sip.long_name(line[0]) not in OF_A_SIDE]
    sdp = re.sub(r'^(m=\w+) \d+|(?<=IN IP4 )\S+', r'\1', message.body, flags=re.M)
    return (message.method if message.is_request else message.first, tuple(lines), sdp)


def compare(scenario, here, there):
    """Pairs of (arrived, sent): all that arrived here, but for the proxy's own words, is all that was sent there."""
    def split(messages):
        invites = {message.branch for message in messages if str(message) == 'INVITE'}
        alone = [message for message in messages if hop_by_hop(message, invites)]
        return alone, {kept(message): message for message in messages if message not in alone}

    def only_in(alone, ones, others):
        return sorted(str(message) for message in alone + [ones[key] for key in ones if key not in others])

    alone, arrived = split(here.take('received'))
    silent, sent = split(there.take('sent'))
    invites = [str(message) for message in here.take('sent')].count('INVITE')
    found, wanted = only_in(alone, arrived, sent), scenario.own_words.get(here.role, []) + ['100 INVITE'] * invites
    if found != sorted(wanted):
        raise Failed(f'the {here.role} hears from the proxy itself {found}, not {wanted}')
    found, wanted = only_in(silent, sent, arrived), scenario.ends_here.get(there.role, [])
    if found != sorted(wanted):
        raise Failed(f'{found} of the {there.role} did not cross, not {wanted}')
    return [(arrived[key], sent[key]) for key in arrived if key in sent]


# What has to change

def check_via(here, message):
    """A request has one Via, the proxy's. An answer has the one it was asked with, and says where that came from."""
    vias = message.all('Via')
    if message.is_request:
        wanted = rf'SIP/2\.0/UDP {here.proxy[0]}:{here.proxy[1]};rport;branch=z9hG4bK\S+'
    else:
        asked = [sent for sent in here.take('sent') if sent.is_request and sent.branch == message.branch
                 and sent['CSeq'] == message['CSeq']]
        if not asked:
            here.fail(message, 'an answer to nothing')
        asked_by = re.escape(asked[0]['Via']).replace('rport', f'rport={here.own[1]}')
        wanted = f'{asked_by};received={re.escape(here.seen)}'
    if len(vias) != 1 or not re.fullmatch(wanted, vias[0]):
        here.fail(message, f'Via {vias}, not {wanted}')


def check_contact(here, there, arrived, sent):
    wanted = sent['Contact'].replace(there.at(), f'{here.proxy[0]}:{here.proxy[1]}')
    if arrived['Contact'] != wanted:
        here.fail(arrived, f'Contact, not {wanted}')


def check_hops(here, arrived, sent):
    if sent.is_request and int(arrived['Max-Forwards']) != int(sent['Max-Forwards']) - 1:
        here.fail(arrived, 'Max-Forwards')


def check_sdp(here, there, arrived, sent, ports):
    """Addresses and ports are the relay's, each m-line keeps its port, every other byte is as sent."""
    def but_ports(body):
        return re.sub(r'^(m=\w+) \d+', r'\1', body, flags=re.M)

    if but_ports(arrived.body) != but_ports(sent.body).replace(there.own[0], here.proxy[0]):
        here.fail(arrived, f'SDP, made from\n{sent.body}')
    for line, port in enumerate(re.findall(r'^m=\w+ (\d+)', arrived.body, re.M)):
        if not 22000 <= int(port) <= 22998 or int(port) % 2 or ports.setdefault(line, port) != port:
            here.fail(arrived, f'port {port} of m-line {line + 1}, before: {ports.get(line)}')
    if int(arrived['Content-Length']) != len(arrived.body):
        here.fail(arrived, 'Content-Length')


def check_targets(scenario, here):
    """A request in a dialog has the Contact last written here as its URI, verbatim, and the routes of this side."""
    target = {}
    for message in here.messages:
        own = message.tag('From' if (message.way == 'sent') == message.is_request else 'To')
        if message.way == 'sent':
            if 'Contact' in message:
                target[own] = sip.uri_of(message['Contact'])
            continue
        if 'Record-Route' in message:
            here.fail(message, 'a Record-Route of the other side')
        uri, routes = target.get(own), []
        if not message.is_request or message.method == 'CANCEL' or not own:
            uri = None
        elif scenario.route and here.role == 'callee':
            uri = scenario.route[0].format(own=here.at())
            routes = [route.format(own=here.at()) for route in scenario.route[1]]
        if uri and message.uri != uri:
            here.fail(message, f'Request-URI, not {uri}')
        found = message.names('Route')
        if found != routes:
            here.fail(message, f'Route {found}, not {routes}')


def check_end(scenario, here, there):
    """Everything that arrived here is what the other end sent: nothing is lost, nothing is added but what the proxy
    says for itself, and only what has to change has changed."""
    ports = {}
    for message in here.take('received'):
        check_via(here, message)
        if re.search(here.strange, message.text):
            here.fail(message, 'an address that means nothing here')
    for arrived, sent in compare(scenario, here, there):
        check_contact(here, there, arrived, sent)
        check_hops(here, arrived, sent)
        check_sdp(here, there, arrived, sent, ports)
    check_targets(scenario, here)
