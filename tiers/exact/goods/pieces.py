"""Tells whether a price is for one of the goods that are named. It knows nothing about sums.

Texts are in small letters, without accents.
"""

from __future__ import annotations

import re

from tiers.exact.goods.no_goods import CONTAINERS, MEASURES


def names_a_piece(per: str, thing: str) -> bool:
    """Returns True where `per` names one of the things: a word in the singular, behind "per".

    A measure stands first: "3 Meter Stoff zu 14,50 Euro pro Meter". What is in a container is no
    piece of several containers.

    >>> names_a_piece("shirt", "white shirts"), names_a_piece("box", "boxes of eggs")
    (True, True)
    >>> names_a_piece("egg", "boxes of eggs"), names_a_piece("bier", "kisten bier")
    (False, False)
    """
    words = re.split(r" (?:of|de) | d'", thing)[0].split()
    if words[0] in MEASURES and per in MEASURES:
        bought, priced = words[0].removesuffix("s"), per.removesuffix("s")
        return bought == priced or {bought, priced} == {"kg", "kilo"}
    held = next((place for place, word in enumerate(words) if word in CONTAINERS), len(words) - 1)
    last = words[held]
    plurals = (per, f"{per}s", f"{per}es", f"{per}n", f"{per}en", f"{per}e", f"{per}er")
    return last in plurals or (per[-1:] == "y" and last == f"{per[:-1]}ies")
