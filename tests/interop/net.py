"""Network namespaces that stand for sites of a tailnet, and the address translator between them.

Every site has
  tailscale0  its native address as /32, a /32 route per peer, to the address *this site* knows the
              peer by, and the stateless rewrite that tailscaled does: only the own address, only
              toward the peers that know it by another one;
  eth0        the default route, into nowhere: what leaves here is lost, and counted.

Namespaces have no names. They live as long as a file descriptor or a process holds them, and every
process dies with the Python process that started it, so nothing is left behind, however that ends.
"""
import ctypes
import json
import os
import signal
import socket
import subprocess

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)

# Even ports from here up count as RTP: above SIP, below the ephemeral ports.
RTP_PORTS = '10000-32000'
# One hardware address on all ends and no ARP: no neighbour is ever looked up.
HARDWARE_ADDRESS = '02:00:00:00:00:01'


class LabError(Exception):
    """The rig itself could not be built, or something it runs went wrong."""


def check(result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Space:
    """A network namespace; processes and sockets are put into it."""

    def __init__(self):
        home = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
        try:
            check(libc.unshare(CLONE_NEWNET))
            self.fd = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
            check(libc.setns(home, CLONE_NEWNET))
        finally:
            os.close(home)
        self.ip('link set lo up')

    def close(self):
        os.close(self.fd)

    def enter(self):
        """For the child of a fork: go in, and die with the parent."""
        check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
        check(libc.setns(self.fd, CLONE_NEWNET))

    def popen(self, command, **options):
        return subprocess.Popen(command, preexec_fn=self.enter, **options)

    def run(self, command, text=None, fds=()):
        done = subprocess.run(command, preexec_fn=self.enter, input=text, capture_output=True,
                              text=True, pass_fds=fds, check=False)
        if done.returncode:
            raise LabError(f'{" ".join(command)}: {done.stderr.strip()}\n{text or ""}')
        return done.stdout

    def ip(self, *lines, fds=()):
        self.run(['ip', '-batch', '-'], '\n'.join(lines) + '\n', fds)

    def socket(self, kind=socket.SOCK_STREAM):
        """An IPv4 socket that belongs to this namespace."""
        home = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
        try:
            check(libc.setns(self.fd, CLONE_NEWNET))
            return socket.socket(socket.AF_INET, kind)
        finally:
            check(libc.setns(home, CLONE_NEWNET))
            os.close(home)


class Site:
    """One machine of the tailnet: a namespace with its two interfaces."""

    def __init__(self, name, index):
        self.name = name
        self.index = index
        self.native = f'100.64.{index}.1'
        self.lan = f'192.168.{index}.2'
        self.six = f'fd7a:115c:a1e0::{index}'
        self.space = Space()
        self.routes = set()

    def counters(self):
        """RTP packets so far, as {'tailscale0': sent, 'eth0': sent, 'received': from tailscale0}."""
        listing = json.loads(self.space.run(['nft', '-j', 'list', 'counters', 'table', 'ip', 'count']))
        return {entry['counter']['name']: entry['counter']['packets']
                for entry in listing['nftables'] if 'counter' in entry}


class Tailnet:
    """All sites, the wire between them, and who is masqueraded toward whom."""

    def __init__(self, names, masquerade=()):
        self.hub = Space()
        self.hub.run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1'])
        # Nothing gets from a LAN anywhere, and no LAN is reached from the tailnet.
        self.hub.run(['nft', '-f', '-'], '''
            table ip hub { chain forward { type filter hook forward priority 0
                iifname "lan*" drop
                oifname "lan*" drop
            }
            }''')
        self.sites = {name: Site(name, index) for index, name in enumerate(names, 1)}
        for site in self.sites.values():
            self._plug(site)
        self.masquerade = set()
        self.set_masquerade(masquerade)

    def close(self):
        for site in self.sites.values():
            site.space.close()
        self.hub.close()

    def _plug(self, site):
        i = site.index
        self.hub.ip(
            *[f'link add {near} address {HARDWARE_ADDRESS} type veth '
              f'peer name {far} address {HARDWARE_ADDRESS} netns /proc/self/fd/{site.space.fd}'
              for near, far in ((f'tail{i}', 'tailscale0'), (f'lan{i}', 'eth0'))],
            f'link set tail{i} mtu 1280 arp off up', f'link set lan{i} arp off up',
            *[f'route add {self._alias(site, peer)} dev tail{i}' for peer in self.sites.values()],
            f'route add {site.native} dev tail{i}',
            fds=(site.space.fd,))
        site.space.ip(
            'link set tailscale0 mtu 1280 arp off up', 'link set eth0 arp off up',
            f'addr add {site.native}/32 dev tailscale0', f'addr add {site.lan}/24 dev eth0',
            f'route add default via 192.168.{i}.1 dev eth0')
        site.space.run(['sysctl', '-q', '-w'] + [
            f'net.ipv4.conf.{interface}.rp_filter=0' for interface in ('all', 'tailscale0', 'eth0')])
        site.space.run(['nft', '-f', '-'], f'''
            table ip count {{
                counter tailscale0 {{ }}
                counter eth0 {{ }}
                counter received {{ }}
                chain out {{ type filter hook postrouting priority 200
                    udp sport {RTP_PORTS} udp sport & 1 == 0 oifname "tailscale0" counter name tailscale0
                    udp sport {RTP_PORTS} udp sport & 1 == 0 oifname "eth0" counter name eth0
                }}
                chain in {{ type filter hook prerouting priority -500
                    udp dport {RTP_PORTS} udp dport & 1 == 0 iifname "tailscale0" counter name received
                }}
            }}''')

    def ipv6(self):
        """Gives every site its IPv6 address in the tailnet, the same to all."""
        self.hub.run(['sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=1'])
        for site in self.sites.values():
            self.hub.ip(f'route add {site.six} dev tail{site.index}')
            site.space.ip(f'addr add {site.six}/128 dev tailscale0', 'route add fd7a:115c:a1e0::/48 dev tailscale0')

    def cable(self, one, other, network='10.9.0'):
        """A LAN of two sites, lan0 on both; they are NETWORK.1 and NETWORK.2 there."""
        near, far = (self.sites[name].space for name in (one, other))
        near.ip(f'link add lan0 address {HARDWARE_ADDRESS} type veth '
                f'peer name lan0 address {HARDWARE_ADDRESS} netns /proc/self/fd/{far.fd}', fds=(far.fd,))
        for number, space in enumerate((near, far), 1):
            space.ip('link set lan0 arp off up', f'addr add {network}.{number}/24 dev lan0')

    @staticmethod
    def _alias(site, viewer):
        return f'100.100.{site.index}.{viewer.index}'

    def native(self, name):
        return self.sites[name].native

    def seen(self, name, viewer):
        """The address under which `viewer` knows site `name`."""
        if (name, viewer) in self.masquerade:
            return self._alias(self.sites[name], self.sites[viewer])
        return self.sites[name].native

    def set_masquerade(self, pairs):
        """Each pair (X, P): site X is known to site P under another address than its own."""
        self.masquerade = set(pairs)
        for site in self.sites.values():
            self._translate(site)

    def _translate(self, site):
        peers = [peer for peer in self.sites if peer != site.name]
        routes = {self.seen(peer, site.name) for peer in peers}
        site.space.ip(*[f'route del {address} dev tailscale0' for address in site.routes - routes],
                      *[f'route add {address} dev tailscale0' for address in routes - site.routes])
        site.routes = routes
        known = '{ ' + ', '.join(routes or {site.native}) + ' }'
        out, back = [], []
        for peer in peers:
            there, here = self.seen(peer, site.name), self.seen(site.name, peer)
            if here != site.native:
                out.append(f'ip saddr {site.native} ip daddr {there} ip saddr set {here}')
                back.append(f'ip saddr {there} ip daddr {here} ip daddr set {site.native}')
        # The two drops are WireGuard's: no peer has that address.
        site.space.run(['nft', '-f', '-'], '\n'.join([
            'table ip translate', 'delete table ip translate', 'table ip translate {',
            'chain out { type filter hook postrouting priority 300', 'oifname != "tailscale0" accept',
            f'ip daddr != {known} drop', *out, '}',
            'chain in { type filter hook prerouting priority -450', 'iifname != "tailscale0" accept',
            f'ip saddr != {known} drop', *back, '}',
            '}']))
