"""A port translator in front of a site: its ports are known outside by others, and those may change at any time."""

RTP = range(10000, 10201)


class Napt:
    """Only the ports given now let anything in. No state is kept, so what changes, changes with the next packet."""

    def __init__(self, site):
        self.space = site.space

    def ports(self, sip, media, closed=False):
        """From now on 5060 is `sip` outside, and the first port for media `media`. closed: nothing comes in."""
        pairs = [(5060, sip), *((port, port - RTP[0] + media) for port in RTP)]
        there = ', '.join(f'{inside} : {outside}' for inside, outside in pairs)
        back = ', '.join(f'{outside} : {inside}' for inside, outside in pairs)
        self.space.run(['nft', '-f', '-'], f'''
            table ip napt
            delete table ip napt
            table ip napt {{
                map there {{ type inet_service : inet_service; elements = {{ {there} }} }}
                map back {{ type inet_service : inet_service; elements = {{ {back} }} }}
                chain out {{ type filter hook postrouting priority 290
                    oifname "tailscale0" udp sport set udp sport map @there
                }}
                chain in {{ type filter hook prerouting priority -440
                    iifname != "tailscale0" accept
                    {"udp length > 0 drop" if closed else ""}
                    udp dport != {{ {sip}, {media}-{media + len(RTP) - 1} }} drop
                    udp dport set udp dport map @back
                }}
            }}''')
