"""Removes personal and secret details from a text before it reaches any sink.

E-mail addresses, telephone, payment card and social security numbers, IBANs, keys, tokens and
passwords become placeholders. In doubt it redacts: it removes a long number that might be a card's.
Every pattern is bounded and no two repeats overlap, so the time is linear in the text. A long text
is searched in pieces, so that other threads get their turn. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from router.privacy import look_alikes
from router.privacy.forms import AFTER_COMMA, CARD_FORM, DATE_FORM, DIGITS, SSN_FORM
from router.privacy.named_secrets import named_secrets
from router.privacy.secret_forms import secrets_by_form
from router.regexes.late import late_regex
from router.regexes.pieces import matches, search

EMAIL, PHONE, CARD, IBAN, SECRET, ID = "[EMAIL]", "[PHONE]", "[CARD]", "[IBAN]", "[SECRET]", "[ID]"
MOST_STORED = 2_000_000
"""Characters of a text that is stored, some 500,000 tokens, as many as `pseudonyms` reads. A client
waits for its answer to be stored, and an upstream that ignores its cap may send 16 MB."""
LEFT_OUT = "\n[PART LEFT OUT]\n"

_PEM_BEGIN = late_regex(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = late_regex(r"-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_NOT_INSIDE = r"(?<![A-Za-z0-9_\-])"
TOKEN = late_regex(
    _NOT_INSIDE + r"(?:"
    r"(?:sk|pk|rk|tg|hf|xai|gsk|glpat|npm|pypi)[_\-][A-Za-z0-9_\-]{12,}"
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_\-]{30,}"
    r"|xox[abeoprs]-[A-Za-z0-9\-]{10,}|ya29\.[A-Za-z0-9_\-]{16,}"
    r"|hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_]{20,}"
    r"|SG\.[A-Za-z0-9_\-]{16,400}\.[A-Za-z0-9_\-]{16,}"
    r"|[0-9]{8,10}:AA[A-Za-z0-9_\-]{30,40}"  # of a bot at Telegram
    r"|[MNO][A-Za-z0-9_\-]{22,27}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,40}"  # Discord
    r"|SK[0-9a-f]{32}(?![A-Za-z0-9])"  # Twilio
    r"|eyJ[A-Za-z0-9_\-]{8,8000}\.[A-Za-z0-9_\-]{8,16000}\.[A-Za-z0-9_\-]*"
    # One with a chain of certificates, or with a long load.
    r"|eyJ[A-Za-z0-9_\-]{8,8000}(?:\.[A-Za-z0-9_\-]{16000}|[A-Za-z0-9_\-]{8000})[A-Za-z0-9_\-.]*"
    r")"
)
TOKEN_REACH = 25_000
"""Characters of a signed token before its last part. No header of HTTP holds as many."""
BEARER = late_regex(r"(?i)\b(bearer|basic)(\s{1,3})[A-Za-z0-9._~+/\-]{12,}={0,2}")
USERINFO = late_regex(r"(://)[^\s/@:]{0,64}:[^\s/@]{1,256}@")
# Scripts that write no blank between words, or none before an ending: Thai and Lao, Burmese, Khmer,
# Japanese, Chinese and Korean. A word of other letters begins and ends beside them.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af"
    r"\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_LOCAL = r"[\w\u0300-\u036f.%+\-]"  # accents may stand as characters of their own
_AT = r"(?:@|%40|\s?[\[({](?i:at)[\])}]\s?)"
_LABELS = r"(?:[^\W_][\w\u0300-\u036f\-]{0,62}(?:\.|\s?[\[({](?i:dot)[\])}]\s?)){1,8}"
_ENCODED = r"xn--[A-Za-z0-9\-]{2,40}"  # a last label in Punycode
_ADDRESS = late_regex(
    rf"(?<!{_LOCAL}){_LOCAL}{{1,64}}{_AT}{_LABELS}(?:{_ENCODED}|[^\W\d_]{{2,24}})"
)
_UNSPACED_LETTER = late_regex(rf"[{_UNSPACED}]")
# Takes twice the time of the other, so only texts with such letters are read with it. The look
# ahead reads fast, and few words stand before a sign.
_UNSPACED_ADDRESS = late_regex(
    rf"(?:(?<![^\W{_UNSPACED}])(?<![\u0300-\u036f.%+\-])(?![{_UNSPACED}])(?={_LOCAL}{{1,64}}{_AT})"
    rf"(?:[^\W{_UNSPACED}]|[\u0300-\u036f.%+\-]){{1,64}}"
    rf"|(?<!{_LOCAL}){_LOCAL}{{0,63}}[{_UNSPACED}])"
    rf"{_AT}{_LABELS}(?:{_ENCODED}|[^\W\d_{_UNSPACED}]{{2,24}}|[{_UNSPACED}]{{2,24}})"
)
_SPACED_ADDRESS = late_regex(
    r"(?<![^\s(<,;:\"'])(?:[\w.+\-] ){2,40}@(?: [\w\-]){2,40}(?: \.(?: [\w\-]){2,24}){1,4}"
    r"(?!\w)"
)
_SPELT_AT = late_regex(r"[\[({][Aa][Tt][\])}]")
# Countries by the length of their numbers, from the SWIFT IBAN registry.
_IBAN_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC",
    32: "LC",
}  # fmt: skip
# It ends with its country's last character, so that few that are none need their digits checked.
_IBAN_FORM = late_regex(
    r"(?<![A-Za-z0-9])(?=[A-Za-z]{2}[0-9]{2})(?:"
    + "|".join(
        rf"(?i:{countries.replace(' ', '|')})[0-9]{{2}}"
        rf"(?:[ .\-{look_alikes.HYPHENS}]?[A-Za-z0-9]){{{length - 4}}}"
        for length, countries in _IBAN_COUNTRIES.items()
    )
    + r")(?![A-Za-z0-9])"
)
_NUMBER = late_regex(r"(?<![\w.$€£])" + AFTER_COMMA + DIGITS + r"(?![0-9])")
_MOBILE = late_regex(
    r"(?:电话|電話|手机|手機|联系方式|联系|tel|TEL|Tel)[^0-9+\n]{0,8}"
    r"(?P<number>(?:\+?86[ \-]?)?1[3-9][0-9](?:[0-9]{8}|(?P<gap>[ \-])[0-9]{4}(?P=gap)[0-9]{4}))"
    r"(?![0-9])"
)
"""Finds a mobile number of China, right behind a word that no blank parts from it."""
_JOINED = late_regex(rf"[{look_alikes.DASHES}](?:(?<=[0-9)].)|(?<=[0-9)] .)) ?\(?[0-9]")
# A dash divides numbers far more often than it joins parts of one. It joins only what has the form
# of a card, of a social security number, or of a telephone number with its prefix.
_DASHED = late_regex(
    r"(?<![\w.$€£])(?<![0-9]-)" + AFTER_COMMA + r"(?:"
    r"(?P<card>[0-9]{4}(?:[ \-]{1,3}[0-9]{4}){2}[ \-]{1,3}[0-9]{1,7}"
    r"|[0-9]{4}[ \-]{1,3}[0-9]{6}[ \-]{1,3}[0-9]{4,5})"
    r"|(?P<ssn>[0-9]{3}[ \-][0-9]{2}[ \-][0-9]{4})"
    r"|(?:\+|00)[1-9][0-9]{0,2}(?:[ ()./\-]{1,4}[0-9]{1,8}){1,6}"
    # "0800-1700" are hours, unless three more digits follow.
    r"|(?!0[0-9][0-5][0-9] ?- ?[0-2][0-9][0-5][0-9](?![0-9]|[ \-][0-9]{3}))"
    r"\(?0[1-9][0-9]{1,4}\)?[ /\-]{1,3}[0-9]{3,9}(?:[ \-]{1,3}[0-9]{2,6}){0,4}"
    r"|0[1-9](?:[ \-]{1,3}[0-9]{2}){4}"  # France
    r"|(?:1[ \-]{1,3})?\(?[2-9][0-9]{2}\)?[ \-]{1,3}[0-9]{3} ?- ?[0-9]{4}"  # North America
    r")(?![0-9]|-[0-9])"
)
# Thousands with blanks between them are a sum only before a currency: Spain and Poland write
# telephone numbers in threes, too.
_THOUSANDS = late_regex(r"[1-9][0-9]{0,2}(?: [0-9]{3})+")
_CURRENCY = late_regex(r"\s?(?:[€$£]|(?i:EUR|USD|GBP|CHF|PLN|euros?)\b)")
# Two years from 1000 to 2099, as history and contracts write spans. A bracket before a number is
# else a sign of a telephone number: "(1954-1962)".
_YEARS = late_regex(r"\(?(?:1[0-9]|20)[0-9]{2} ?- ?(?:1[0-9]|20)[0-9]{2}")


def redact(text: str) -> str:
    """Returns the text with placeholders for personal and secret details. Linear in its length.

    >>> redact("Mail jo@example.com or call +1 (415) 555-0132")
    'Mail [EMAIL] or call [PHONE]'
    """
    # The order matters: a secret inside an address or a header must go before its parts match.
    text = _without(text, private_keys(text), SECRET)
    text = _without(text, passwords(text), SECRET)
    text = _without(text, tokens(text), SECRET)
    text = _without(text, bearers(text), SECRET)
    text = _without(text, named_secrets(text), SECRET)
    text = _without(text, secrets_by_form(text), SECRET)
    text = _without(text, email_addresses(text), EMAIL)
    text = _without(text, ibans(look_alikes.plain(text)), IBAN)
    text = _without(text, _cards(look_alikes.plain_but_dashes(text)), CARD)
    text = _without(text, mobiles(text), PHONE)
    if not text.isascii() and search(_JOINED, look_alikes.plain_but_dashes(text)):
        text = _without_dashed_numbers(text)
    return _without_numbers(text)


def redacted_to_store(text: str, most: int = MOST_STORED) -> str:
    """Returns what `redact` returns; of a text of more characters its begin and its end alone.

    A secret that the cut divides is not known as one. So TOKEN_REACH characters, as many as a
    secret may have, are taken off on both sides of the cut. The mark LEFT_OUT stands there.
    """
    if len(text) <= most:
        return redact(text)
    begin, end = redact(text[: most // 2]), redact(text[-(most // 2) :])
    return begin[:-TOKEN_REACH] + LEFT_OUT + end[TOKEN_REACH:]


def passwords(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each user's name and password in an address."""
    return ((match.end(1), match.end() - 1) for match in matches(USERINFO, text))


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each token that has a vendor's form."""
    return (match.span() for match in matches(TOKEN, text, reach=TOKEN_REACH))


