"""Tells praise that may be irony: "great service, really" after "my parcel came empty". Pure.

A matcher hears a compliment in it, and "I am glad it helped" is the worst answer to somebody who is
angry. So praise of the service right after a trouble gets no small talk, unless it says that
something helped. Thanks are no praise. English: elsewhere only approved words are compliments.
"""

from __future__ import annotations

from router.regexes.late import late_regex
from router.types import ChatRequest

MAX_CHARACTERS = 120
"""Longer praise has more to say."""

_TROUBLE = late_regex(
    r"\b(?:broken?|broke|cracked|damaged|defective|faulty|leak(?:s|ed|ing)|empty|late|delayed|"
    r"missing|lost|stolen|wrong|again|still|waiting|waited|never|nobody|no one|not|cannot|failed|"
    r"fails|declined|rejected|refused|blocked|twice|overcharged|ignored|useless|stuck|crash(?:es|ed)|"
    r"down|dead|dirty|stained|torn|scratched|nothing (?:came|arrived|works|happen\w*))\b"
    r"|n['\u2019]t\b|\b(?:do|does|did|wo|ca|is|was|has|have)nt\b",
)
_ASKS = late_regex(r"^(?:how|where|when|what|which|who|can|could|do|does|is|are|may|will)\b")
_PRAISE = (
    "great|good|wonderful|brilliant|fantastic|amazing|awesome|excellent|superb|perfect|lovely|"
    "terrific|marvellous|marvelous|impressive|best|helpful|nice|outstanding|fabulous"
)
_PRAISED = late_regex(
    rf"\b(?:(?:{_PRAISE})(?: \w{{1,12}}){{0,2}} (?:service|support|job|work|company|shop|store|"
    r"bank|team|people|guys|care|experience)|(?:well done|bravo|congratulations|congrats|kudos)|"
    rf"you(?:['\u2019]?re| are| guys are)(?: \w{{1,12}}){{0,2}} (?:{_PRAISE})|you (?:guys )?rock|"
    r"(?:so |really |very )?impressed|five stars|5 stars)\b",
)
_HELPED = late_regex(
    r"\b(?:help(?:ed|s)|work(?:ed|s)|solved|fixed|sorted|arrived now|quick(?:ly)?|fast|friendly|"
    r"kind|thanks to you|problem gone)\b"
)


def praises_a_trouble(request: ChatRequest) -> bool:
    """Returns True where the last message may be irony about the user's message before it."""
    texts = [message.text for message in request.messages if message.role == "user"][-2:]
    return len(texts) == 2 and may_be_irony(texts[1], texts[0])


def may_be_irony(said: str, before: str) -> bool:
    """Returns True for praise that answers nothing but a trouble that was told before it.

    >>> may_be_irony("wow, great service", "my parcel came empty")
    True
    >>> may_be_irony("great, thanks", "my parcel came empty")
    False
    >>> may_be_irony("that worked, great service", "my parcel came empty")
    False
    """
    if len(said) > MAX_CHARACTERS:
        return False
    praise, told = said.lower(), before.lower().strip()
    if _PRAISED.search(praise) is None or _HELPED.search(praise) is not None:
        return False
    return _ASKS.match(told) is None and _TROUBLE.search(told) is not None
