"""Names replies that say nothing of anybody: "never mind, keep it", "explain it more simply". Pure.

The reader of grave matters was taught whole messages. In "keep going", "still nothing" or "it's ok,
leave it" it hears despair. So a reply of nothing but the phrases with which people go on, take
back what they asked for, or say that something did (not) help is named here. Whatever else stands
in it ("I give up", "it doesn't matter any more") leaves it to the reader.

A reply about nobody asks the assistant for other words or asks a question in which nobody and
nothing at hand is named. After "what is a lawsuit?" it makes nothing of that anybody's matter, as
"I got one this morning" does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.triage.framing.known_runs import known_runs, phrases_of
from router.triage.text.folding import Folded
from router.triage.text.phrases import is_bare_follow_up

_GOES_ON = (
    "continue|keep going|go on|go ahead|carry on|proceed|next|next step|next one|and then|what now|"
    "so what now|what next|what s next|try again|once more|once again|again|do it again|start over|"
    "start again|one more"
)
_TAKES_BACK = (
    "never mind|nevermind|nvm|forget it|forget that|forget about it|forget about that|scrap that|"
    "cancel that|leave it|leave it as it is|leave it like that|leave it like this|leave it then|"
    "keep it|we keep it|i keep it|we ll keep it|i ll keep it|keep it as it is|keep it like that|"
    "keep it like this|don't bother|no need|"
    "not needed|not needed any more|not needed anymore|i changed my mind|changed my mind|"
    "false alarm|it s fine|it is fine|its fine|that s fine|that is fine|it s ok|it is ok|its ok|"
    "it s okay|that s ok|that s okay|all good|all good now|it s all good"
)
_SAYS_HOW_IT_WENT = (
    "still nothing|still the same|still not working|still doesn't work|still does not work|"
    "nothing happens|nothing happened|nothing changed|nothing changes|no luck|no change|"
    "same error|same problem|same result|the same error|the same problem|not yet|not working|"
    "doesn't work|does not work|it doesn't work|didn't work|did not work|it didn't work|"
    "doesn't help|didn't help|did not help|that didn't help|tried that|i tried that|"
    "already tried that|i already tried that|tried that already|i did that|i did that already|"
    "already did that|i already did that|works now|it works now|works|it works|that works|"
    "that worked|it worked|fixed|fixed it|i fixed it|solved|solved it|found it|i found it"
)
_AROUND = (
    "ok|okay|alright|yes|yeah|no|nope|actually|well|thanks|thank you|thx|please|sorry|then|now|"
    "but|and|so|oh|ah|hm|hmm|wait|hold on|just|great|perfect|good|cool|fine|right|for now|already"
)
_SAID = phrases_of(f"{_GOES_ON}|{_TAKES_BACK}|{_SAYS_HOW_IT_WENT}")
_KNOWN = _SAID | phrases_of(_AROUND)
MOST_WORDS = 12
"""Words of the longest reply that is looked at: who says more has more to say."""

_SOMEBODY = frozenset(
    """i we my mine our ours us myself ourselves he she his her hers him himself herself they them
    their theirs somebody someone me im ive id""".split()  # noqa: SIM905
)
_AT_HAND = frozenset(
    """it its that this these those here there one ones now already today
    tonight""".split()  # noqa: SIM905
)
_BEGINS = r"^(?:(?:and|but|so|then|ok|okay|now|thanks|thank you|please|cool|great)\b[\s,.!]*){0,3}"
_OTHER_WORDS = re.compile(
    _BEGINS + r"(?:(?:can|could|would|will) you )?(?:please )?"
    r"(?:explain|describe|summari[sz]e|translate|shorten|rephrase|simplify|define|compare|expand|"
    r"(?:give|show|tell) me (?:an?|some|another|one|two|three|more|the) "
    r"(?:\w+ )?(?:examples?|summary|definition|short version|examples? of (?:it|that))|"
    r"(?:say|write|put|explain) (?:it|that|this) |in (?:one|two|three|a few|other|simple|plain|"
    r"easier|simpler|short|your own) (?:words?|sentences?|terms|lines|points)|(?:a bit )?"
    r"(?:shorter|longer|simpler|more simply|more formal(?:ly)?|in more detail|more details?)\b)",
    re.IGNORECASE,
)
_WORK = re.compile(
    _BEGINS + r"(?:write|compose|create|generate|suggest|recommend|name|list) "
    r"(?:an?|some|one|two|three|four|five|ten|\d{1,2})\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    _BEGINS + r"(?:what|which|where|when|why|who|whose|how|is|are|do|does|did|was|were)\b",
    re.IGNORECASE,
)


def only_goes_on(words: Sequence[str]) -> bool:
    """Returns True for folded words that go on, take back or tell how it went, and nothing else.

    >>> only_goes_on("actually never mind keep it".split()), only_goes_on("i give up".split())
    (True, False)
    """
    return len(words) <= MOST_WORDS and not _SAID.isdisjoint(known_runs(words, _KNOWN))


def is_about_nobody(text: Folded) -> bool:
    """Returns True for a short reply that names nobody and nothing at hand, or has no matter.

    >>> from router.triage.text.folding import fold
    >>> replies = ("Explain it more simply.", "And in women?", "Who wrote Das Kapital?", "Thanks!")
    >>> [is_about_nobody(fold(reply)) for reply in replies]
    [True, True, True, True]
    >>> replies = ("I got one this morning.", "The alarm is beeping, is that bad?", "What do I do?")
    >>> [is_about_nobody(fold(reply)) for reply in replies]
    [False, False, False]
    """
    words = text.words
    if not words or len(words) > MOST_WORDS:
        return False
    said = " ".join(text.text.split())
    named = _SOMEBODY.intersection(words)
    if named <= {"me"} and _OTHER_WORDS.match(said):
        return True
    if is_bare_follow_up(text) or known_runs(words, _KNOWN):
        return not named
    asks = said.endswith("?") or _QUESTION.match(said) or _WORK.match(said)
    return bool(asks) and not named and _AT_HAND.isdisjoint(words)
