"""The manager interface of one Asterisk: actions, and events as they come."""
import itertools


class Event(dict):
    """One event or response; a missing header reads as ''."""

    def __missing__(self, key):
        return ''


class Ami:
    """A logged-in connection. Everything received is kept in `events`, in order, with nothing lost."""

    def __init__(self, sock, address, wait):
        """wait(predicate, seconds, what) lets the lab read all its connections meanwhile."""
        self.sock = sock
        self.wait = wait
        self.buffer = b''
        self.events = []
        self.responses = {}
        self.serial = itertools.count(1)
        sock.connect(address)

    def fileno(self):
        return self.sock.fileno()

    def close(self):
        self.sock.close()

    def receive(self):
        """Read once; to be called when readable. False at the end of the stream."""
        data = self.sock.recv(65536)
        self.buffer += data
        *blocks, self.buffer = self.buffer.split(b'\r\n\r\n')
        for block in blocks:
            self._take(block.decode('utf-8', 'replace'))
        return bool(data)

    def _take(self, block):
        entry = Event()
        output = []
        for line in block.split('\r\n'):
            key, colon, value = line.partition(': ')
            if key == 'Output':
                output.append(value)
            elif colon:
                entry[key] = value
            elif line.endswith(':'):
                entry[line[:-1]] = ''
        if output:
            entry['Output'] = '\n'.join(output)
        if entry['Response']:
            self.responses[entry['ActionID']] = entry
        elif entry['Event']:
            self.events.append(entry)

    def send(self, action, **headers):
        """Send an action without waiting for its response; returns its id."""
        number = str(next(self.serial))
        lines = [f'Action: {action}', f'ActionID: {number}']
        for key, value in headers.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            lines += [f'{key}: {item}' for item in values]
        self.sock.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
        return number

    def action(self, action, **headers):
        number = self.send(action, **headers)
        self.wait(lambda: number in self.responses, 5, f'response to {action}')
        return self.responses.pop(number)

    def command(self, line):
        return self.action('Command', Command=line)['Output']

    def find(self, event, since=0, **headers):
        """The first such event from position `since` on, or None."""
        for entry in itertools.islice(self.events, since, None):
            if entry['Event'] == event and all(entry[k] == v for k, v in headers.items()):
                return entry
        return None

    def expect(self, event, seconds=10, since=0, **headers):
        """Wait for such an event; it may have come already, from position `since` on."""
        return self.wait(lambda: self.find(event, since, **headers), seconds, f'{event} {headers}')
