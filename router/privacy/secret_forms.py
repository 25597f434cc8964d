"""Finds secrets by the words before them, where no sign or a sign of its own divides them. Pure.

`named_secrets` finds what stands behind a name and a colon; `redact.TOKEN` what has a vendor's
form. Here are codes of cards and phones, keys of wallets, cookies, and options of commands. Every
pattern is bounded and no two repeats overlap, so the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.regexes.late import late_regex
from router.regexes.pieces import matches

_SAYS = r"(?:\s{0,2}[:=]\s{0,2}|\s(?:(?:is|was|ist|war|lautet|est|es)\s)?)"
_REACH = 20_000
"""Characters of the longest form, a line of cookies."""
_ENDS = r"(?![\w]|[.,][0-9])"
_FORMS = (
    # The code on a card.
    (
        ("cv", "security code", "prüfn", "cryptogramme"),
        late_regex(
            r"(?i)\b(?:cvv2?|cvc2?|card security code|security code|kartenprüfnummer|prüfnummer"
            rf"|cryptogramme){_SAYS}(?P<secret>[0-9]{{3,4}}){_ENDS}"
        ),
    ),
    (
        ("pin", "geheimzahl"),
        # A "pin code" of six digits is a postal one, in India.
        late_regex(
            r"(?i)\b(?:my |your |the |card |meine |mon |mi )(?:pin|geheimzahl)(?: number)?"
            rf"{_SAYS}(?P<secret>[0-9]{{4,6}}){_ENDS}"
            rf"|\b(?-i:PIN)\s{{0,2}}[:=]\s{{0,2}}(?P<bare>[0-9]{{4}}){_ENDS}"
        ),
    ),
    (
        ("otp", "sms", "mtan", "text message"),
        late_regex(
            r"(?i)\b(?:otp|mtan|sms[- ](?:code|tan)"
            r"|code (?:from|in) (?:the|my|your|an) (?:sms|text message))"
            rf"{_SAYS}(?P<secret>[0-9]{{4,8}}){_ENDS}"
        ),
    ),
    (
        ("private", "priv_key", "privkey"),
        late_regex(
            r"(?i)\bpriv(?:ate)?[ _\-]?key\b[^\w\n]{0,6}(?:(?:is|of|for)\s[^\n0-9]{0,24}?)?"
            rf"(?P<secret>(?:0x)?[0-9a-f]{{64}}){_ENDS}"
        ),
    ),
    (
        ("phrase", "mnemonic", "seed"),
        # Nearly every sentence of so many words has one of one or two letters.
        late_regex(
            r"(?i)\b(?:(?:seed|recovery|backup|secret recovery) (?:phrase|words)|mnemonic|seed)"
            r"\s?[:=]\s{0,3}(?P<secret>(?-i:(?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8}))\b"
        ),
    ),
    (
        ("cookie",),
        late_regex(
            r"(?i)\bcookie:\s?(?P<secret>[\w.\-]{1,64}=[^\s;\"']{8,2000}"
            r"(?:; ?[^\s;\"']{1,400}){0,40})"
        ),
    ),
    (
        ("curl", "wget"),
        late_regex(
            r"\b(?:curl|wget)\b[^\n]{0,200}?\s(?:-u|--user|--proxy-user)[ =]{0,2}[\"']?"
            r"[^\s:\"']{1,64}:(?P<secret>[^\s\"']{1,200})"
        ),
    ),
    (
        ("sig=",),
        late_regex(r"(?<=[?&])sig=(?P<secret>[A-Za-z0-9%+/_\-]{20,200}={0,2})"),
    ),
)  # fmt: skip


def secrets_by_form(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each secret, in order and without overlaps.

    >>> text = "Card ending 4444, CVV 123, my PIN is 4821"
    >>> [text[start:end] for start, end in secrets_by_form(text)]
    ['123', '4821']
    """
    folded = text.casefold()
    spans: list[tuple[int, int]] = []
    for parts, pattern in _FORMS:
        if any(map(folded.__contains__, parts)):
            spans += [_secret(match) for match in matches(pattern, text, reach=_REACH)]
    end = 0
    for span in sorted(spans):
        if span[0] >= end:
            end = span[1]
            yield span


def _secret(match: re.Match[str]) -> tuple[int, int]:
    assert match.lastgroup is not None
    return match.span(match.lastgroup)
