"""Finds in a piece of an answer what a policy may not let out. Pure.

It looks for what a pattern can be sure of. A diagnosis is a claim about the reader ("you have
pneumonia"), an exploit is code with the marks of an attack, a secret is a key in its vendor's form,
and personal data are e-mail addresses and card numbers whose check digit fits. It knows nothing
about policies, requests or streams.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property

from router.privacy.forms import CARD_FORM

_ILLNESS = (
    r"(?:[a-z]{3,20}(?:itis|oma|emia|aemia|osis|pathy)|cancer|diabetes|depression|pneumonia|"
    r"asthma|epilepsy|schizophrenia|dementia|a stroke|a heart attack|an? infection|"
    r"bipolar disorder|influenza|lupus|shingles|an? (?:ulcer|fracture|tumou?r|concussion))"
)
_CLAIM = re.compile(
    r"(?<!do )(?<!if )(?<!whether )(?<!when )(?<!unless )(?<!case )(?<!should )"
    r"\b(?:you (?:(?:probably|likely|clearly|definitely|certainly|almost certainly|do) ){0,2}"
    r"(?:have|suffer from|are suffering from|are having)|your diagnosis is|i diagnose you with|"
    r"this is (?:clearly|definitely|certainly))"
    r" (?:[a-z]{1,14} ){0,3}?" + _ILLNESS + r"\b",
    re.IGNORECASE,
)
_ATTACK = re.compile(
    r"(?:\\x[0-9a-fA-F]{2}){8}|/dev/tcp/[^ ]{1,60}/[0-9]|\bnc(?:\.exe)? -[a-z]{0,3}e[a-z]{0,3} |"
    r"\bmsfvenom\b|\bmeterpreter\b|\bmimikatz\b|os\.dup2\(s\.fileno\(|"
    r"VirtualAllocEx|CreateRemoteThread|\bSetWindowsHookEx|-EncodedCommand [A-Za-z0-9+/=]{40}"
)
_SECRET = re.compile(
    r"\bsk-[A-Za-z0-9_-]{20}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|"
    r"\bgithub_pat_[A-Za-z0-9_]{40}|\bxox[abprs]-[A-Za-z0-9-]{10}|\bAIza[A-Za-z0-9_-]{35}|"
    r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----|\bglpat-[A-Za-z0-9_-]{20}"
)
_MAIL = re.compile(r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}\b")
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
_GAPS = re.compile(r"[ \-_\n]")
_NOBODY = re.compile(r"[@.](?:example\.(?:com|org|net)|example)$")
"""Finds addresses that stand in texts and belong to nobody (RFC 2606)."""


class Known:
    """Holds the text of the client and its sources: a value that stands there is no secret.

    It is searched once, however many sentences of an answer are looked at.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Returns the e-mail addresses, in small letters."""
        return frozenset(_addresses(self.text))

    @cached_property
    def without_gaps(self) -> str:
        """Returns the text without what parts the digits of a card's number."""
        return _GAPS.sub("", self.text)


def _diagnosis(text: str, known: Known) -> bool:
    return _CLAIM.search(text) is not None


def _exploit(text: str, known: Known) -> bool:
    return _ATTACK.search(text) is not None


def _secrets(text: str, known: Known) -> bool:
    return any(match[0] not in known.text for match in _SECRET.finditer(text))


def _personal(text: str, known: Known) -> bool:
    addresses = _addresses(text)
    if addresses and any(not _NOBODY.search(one) for one in addresses - known.addresses):
        return True
    matches = [*_CARD.finditer(text), *CARD_FORM.finditer(text)]
    numbers = {_GAPS.sub("", match[0]) for match in matches}
    return any(_is_card(number) and number not in known.without_gaps for number in numbers)


def _addresses(text: str) -> set[str]:
    return {match[0].lower() for match in _MAIL.finditer(text)}


def _is_card(number: str) -> bool:
    """Returns True where the check digit fits (Luhn) and the first one is a card network's.

    >>> _is_card("4111111111111111"), _is_card("4111111111111112"), _is_card("0000000000000000")
    (True, False, False)
    """
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return number[0] in "23456" and (sum(digits[::2]) + sum(doubled)) % 10 == 0


FINDERS: Mapping[str, Callable[[str, Known], bool]] = {
    "diagnosis": _diagnosis,
    "exploit": _exploit,
    "secrets": _secrets,
    "personal": _personal,
}


def holds(check: str, text: str, known: Known) -> bool:
    """Returns True where a piece of an answer holds what `check` names.

    >>> given = Known("I am Ann@acme.io")
    >>> holds("personal", "to ann@acme.io", Known()), holds("personal", "to ann@acme.io", given)
    (True, False)
    """
    return FINDERS[check](text, known)
