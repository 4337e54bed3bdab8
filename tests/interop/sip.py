"""SIP messages as a test double reads and writes them: header lines in their order, compact names and long ones alike."""
import hashlib
import re

COMPACT = {'call-id': 'i', 'contact': 'm', 'content-length': 'l', 'content-type': 'c', 'from': 'f',
           'session-expires': 'x', 'supported': 'k', 'to': 't', 'via': 'v'}
LONG = {short: name for name, short in COMPACT.items()}


class Message:
    """One message. `lines` holds (name as written, value); names are looked up in any spelling. str() of it is what a
    case waits for: 'INVITE', '200 BYE'."""

    def __init__(self, first, lines, body='', text=''):
        self.first = first
        self.lines = list(lines)
        self.body = body
        self.text = text            # as it came

    @classmethod
    def read(cls, data):
        text = data.decode('utf-8', 'replace')
        head, _, body = text.partition('\r\n\r\n')
        first, *lines = head.split('\r\n')
        return cls(first, [(name.strip(), value.strip()) for name, _, value in (line.partition(':') for line in lines)],
                   body, text)

    def __str__(self):
        return self.method if self.is_request else f'{self.status} {self.method}'

    def bytes(self, compact=False):
        lines = [*self.lines, ('Content-Length', len(self.body.encode()))]
        if compact:
            lines = [(COMPACT.get(name.lower(), name), value) for name, value in lines]
        return ''.join([self.first, '\r\n', *(f'{name}: {value}\r\n' for name, value in lines), '\r\n', self.body]).encode()

    @property
    def is_request(self):
        return not self.first.startswith('SIP/2.0')

    @property
    def status(self):
        return 0 if self.is_request else int(self.first.split()[1])

    @property
    def method(self):
        return self.first.split()[0] if self.is_request else self['CSeq'].split()[1]

    @property
    def uri(self):
        return self.first.split()[1]

    @property
    def branch(self):
        return parameter(self['Via'], 'branch')

    @property
    def number(self):
        """That of CSeq."""
        return int(self['CSeq'].split()[0])

    def all(self, name):
        return [value for written, value in self.lines if long_name(written) == name.lower()]

    def __getitem__(self, name):
        """The first value, or ''."""
        return next(iter(self.all(name)), '')

    def __contains__(self, name):
        return bool(self.all(name))

    def names(self, name):
        """The words of a list such as Supported."""
        return [word.strip() for value in self.all(name) for word in value.split(',')]

    def tag(self, name):
        return parameter(self[name], 'tag')


def long_name(name):
    """In full and in small letters."""
    return LONG.get(name.lower(), name.lower())


def uri_of(value):
    """The URI of a From, To, Contact or Route."""
    found = re.search(r'<([^>]*)>', value)
    return found[1] if found else value.split(';')[0]


class Uri:
    """sip:user@host:port;parameters; what is absent is ''."""

    def __init__(self, text):
        found = re.fullmatch(r'sips?:(?:([^@]*)@)?(\[[^]]*]|[^:;?]*)(?::(\d+))?(;[^?]*)?(?:\?.*)?', text)
        self.user, self.host, self.port, self.parameters = (part or '' for part in found.groups()) if found else ('',) * 4


def parameter(value, name):
    """A parameter of a header value, or ''; one without a value is its own name."""
    found = re.search(rf';\s*{name}(?:=("[^"]*"|[^;,\s>]*))?(?=[;,\s]|$)', value, re.I)
    return '' if not found else found[1] if found[1] is not None else name


class Sdp:
    """What matters of a session with one m-line."""

    def __init__(self, body):
        session, _, media = body.partition('\r\nm=')
        origin = re.search(r'^o=(\S+) .* IN IP[46] (\S+)\r?$', session, re.M)
        line = re.match(r'(\w+) (\d+) (\S+) (.*)', media)
        self.user, self.origin = origin.groups() if origin else ('', '')
        self.session = ''.join(re.findall(r'^c=IN IP[46] (\S+)', session, re.M))
        self.media = ''.join(re.findall(r'^c=IN IP[46] (\S+)', media, re.M))
        self.address = self.media or self.session
        self.kind, self.port = (line[1], int(line[2])) if line else ('', 0)
        self.payloads = line[4].split() if line else []
        self.codecs = {'0': 'PCMU', '8': 'PCMA', '9': 'G722', '18': 'G729'}
        self.codecs.update(re.findall(r'^a=rtpmap:(\d+) ([^/\s]+)', media, re.M))
        self.names = [self.codecs.get(payload, payload) for payload in self.payloads]
        self.ptime = re.search(r'^a=ptime:\d+', media, re.M)


def digest(method, uri, user, password, challenge):
    """The response of RFC 2617 without qop. `challenge` is a dict with realm and nonce."""
    def md5(*parts):
        return hashlib.md5(':'.join(parts).encode()).hexdigest()
    return md5(md5(user, challenge['realm'], password), challenge['nonce'], md5(method, uri))


def fields(value):
    """The fields of a Digest challenge or of credentials."""
    return {name: text.strip('"') for name, text in re.findall(r'(\w+)=("[^"]*"|[^,\s]+)', value)}
