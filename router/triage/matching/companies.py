"""Tells a message about another company's matter from one about ours. Pure.

"How do I reset my Instagram password" asks a shop nothing. What the operator's file names is known
to it, so that a payment service that it accepts is none of them. Banks see payments to everyone:
there only an account of another company's is foreign.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from router.regexes.late import late_regex

_WITHOUT_US = (
    "7-eleven|aldi|aliexpress|allegro|amazon|argos|asda|asos|bershka|bestbuy|bol\\.com|"
    "carrefour|cdiscount|costco|currys|decathlon|ebay|el corte ingles|etsy|fnac|groupon|"
    "h&m|ikea|john lewis|kaufland|leroy merlin|lidl|macys|mediamarkt|media markt|"
    "mercado libre|mercadolivre|primark|sephora|shein|tchibo|temu|tesco|"
    "trendyol|uniqlo|vinted|walmart|wayfair|wildberries|ozon|zalando|zara|"
    "hbo|hulu|netflix|spotify|audible|deezer|crunchyroll|"
    "facebook|instagram|insta|linkedin|pinterest|reddit|snapchat|tiktok|tinder|tumblr|twitch|"
    "twitter|vkontakte|youtube|onlyfans|discord|psn|airbnb|booking\\.com|easyjet|expedia|lufthansa|ryanair|"
    "british airways|air france|klm|delta airlines|deutsche bahn|trainline|eurostar|amtrak|"
    "blablacar|flixbus|uber|uber ?eats|ubereats|lyft|deliveroo|doordash|glovo|"
    "lieferando|instacart|hellofresh|comcast|xfinity|t-mobile|telekom|verizon|vodafone|"
    "movistar|virgin media|duolingo|ticketmaster|eventbrite|patreon|dropbox|chatgpt|openai|"
    "nyt|new york times|starbucks|mcdonalds|dominos"
)
"""Companies whose name in a message to a shop says that the matter is theirs."""

_WITH_ACCOUNTS = (
    "whatsapp|apple id|icloud|itunes|google|gmail|outlook|hotmail|yahoo|microsoft|office 365|"
    "samsung|adidas|nike|nespresso|disney|peloton|playstation|xbox|nintendo|fortnite|roblox|minecraft|"
    "paypal|venmo|cash ?app|cashapp|klarna|afterpay|clearpay|revolut|monzo|barclays|hsbc|lloyds|"
    "natwest|santander|wells fargo|coinbase|binance|kraken|bbva|sparkasse|n26|dhl|"
    "fedex|ups|hermes|evri|gls|dpd|emirates"
)
"""Companies that people name in our matters, too, since we sell, take or send what they make: only
an account with them is theirs."""

_HELD = (
    "account|app|bill|booking|card|contract|konto|login|log-in|membership|order|parcel|package|"
    "pass|password|pw|plan|premium|profile|purchase|refund|subscription|abo|abonnement|"
    "bestellung|paket|passwort|pedido|commande|username|wachtwoord|hasło"
)
_ACTED = (
    "(?:has |have |had |just |still |keeps? |kept |won'?t |will not |does(?:n'?t| not) |did(?:n'?t"
    "| not) |is |are |was ){0,3}(?:block|cancel|charg|froze|frozen|lock|refus|delet|bann?|hack|"
    "suspend|let(?:s|ting)? me|took money|sent me|owe)"
)
_HERE = "\0"
"""Stands for the name of a company in a text."""
_ACCOUNT = late_regex(
    rf"\b(?:my|our|the|an?|mein\w*|mon|ma|mi|il mio|mijn|meu|minha|moje) (?:old |new )?"
    rf"{_HERE}[ -](?:\w+ )?(?:{_HELD})"
    rf"|\b(?:{_HELD}) (?:for|from|of|at|on|to|with|de|von|bei|di|van|da|do|auf) (?:my )?{_HERE}"
    rf"|{_HERE} {_ACTED}"
    rf"|\b(?:log|sign|get) ?(?:in|into|on|onto)(?:to)? (?:to )?(?:my )?{_HERE}"
    rf"|^\W*(?:\w+ ){{0,4}}{_HERE} (?:{_HELD})",
    re.IGNORECASE,
)
_PAYING = late_regex(
    r"\b(?:charg|took|taking|takes|ow(?:es?|ed)\b|pay|paid|debit|refund)", re.IGNORECASE
)
_PAYERS = re.compile(r"\bpaypal\b", re.IGNORECASE)
"""Names that say "pay" and no payment."""
_BESIDE = late_regex(
    r"\b(?:ads?|advert\w*|cheap\w*|code|coupon|follow|gift|influencer|less than|link|match\w*|"
    r"price\w*|saw|see|seen|share|than|through|using|via|voucher|pay|paying|paid|driver|courier|"
    r"(?:log|sign)(?:ed)? (?:in|up) with|login with|like (?:on|amazon|ikea)|"
    r"as (?:on|at)|from you|your (?:page|ad|post|story))\b",
    re.IGNORECASE,
)
"""Says that a company is named beside our matter: "I saw it cheaper on Amazon"."""

_ELSEWHERE = late_regex(
    r"\b(?:bought|ordered|purchased|got|buy|order)\b.{0,40}\b(?:from|at|in|on|with) (?:an?other|"
    r"a different|some other|someone else'?s) (?:shop|store|retailer|seller|website|company|site)\b"
    r"|(?<!deliver to )(?<!send to )(?<!from )(?<!at )(?<!in )(?<!near )(?<!before )(?<!for )"
    r"(?<!to )\bmy (?P<thing>gym|train|flight|plane|airline|hotel|dentist|doctor|concert|cinema|"
    r"theatre|library|electricity|broadband|internet|council|university|college|insurance|visa|"
    r"driving licence|driver'?s licen[cs]e|bus|taxi|rent|mortgage|magazine|newspaper)"
    r"(?: \w+)? (?:account|appointment|bill|book|booking|card|contract|fare|fine|loan|membership|"
    r"pass|password|policy|provider|reservation|room|seat|subscription|tickets?|trip|"
    r"was|is|got|has|keeps?|charged|won'?t|cancelled)\b",
    re.IGNORECASE,
)
_NAMED = late_regex(
    r"\b[Mm]y (?P<name>[A-Z][a-zA-Z]{2,20}) (?:account|login|membership|password|profile|"
    r"subscription|order|parcel|bill)\b"
)
"""Finds a name that stands where a company's does."""

