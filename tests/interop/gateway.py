"""A home gateway of Hikari Denwa (RT-..., PR-...): the exchange registers with it as one of its telephones.

It asks for a digest, names a domain= in the challenge that is none, and compares the uri= of the
credentials, letter by letter, with what it expects: its own address, and before it the number.
"""
import sip
from provider import Provider, Rule


def _expected(gateway, message):
    user = sip.Uri(message.uri).user if message.method == 'INVITE' else ''
    return f'sip:{user}@{gateway.address}' if user else f'sip:{gateway.address}'


def _uri(gateway, message, _source):
    uri = gateway.credentials(message).get('uri')
    return uri and uri != _expected(gateway, message) and f'uri="{uri}", not "{_expected(gateway, message)}"'


def _request_uri(gateway, message, _source):
    uri = gateway.credentials(message).get('uri')
    return uri and uri != message.uri and f'signed {uri}, asked for {message.uri}'


def _digest(gateway, message, _source):
    given = gateway.credentials(message)
    if not given:
        return None
    user, password = gateway.account
    right = sip.digest(message.method, given['uri'], user, password, {'realm': gateway.REALM, 'nonce': gateway.NONCE})
    return (given['username'], given['response']) != (user, right) and f'credentials {given}'


class Gateway(Provider):
    """The gateway, with one telephone: `account` is its extension and password."""

    REALM = 'gateway'
    NONCE = '7c1a35f0'
    RULES = (
        Rule('uri= of the digest', 403, ('REGISTER', 'INVITE'), _uri),
        Rule('Request-URI as signed', 403, ('REGISTER', 'INVITE'), _request_uri),
        Rule('digest', 403, ('REGISTER', 'INVITE'), _digest),
    )
    # status of the challenge, its header, and that of the credentials
    CHALLENGES = {'REGISTER': (401, 'WWW-Authenticate', 'Authorization'),
                  'INVITE': (407, 'Proxy-Authenticate', 'Proxy-Authorization')}

    def __init__(self, lab, site, account, answers_options=True, **options):
        self.account = account
        self.answers_options = answers_options
        self.challenged = []        # methods
        super().__init__(lab, site, **options)

    @property
    def domain(self):
        return self.address

    def credentials(self, request):
        return sip.fields(request[self.CHALLENGES[request.method][2]])

    def challenges(self, request, source):
        if request.method not in self.CHALLENGES or request.tag('To') or self.credentials(request):
            return False
        status, header, _ = self.CHALLENGES[request.method]
        self.challenged.append(request.method)
        self.respond(request, source, status, [
            (header, f'Digest realm="{self.REALM}", nonce="{self.NONCE}", domain="sip:domain", algorithm=MD5')])
        return True

    def on_OPTIONS(self, request, source):
        if self.answers_options:
            self.on_other(request, source)
