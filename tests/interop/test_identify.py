"""Two peers told apart by an exchange that can only go by address, as MikoPBX writes it."""
import layouts
from case import Case
from lab import Lab


def two_peers(env, masquerade):
    """Each of two peers on a local address of its own."""
    with Lab(env, 'ABC', masquerade) as lab:
        proxy = layouts.proxied(lab, 'A', 'forky', 'BC')
        layouts.plain(lab, 'B', 'forky', 'A', rewrite_contact=True)
        layouts.plain(lab, 'C', 'bullseye', 'A')
        lab.boot()
        layouts.two_peers(lab, proxy)


ALL = {(one, other) for one in 'ABC' for other in 'ABC' if one != other}

CASES = [
    Case('two peers, nobody masqueraded', lambda env: two_peers(env, set()), 12),
    Case('two peers, everybody masqueraded', lambda env: two_peers(env, ALL), 12),
]