_WORD = re.compile(r"[^\W_]+")


class _Named(NamedTuple):
    """Holds the names that begin with one word."""

    pattern: re.Pattern[str]
    busy: bool  # they have nothing to do with us, however they are named


def _by_first_word() -> dict[str, _Named]:
    names: dict[str, list[str]] = {}
    for name in f"{_WITHOUT_US}|{_WITH_ACCOUNTS}".split("|"):
        first = _WORD.match(name)
        if first is not None:
            names.setdefault(first[0], []).append(name)
    busy = set(_WITHOUT_US.split("|"))
    return {
        first: _Named(
            late_regex(rf"(?<![\w@.])(?:{'|'.join(same)})(?![\w@]|\.\w)", re.IGNORECASE),
            busy.issuperset(same),
        )
        for first, same in names.items()
    }


_NAMES = _by_first_word()
_FIRST_WORDS = frozenset(_NAMES)
_THING_WORDS = (
    "another different other else gym train flight plane airline hotel dentist doctor concert "
    "cinema theatre library electricity broadband internet council university college insurance "
    "visa licence license bus taxi rent mortgage magazine newspaper"
)
_THINGS = frozenset(_THING_WORDS.split())


def is_elsewhere(
    text: str,
    words: frozenset[str],
    known: Collection[str],
    mine: Collection[str],
    exists: Callable[[str], bool],
    *,
    banks: bool = False,
) -> bool:
    """Returns True for a message about another company's matter.

    `words` are those of the text, lower case, `known` those of the operator's file and `mine` those
    of the answer that seems to fit; `exists` tells words from names. `banks`: payments to companies
    are the matter of the file.

    >>> is_elsewhere("my Instagram password", frozenset({"instagram"}), {"password"}, {}, bool)
    True
    >>> is_elsewhere("I saw it cheaper on Amazon", frozenset({"amazon"}), {"cheaper"}, {}, bool)
    False
    """
    if banks and _PAYING.search(_PAYERS.sub("", text)):
        return False  # a payment to anyone is a matter of the bank's
    for first in words & _FIRST_WORDS:
        pattern, busy = _NAMES[first]
        name = pattern.search(text)
        if name is None:
            continue
        parts, beside = _WORD.findall(name[0].lower()), _BESIDE.search(text)
        is_known = all([part in known for part in parts])
        if _ACCOUNT.search(f"{text[: name.start()]}{_HERE}{text[name.end() :]}"):
            if not all([part in mine for part in parts]) and not (beside and is_known):
                return True
        elif busy and not banks and not is_known and not beside:
            return True
    if not banks and not words.isdisjoint(_THINGS):
        other = _ELSEWHERE.search(text)
        if other is not None and (other["thing"] or "").lower() not in known:
            return not _BESIDE.search(text)
    called = _NAMED.search(text) if "my" in words else None
    if called is None or text.istitle():
        return False
    own = called["name"].lower()
    return own not in known and not exists(own)