def bearers(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each credential of a header."""
    return ((match.end(2), match.end()) for match in matches(BEARER, text))


def email_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each address of e-mail.

    An address may have "(at)" and "(dot)", percent signs, and letters of any language. Words of a
    script without blanks that stand right beside a name or a domain of other letters stay.
    """
    if not _may_have_email(text):
        return
    if " @ " in text:
        yield from _with_spaced(text)
        return
    yield from _unbroken(text)


def _with_spaced(text: str) -> Iterator[tuple[int, int]]:
    """Yields the places of addresses in order, with those whose letters have blanks between."""
    end = 0
    spaced = [match.span() for match in matches(_SPACED_ADDRESS, text)]
    for span in sorted([*spaced, *_unbroken(text)]):
        if span[0] >= end:
            end = span[1]
            yield span


def _unbroken(text: str) -> Iterator[tuple[int, int]]:
    unspaced = not text.isascii() and search(_UNSPACED_LETTER, text) is not None
    for match in matches(_UNSPACED_ADDRESS if unspaced else _ADDRESS, text):
        yield match.span()


def _may_have_email(text: str) -> bool:
    """Returns False, soon, for a text in which no address of e-mail can stand."""
    if "@" in text or "%40" in text:
        return True
    bracketed = "(" in text or "[" in text or "{" in text
    return bracketed and search(_SPELT_AT, text) is not None


def _without(text: str, places: Iterable[tuple[int, int]], placeholder: str) -> str:
    """Returns the text with a placeholder at each of these places, which are in order."""
    kept: list[str] = []
    position = 0
    for start, end in places:
        kept += [text[position:start], placeholder]
        position = end
    return "".join([*kept, text[position:]])


def private_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each block with a private key. One without an end ends with the text."""
    position = 0
    while (begin := search(_PEM_BEGIN, text, position)) is not None:
        end = search(_PEM_END, text, begin.end())
        position = len(text) if end is None else end.end()
        yield begin.start(), position


def _without_dashed_numbers(text: str) -> str:
    """Removes numbers of people with the dash of ranges in them: "030\u20131234567"."""
    forms = matches(_DASHED, look_alikes.plain(text))
    dashes = frozenset(look_alikes.DASHES)
    dashed = (one for one in forms if not dashes.isdisjoint(text[one.start() : one.end()]))
    return _replaced(text, dashed, _dashed_number)


def _without_numbers(text: str) -> str:
    """Removes numbers of people. The others stay as they are written."""
    return _replaced(text, matches(_NUMBER, look_alikes.plain_but_dashes(text)), _number)


def _replaced(
    text: str,
    numbers: Iterator[re.Match[str]],
    placeholder_of: Callable[[re.Match[str]], str],
) -> str:
    """Returns the text with the placeholders of numbers in it, whose places are the same."""
    kept: list[str] = []
    position = 0
    for match in numbers:
        placeholder = placeholder_of(match)
        if placeholder != match[0]:
            kept += [text[position : match.start()], placeholder]
            position = match.end()
    return "".join([*kept, text[position:]])


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each IBAN: as many characters as its country's have, rightly checked.

    Where the check fails, another may begin within what had the form of one.
    """
    position = 0
    while (match := search(_IBAN_FORM, text, position)) is not None:
        valid = _iban_is_valid("".join(filter(str.isalnum, match[0])).upper())
        position = match.end() if valid else match.start() + 4
        if valid:
            yield match.span()


_AS_DIGITS = {ord(letter): str(int(letter, 36)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _iban_is_valid(compact: str) -> bool:
    """Checks ISO 13616: the number read from the fifth character on is 1 modulo 97."""
    turned = compact[4:] + compact[:4]
    return int(turned.translate(_AS_DIGITS)) % 97 == 1


def _cards(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each number that has the form and the check digit of a card's."""
    for match in matches(CARD_FORM, text):
        if luhn("".join(filter(str.isdigit, match[0]))):
            yield match.span()


def mobiles(text: str) -> Iterator[tuple[int, int]]:
    """Yields the place of each Chinese mobile number that stands behind its word.

    >>> text = "我叫王小明,电话13800138000"
    >>> [text[start:end] for start, end in mobiles(text)]
    ['13800138000']
    """
    for match in matches(_MOBILE, text):
        yield match.span("number")


def _dashed_number(match: re.Match[str]) -> str:
    if match["ssn"]:
        return ID
    digits = "".join(filter(str.isdigit, match[0]))
    if match["card"]:
        return CARD if luhn(digits) else match[0]
    # With the prefix of a country a number has ten digits or more, without it nine.
    least = 10 if match[0].startswith(("+", "00")) else 9
    return PHONE if least <= len(digits) <= 15 else match[0]


def _number(match: re.Match[str]) -> str:
    text = match[0]
    digits = "".join(letter for letter in text if letter.isdigit())
    if SSN_FORM.fullmatch(text):
        return ID
    if len(digits) >= 20:
        return ID  # no amount and no order number is as long
    if len(digits) >= 13 and luhn(digits):
        return CARD
    if DATE_FORM.match(text) or _YEARS.fullmatch(text) or _is_sum(match):
        return text
    separated = any(letter in " ()./-" for letter in text[1:])
    international = text[0] in "+(" or (text[0] == "0" and len(digits) >= 9)
    if international or (separated and 9 <= len(digits) <= 15):
        return PHONE
    return text


def _is_sum(match: re.Match[str]) -> bool:
    thousands = _THOUSANDS.fullmatch(match[0]) is not None
    return thousands and _CURRENCY.match(match.string, match.end()) is not None


def luhn(digits: str) -> bool:
    """Returns True when Luhn's check holds (ISO/IEC 7812-1): luhn("4111111111111111") is True."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
