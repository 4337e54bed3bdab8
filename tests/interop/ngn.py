"""NTT's NGN as one line of Hikari Denwa sees it: the P-CSCF, as those who connect to it report it.

What several report alike is always insisted on. What they contradict each other about, or only
suspect, is disputed and counts where a case says so.
"""
import sip
from provider import ANY, Provider, Rule

SDP_METHODS = ('INVITE', 'UPDATE', 'PRACK', 'ACK')


def _source_port(_provider, _message, source):
    return source[1] != 5060 and f'sent from port {source[1]}'


def _uri_parameters(_provider, message, _source):
    return sip.Uri(message.uri).parameters


def _register_uri(provider, message, _source):
    return message.uri != f'sip:{provider.domain}' and f'Request-URI {message.uri}'


def _register_names(provider, message, _source):
    wrong = [name for name in ('From', 'To')
             if sip.Uri(sip.uri_of(message[name])).host != provider.domain]
    return wrong and f'{wrong[0]}: {message[wrong[0]]}'


def _register_contact(_provider, message, source):
    contact = sip.Uri(sip.uri_of(message['Contact']))
    right = (contact.host, contact.port or '5060') == (source[0], '5060') and 'transport' not in contact.parameters
    return not right and f'Contact: {message["Contact"]}'


def _credentials(_provider, message, _source):
    return 'Authorization' in message and 'credentials although nobody asked for any'


def _dialog(provider, message, _source):
    """What is inside a dialog comes to our Contact, by the way that we recorded."""
    call = provider.dialog_of(message)
    if not message.tag('To') or not call:
        return None
    expected = sip.uri_of(call.contact), [call.route]
    found = message.uri, message.all('Route')
    # The ACK of a refusal belongs to its INVITE (RFC 3261 §17.1.1.3) and bears its branch.
    refusal = message.method == 'ACK' and (sip.parameter(message['Via'], 'branch'), 'INVITE') in provider.answered
    return found != expected and not refusal and f'{found}, not {expected}'


def _record_route(provider, message, _source):
    call = next(call for call in provider.calls if call.call_id == message['Call-ID'])
    return message.all('Record-Route') != [call.route] and f'Record-Route {message.all("Record-Route")}'


def about_sdp(wrong):
    """A rule about the SDP of a message that has some."""
    return lambda provider, message, source: message.body and wrong(sip.Sdp(message.body), source)


def _odd_port(sdp, _source):
    return sdp.port % 2 and f'RTP port {sdp.port}'


def _media_address(sdp, _source):
    return sdp.media and f'c= of the m-line: {sdp.media}'


def _foreign_address(sdp, source):
    return {sdp.origin, sdp.address} != {source[0]} and f'o= {sdp.origin}, c= {sdp.address}, sent from {source[0]}'


def _no_pcmu(sdp, _source):
    return 'PCMU' not in sdp.names and f'offers {sdp.names}'


def _only_pcmu(sdp, _source):
    return set(sdp.names) - {'PCMU', 'telephone-event'} and f'offers {sdp.names}'


def _origin_user(sdp, _source):
    return sdp.user != '-' and f'o= user {sdp.user}'


def _rport(_provider, message, _source):
    return sip.parameter(message['Via'], 'rport') and f'Via: {message["Via"]}'


def _asserted(_provider, message, _source):
    return message['P-Asserted-Identity']


def _marking(_provider, message, _source):
    return message.tos >> 2 != 32 and f'DSCP {message.tos >> 2}'


def _host_is(wanted):
    def wrong(provider, message, _source):
        uri = sip.Uri(message.uri)
        right = {'address': provider.address, 'domain': provider.domain}[wanted]
        return not message.tag('To') and uri.host != right and f'Request-URI {message.uri}'
    return wrong


def _hasty(wanted):
    """Answered calls were ended within milliseconds until all of this was there; which of it mattered is not known."""
    def wrong(provider, message, _source):
        call = next(call for call in provider.calls if call.call_id == message['Call-ID'])
        return {'180 before 200': 180 not in call.statuses and 183 not in call.statuses and f'answers {call.statuses}',
                'Session-Expires in 200': 'Session-Expires' not in message and 'no Session-Expires in 200',
                'ptime in 200': not sip.Sdp(message.body).ptime and f'no ptime: {message.body}'}[wanted]
    return wrong


SDP_RULES = (
    Rule('odd RTP port', 500, SDP_METHODS, about_sdp(_odd_port)),
    Rule('c= of an m-line', 500, SDP_METHODS, about_sdp(_media_address)),
    Rule('foreign address', 403, SDP_METHODS, about_sdp(_foreign_address)),
    Rule('PCMU', 488, SDP_METHODS, about_sdp(_no_pcmu)),
    Rule('nothing but PCMU', 488, SDP_METHODS, about_sdp(_only_pcmu), disputed=True),
    Rule('o= user', 500, SDP_METHODS, about_sdp(_origin_user), disputed=True),
)


class Ngn(Provider):
    """The P-CSCF of one line."""

    domain = 'ntt-east.ne.jp'
    COMPACT = True
    CONTACT_USER = '12455'
    RULES = (
        Rule('source port', 403, ANY, _source_port),
        Rule('Request-URI parameters', 500, ANY, _uri_parameters),
        Rule('Request-URI of REGISTER', 403, ('REGISTER',), _register_uri),
        Rule('From and To of REGISTER', 403, ('REGISTER',), _register_names),
        Rule('Contact of REGISTER', 403, ('REGISTER',), _register_contact),
        Rule('no credentials', 403, ('REGISTER', 'INVITE'), _credentials),
        Rule('dialog', 481, ANY, _dialog),
        Rule('rport', 403, ANY, _rport, disputed=True),
        Rule('Request-URI names the address', 403, ('INVITE',), _host_is('address'), disputed=True),
        Rule('Request-URI names the domain', 403, ('INVITE',), _host_is('domain'), disputed=True),
        Rule('P-Asserted-Identity', 403, ('INVITE',), _asserted, disputed=True),
        Rule('DSCP 32', 403, ANY, _marking, disputed=True),
        *SDP_RULES,
    )
    ANSWER_RULES = (RULES[0], *(rule for rule in RULES if rule.name == 'DSCP 32'), *SDP_RULES)
    PICK_UP_RULES = (Rule('Record-Route in 200', 0, ANY, _record_route),
                     *(Rule(name, 0, ANY, _hasty(name), disputed=True)
                       for name in ('180 before 200', 'Session-Expires in 200', 'ptime in 200')))

    def reply_to(self, request, source):
        """Port 5060 of the line, whatever the request says."""
        return source[0], 5060

    def caller(self):
        return '"Anonymous" <sip:anonymous@anonymous.invalid>'

    def called(self, number):
        return [('P-Called-Party-ID', f'<sip:{number}@{self.domain}>'), ('Privacy', 'id')]
