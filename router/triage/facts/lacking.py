"""Tells where a question has a word that an approved answer and its utterances lack. Pure.

"Do you deliver babies" shares every other word with "do you deliver plants". What says when, who or
how many ("on Saturday", "for my sister") asks for nothing else, and is no such word. English only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from router.triage.verifier import DULL, STEM

LACKING_SHIFT = 2.0
"""Log-odds that a match loses by a word that its answer lacks. Of 238 answers to written questions,
most of them traps, such a word takes 2 to 3 (standard error .7); of requests that miss a file by
chance .2. Traps are what a chance must bear: at 2 a sure match with such a word needs log-odds of
4.7, not 2.9, to be shown at the cap."""
LACKING_FROM = 0.65
"""Chance that such a word does not lower: below it, as many are right with one as without."""
LEAST_LETTERS = 3
"""Letters of a word that says what a request is about."""

_COUNTS = (
    "one ones two three four five six seven eight nine ten eleven twelve first second next last "
    "both few many more most much each every all another other others only same such whole part "
    "bit lot"
)
_TIMES = (
    "again ago already before after during soon since still then now today tonight tomorrow "
    "yesterday until till til while day days week weeks month months year years time times hour "
    "hours minute minutes morning noon afternoon evening night weekend weekends spring summer "
    "autumn winter monday mondays tuesday tuesdays wednesday wednesdays thursday thursdays friday "
    "fridays saturday saturdays sunday sundays january february march april may june july august "
    "september october november december"
)
_PEOPLE = (
    "mine ours yours hers theirs myself yourself somebody someone nobody anybody everyone mum mom "
    "dad mother father sister brother son sons daughter daughters wife husband kid kids child "
    "children friend friends family"
)
_VERBS = (
    "ask asked being call called come comes coming came find gave give given gives going goes gone "
    "gonna happen happens happened having hope keep keeps kept knew know let lets like look "
    "looking made make makes mean means needed needing needs run said say says seem seems see "
    "send sent show shows supposed take takes taken tell think thinking told took tried try use "
    "used using wanna wanted wants went wonder wondering work working works"
)
_OTHERS = (
    "about able actually also although around away back bad because down even exactly good great "
    "into issue maybe new nothing off okay old onto out over own perhaps possible problem question "
    "really something sorry sure than thing things though too totally under very way well without "
    "yes"
)
_DULL = DULL | frozenset(" ".join((_COUNTS, _TIMES, _PEOPLE, _VERBS, _OTHERS)).split())


def lacks(words: Iterable[str], stems: Collection[str], exists: Callable[[str], bool]) -> bool:
    """Returns True where one of the words says what is asked for, and an answer lacks it.

    `stems` are those of the answer and its utterances; `exists` tells words of English, so that a
    spelling mistake is none.

    >>> stems = stems_of(["deliver", "plants", "house"])
    >>> [lacks(text.split(), stems, str.isalpha) for text in ("deliver plant today", "my delivery")]
    [False, False]
    >>> lacks("deliver my dog".split(), stems, str.isalpha)
    True
    """
    return any(
        len(word) >= LEAST_LETTERS
        and word.isalpha()
        and word not in _DULL
        and not word.endswith("ly")  # an adverb says how, and asks for nothing else
        and _stem(word) not in stems
        and exists(word)
        for word in words
    )


def stems_of(words: Iterable[str]) -> frozenset[str]:
    """Returns the beginnings of words by which `lacks` knows them.

    >>> sorted(stems_of(["coin", "coins", "delivered"]))
    ['coin', 'deliv']
    """
    return frozenset(map(_stem, words))


def _stem(word: str) -> str:
    return word.rstrip("s")[:STEM]
