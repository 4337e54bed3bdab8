"""A proxy on each side: rewriting what was rewritten changes nothing. And no map anywhere."""
import layouts
from case import Case
from lab import Lab


def both_sides(env, masquerade):
    with Lab(env, 'AB', masquerade) as lab:
        proxies = [layouts.proxied(lab, 'A', 'forky', 'B'), layouts.proxied(lab, 'B', 'bullseye', 'A')]
        lab.boot()
        lab.both_ways('A', 'B', proxies=proxies)


CASES = [
    Case('both masqueraded', lambda env: both_sides(env, {('A', 'B'), ('B', 'A')}), 12),
    Case('one masqueraded', lambda env: both_sides(env, {('A', 'B')}), 12),
    Case('nobody masqueraded', lambda env: both_sides(env, set()), 12),
]
