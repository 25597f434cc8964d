"""Tells a request about another thing than an answer is about: an order, no appointment. Pure.

A small encoder hears "cancel my order" beside "cancel my appointment", and "my knee hurts" beside
"my tooth hurts". Things that people take for each other stand here in families; in a family the
words of one line mean the same, and a word may stand in two lines. A request is about another thing
where it does with one of a family what a question of the answer does with another, as the same word
next to both shows, and where neither it nor the answer has a word of the other's line. Where both
tell of pain, a part of the body needs no such word. A word for all things of a family speaks
against it: an answer about pets is about parrots, too. English alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from router.regexes.late import late_regex

_FAMILIES = (
    # What one books, orders and cancels.
    "appointment visit slot consultation checkup booking session treatment reschedule|"
    "order orders parcel package purchase delivery shipment booking|"
    "booking reservation stay room rooms nights|table tables|"
    "flight flights plane train ticket tickets|booking reservation ticket tickets|"
    "subscription membership plan contract|"
    "course class lesson session|rental hire loan subscription|loan mortgage|"
    "passport visa licence license",
    # What is borrowed or set aside.
    "book books novel title copy paperback audiobook ebook loan loans item items|"
    "table tables|room rooms|seat seats|computer pc laptop|car van|bike|passport visa",
    # What one drives, parks and has repaired.
    "car cars auto van suv|bike bikes bicycle bicycles cycle ebike|scooter scooters moped|"
    "motorbike motorcycle|camper motorhome caravan rv|lorry truck coach|boat|laptop|phone|"
    "washer fridge|jacket coat shoes",
    "breakfast brunch buffet morning|lunch midday|dinner supper evening|minibar drinks bar",
    # Where somebody hurts.
    "tooth teeth molar molars incisor canine gum gums jaw mouth crown filling toothache dental|"
    "knee knees leg legs|back spine|shoulder shoulders|foot feet ankle ankles heel toe toes|"
    "wrist hand hands finger fingers elbow arm arms|hip hips|stomach belly tummy bowel|chest|"
    "ear ears|eye eyes|throat|head headache migraine|skin rash|neck",
    # What one gives notice of.
    "flat apartment tenancy rent lease house home room landlord tenant move|"
    "job position employment employer boss|gym|phone internet broadband|insurance insurer",
    "key keys lock locked|wallet purse|phone mobile smartphone|card cards|umbrella|"
    "passport|bag backpack luggage suitcase|glasses|jacket coat scarf",
)
_FOR_ALL_LINE = (
    "thing things anything everything something item items property vehicle vehicles meal meals "
    "food body pain everywhere stuff belongings other others else any all"
)
_FOR_ALL = frozenset(_FOR_ALL_LINE.split())
"""Words of an answer that is about all things of a family."""
_PASSING_LINE = (
    "a an the my our your his her their this that these those some of for on at in with to is are "
    "was were be been has have had do does did will would can could please new old own"
)
MOST_PASSING = 5
_PASSING = frozenset(_PASSING_LINE.split())
"""Words that stand between a thing and what is done with it."""
_NO_DEED_LINE = (
    "i you we he she they it me us and or but if how what when where why which who there here not "
    "no yes want need get got much many long one two"
)
_NO_DEED = frozenset(_NO_DEED_LINE.split())
"""Words that say nothing of what is done with a thing."""
_PAINS_LINE = (
    "ache aches aching bleeding bleeds broke broken fractured hurt hurting hurts injured killing "
    "kills pain painful pains sore sprained swollen throbbing throbs toothache twisted"
)
_PAINS = frozenset(_PAINS_LINE.split())
_STEM = 5
_WORD = late_regex(r"[^\W\d_]+")
_LINES = [[frozenset(line.split()) for line in family.split("|")] for family in _FAMILIES]
_FAMILY_WORDS = [frozenset[str]().union(*family) for family in _LINES]
_THINGS = frozenset[str]().union(*_FAMILY_WORDS)
_BODY = next(i for i, words in enumerate(_FAMILY_WORDS) if "tooth" in words)

Deed = tuple[int, bool, str]
"""A family, whether the word stands before the thing, and the beginning of that word."""


class OtherThings(Struct, frozen=True):
    """Holds the things that an answer is not about, and what its questions do with its own."""

    others: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()  # all words for its own things
    deeds: frozenset[Deed] = frozenset()
    pains: bool = False  # it tells of pain


NO_OTHER_THINGS = OtherThings()


def other_things(known: Collection[str], utterances: Sequence[str]) -> OtherThings:
    """Returns the things that an answer is not about; `known` are its words and its utterances'."""
    if not _FOR_ALL.isdisjoint(known):
        return NO_OTHER_THINGS
    others: set[str] = set()
    own: set[str] = set()
    for family, words in zip(_LINES, _FAMILY_WORDS, strict=True):
        named = [line for line in family if not line.isdisjoint(known)]
        if named:
            own.update(*named)
            others |= words.difference(*named)
    others.difference_update(known)
    if not others:
        return NO_OTHER_THINGS
    deeds = {deed for line in utterances for _, deed in _deeds(_words(line))}
    return OtherThings(
        frozenset(others), frozenset(own), frozenset(deeds), not _PAINS.isdisjoint(known)
    )


def names_another(text: str, things: OtherThings) -> bool:
    """Returns True where a text does with another thing what is done with one of an answer.

    >>> lines = ["cancel my appointment", "is breakfast included", "my tooth broke"]
    >>> things = other_things(_words(" ".join(lines)), lines)
    >>> texts = "Cancel my order", "is dinner included", "my knee hurts", "cancel my visit"
    >>> [names_another(text, things) for text in texts]
    [True, True, True, False]
    >>> names_another("cancel my order and my appointment", things)
    False
    """
    if not things.others:
        return False
    words = _words(text)
    if things.others.isdisjoint(words):
        return False
    said, pains = set(words), things.pains and not _PAINS.isdisjoint(words)
    for thing, deed in _deeds(words):
        place = deed[0]
        alike = deed in things.deeds or (pains and place == _BODY)
        if thing not in things.others or not alike:
            continue
        if (things.own & _FAMILY_WORDS[place]).isdisjoint(said):
            return True
    return False


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _deeds(words: Sequence[str]) -> Iterator[tuple[str, Deed]]:
    """Yields each thing of a text with the words next to it that say what is done with it."""
    for place, word in enumerate(words):
        if word not in _THINGS:
            continue
        families = [i for i, family in enumerate(_FAMILY_WORDS) if word in family]
        first = max(0, place - MOST_PASSING - 1)
        ahead = words[place + 1 : place + MOST_PASSING + 2]
        for before, beside in ((True, words[first:place][::-1]), (False, ahead)):
            next_to = next((one for one in beside if one not in _PASSING), "")
            if not next_to or next_to in _NO_DEED:
                continue
            for family in families:
                yield word, (family, before, next_to[:_STEM])
