"""Finds identifiers by their form, their check digits and the words before them. Pure.

Every pattern is bounded and no two repeats overlap, so the time is linear in the text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence

from router.privacy import look_alikes, redact
from router.privacy.entities import checksums
from router.privacy.entities.contexts import NOT_PERSONAL, PHONE, SSN, Window
from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.forms import AFTER_COMMA, CARD_FORM, DATE_FORM, DIGITS, SSN_FORM
from router.privacy.named_secrets import NAMED_PARTS, named_secrets
from router.privacy.secret_forms import secrets_by_form
from router.regexes.late import late_regex

_HYPHEN = rf"\-{look_alikes.HYPHENS}"  # those behind a letter are still as they were written
# Behind these signs, and before a letter, stand parts of ids, which are nobody's; `redact` takes
# them out in doubt.
_NUMBER = late_regex(r"(?<![\w.$€£#/=\-])" + AFTER_COMMA + DIGITS + r"(?![0-9\w])")
_CARD = late_regex(
    r"[#/=\-](?P<number>[0-9]{13,19}"
    r"|[0-9]{4}(?P<gap>[ \-])[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{1,7}"
    r"|[0-9]{4}[ \-][0-9]{6}[ \-][0-9]{4,5})(?![\w]|[.\-][0-9]|[ ][0-9]{4})"
)
"""Finds what may be a card's number right behind a sign that also stands before parts of ids. There
an underscore or the end of a line parts ids, and no groups of one number."""
# Ends a word in sentences, in code, and in the query of an address of the web. The signs that stand
# inside ids, paths and names of files (/ . - _ + @ %) do not.
_BREAK = late_regex(r"[\s=:#,;&|?\"'()\[\]]")
# Parameters of forms for payments: "cardNumber", "card_no", "pan", "cc", "ccnum", and the word for
# a card in the languages of _CARD_WORDS. Brands name no parameter.
_CARD_NAME = late_regex(r"card|pan\b|cc\b|ccnum|karte|carte|tarjeta")
_REFERENCE = late_regex(r"\bref(?:s|erence)?\W{0,3}$")
_BEFORE_CARD = 200
"""Characters before a number in which its word, or the address of the web around it, may begin: as
many as a piece of a long text brings along, so that where it is cut changes nothing."""
# Without a word that says so, a number is a telephone's only where it is written as one. `redact`
# takes any long number with gaps for one.
_PHONE_FORMS = late_regex(
    r"(?:1[-. ])?\(?[2-9][0-9]{2}\)?[-. ]{1,2}[0-9]{3}[-. ][0-9]{4}"  # North America
    r"|0[1-9](?:[ .\-][0-9]{2}){4}"  # France
    r"|\(?0[1-9][0-9]{1,4}\)?[ /\-]{1,3}[0-9]{2,8}(?:[ \-][0-9]{2,5}){0,3}"  # Germany, UK
)
_SPANISH_PHONE = late_regex(
    r"[6789][0-9]{2}(?:[ .\-][0-9]{3}){2}|[6789][0-9]{2}(?:[ .\-][0-9]{2}){3}"
)
"""Has no prefix, so that steps of a range look alike: "600\u2013700\u2013800"."""
_RANGE = late_regex(rf"[{look_alikes.DASHES}]")
_LETTERED = late_regex(
    r"(?<![\w-])(?:"
    r"(?P<uk>[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D])"
    rf"|(?P<es>(?:[XYZ][{_HYPHEN}]?|-)?[0-9]{{7,8}}-?[A-Z])"
    r"|(?P<de>[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{3})"
    r")(?![\w-])"
)
_FRENCH = late_regex(r"[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]) ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}")
_PASSPORT = late_regex(
    r"(?i:passport|reisepass|pass-?nr|pass(?:port)?nummer|passeport|pasaporte|personalausweis"
    r"|ausweis-?n"
    r"|carte d['\u2019]identité|identity card|\bID card)(?:[^\n.;]|(?<=[NnSs][ror])\.|(?<= n)\."
    r"|(?<=no)\.){0,40}?(?<![\w-])"
    r"(?P<id>[A-Z]{1,3} ?[0-9]{5,8}|(?=[A-Z]*[0-9][A-Z]*[0-9])[A-Z0-9]{7,10}|[A-Z]{3}[0-9]{6}"
    r"|[0-9]{2}[A-Z]{2}[0-9]{5})(?![\w-])"
)
_PASSPORT_AFTER = late_regex(
    r"(?<![\w-])(?P<id>[A-Z]{1,2}[0-9]{6,8}|[A-Z0-9]{2,4}[0-9][A-Z0-9]{4,6})"
    r"(?: is| ist|, est| es|,)? (?:on )?(?:my|his|her|the|mein\w*|mon|mi) (?i:passport"
    r"|reisepass|passeport|pasaporte)"
)
_ZONE = late_regex(r"P[A-Z<][A-Z]{3}[A-Z<]{39}\s[A-Z0-9<]{44}")
_RECORD_NUMBER = (
    r"[^\n;A-Z0-9]{0,24}(?:(?:No|Nr"
    rf"|N)\.? ?)?[:#]?\s{{0,2}}(?P<id>(?=[A-Z0-9{_HYPHEN}/]{{0,12}}[0-9])"
    rf"[A-Z0-9][A-Z0-9{_HYPHEN}/]{{2,16}}[A-Z0-9]"
    r"|[0-9]{3}[ -][0-9]{3}[ -][0-9]{4})(?![\w-])"
)
_RECORD_SHORT = late_regex(r"\b(?:MRN|NHC|IPP|NIP|UHID)\b" + _RECORD_NUMBER)
_RECORD = late_regex(
    r"(?i:medical records?(?: no| number|\s?#)?"
    r"|patient(?:'s)? (?:id|no|number|file|record)"
    r"|chart (?:no|number|#)|hospital (?:no|number|id)|nhs n(?:o|umber|r)|health record"
    r"|\bhealth (?:card|insurance) n\w+"
    r"|patienten-?(?:nummer|nr|id|akte)|fall-?nummer|fall-?nr|kranken(?:akte|blatt"
    r"|versicherten)\w*|aufnahmenummer"
    r"|dossier (?:médical|patient)|num[ée]ro de dossier|n° de dossier|n° patient"
    r"|num[ée]ro (?:de |du )?patient"
    r"|historia cl[íi]nica|n[úu]mero de historia|n[úu]mero de paciente|expediente m[ée]dico)"
    + _RECORD_NUMBER
)
_IP4 = late_regex(r"(?<![\w.\-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w]|\.[0-9])")
_IP6 = late_regex(
    r"(?<![\w:.])(?=[0-9A-Fa-f:]{0,40}[0-9a-fA-F]:)(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){0,6}:{0,2}(?![\w:])"
    r"|(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){1,6}:(?:[0-9A-Fa-f]{1,4}:){0,5}[0-9A-Fa-f]{1,4}(?![\w:])"
)
_NO_HOST = late_regex(
    r"version|firmware|release|section|build|kernel|driver|chapter|kapitel|abschnitt"
    r"|clause|netmask|subnet mask|upgrade|paragraph|figure"
    r"|table|python|node|android|windows"
    r"|chrome|ubuntu|macos|openssl|patch|hotfix|sdk"
    r"|\b(?:v$|position|oid\b|v\.? ?$|fig\b|java\b|php\b|ios\b)"
)
_CARD_WORDS = late_regex(r"card|karte|carte|tarjeta|visa|master ?card|amex|\bpan\b")
_PASSPORT_WORDS = ("pass", "pasaporte", "ausweis", "identit", "id card")
_RECORD_SIGNS = ("MRN", "NHC", "IPP", "NIP", "UHID")
_RECORD_WORDS = (
    "medical record", "patient", "chart ", "hospital ", "nhs n", "health ", "fallnummer", "fall-n",
    "fallnr", "krankena", "krankenb", "krankenv", "aufnahmenummer", "dossier", "historia",
    "paciente", "expediente",
)  # fmt: skip


def identifiers(text: str, written: str | None = None) -> Iterator[Entity]:
    """Yields identifiers, those first that others may not overlap.

    `text` has its numbers as in ASCII; `written` is the same, with the dashes of ranges in it.
    """
    yield from keys(text)
    for start, end in redact.email_addresses(text):
        yield Entity(EntityKind.EMAIL, start, end)
    if not any(map(text.__contains__, "0123456789")):
        return
    yield from _ibans(text)
    yield from _lettered(text)
    yield from _numbered(text, written or text)
    yield from _hosts(text)


def keys(text: str) -> Iterator[Entity]:
    """Yields keys, tokens and passwords."""
    begin = text.find("-----BEGIN ")
    if begin >= 0:
        for start, end in redact.private_keys(text):
            yield Entity(EntityKind.API_KEY, start, end)
    for start, end in redact.tokens(text):
        yield Entity(EntityKind.API_KEY, start, end)
    for start, end in redact.passwords(text) if "://" in text else ():
        yield Entity(EntityKind.API_KEY, start, end)
    # These two try every word, and few texts have a word of theirs.
    folded = text.casefold()
    if "bearer" in folded or "basic" in folded:
        for start, end in redact.bearers(text):
            yield Entity(EntityKind.API_KEY, start, end)
    for start, end in secrets_by_form(text):
        yield Entity(EntityKind.API_KEY, start, end)
    if any(map(folded.__contains__, NAMED_PARTS)):
        for start, end in named_secrets(text):
            yield Entity(EntityKind.API_KEY, start, end)


def _ibans(text: str) -> Iterator[Entity]:
    for start, end in redact.ibans(text):
        yield Entity(EntityKind.IBAN, start, end)


def _lettered(text: str) -> Iterator[Entity]:
    for match in _LETTERED.finditer(text):
        known = Window(text, match.start()).is_personal(SSN)
        compact = "".join(filter(str.isalnum, match[0]))
        right = (
            (match["uk"] and known is not False and (known or " " in match[0]))
            or (match["es"] and checksums.is_spanish_number(compact) and known is not False)
            or (match["de"] and known)
        )
        if right:
            yield Entity(EntityKind.SSN, match.start(), match.end())
    lower = text.lower()
    if any(map(lower.__contains__, _PASSPORT_WORDS)):
        for pattern in (_PASSPORT, _PASSPORT_AFTER):
            for match in pattern.finditer(text):
                yield Entity(EntityKind.PASSPORT, match.start("id"), match.end("id"))
    if "<<" in text:
        for match in _ZONE.finditer(text):
            yield Entity(EntityKind.PASSPORT, match.start(), match.end())
    for pattern, signs, where in (
        (_RECORD_SHORT, _RECORD_SIGNS, text),
        (_RECORD, _RECORD_WORDS, lower),
    ):
        for match in pattern.finditer(text) if any(map(where.__contains__, signs)) else ():
            yield Entity(EntityKind.MEDICAL_RECORD, match.start("id"), match.end("id"))


def _numbered(text: str, written: str) -> Iterator[Entity]:
    for match in _CARD.finditer(text):
        digits = "".join(_DIGITS.findall(match["number"]))
        if checksums.is_card(digits) and _stands_alone(text, match.start("number")):
            yield Entity(EntityKind.CARD, match.start("number"), match.end())
    cards = [match.span() for match in CARD_FORM.finditer(text) if _is_card(text, match)]
    for start, end in cards:
        yield Entity(EntityKind.CARD, start, end)
    text = _masked(text, cards)
    for start, end in redact.mobiles(text):
        yield Entity(EntityKind.PHONE, start, end)
    for match in _NUMBER.finditer(text):
        ranges = _RANGE.search(written, match.start(), match.end()) is not None
        kind = _number_kind(text, match, ranges)
        if kind is not None:
            yield Entity(kind, match.start(), match.end())


def _masked(text: str, places: Sequence[tuple[int, int]]) -> str:
    """Returns the text with a word for each place, so that what stands beside it is read alone."""
    pieces: list[str] = []
    position = 0
    for start, end in places:
        pieces += [text[position:start], "x" * (end - start)]
        position = end
    return "".join([*pieces, text[position:]])


def _is_card(text: str, match: re.Match[str]) -> bool:
    """Returns True for a number with a card's form and check digit that no word says is another."""
    if not checksums.is_card("".join(_DIGITS.findall(match[0]))):
        return False
    window = Window(text, match.start())
    return window.distance_to(NOT_PERSONAL) < 0 or bool(window.is_personal(_CARD_WORDS))


def _stands_alone(text: str, start: int) -> bool:
    """Returns False where a number is a part of a longer one, of an id or of a path.

    In an address of the web it counts only behind the name of a card, as in `?card=4111...`.
    """
    sign, before = text[start - 1], text[max(0, start - _BEFORE_CARD) : start - 1].lower()
    word = _BREAK.split(before)[-1]
    if any(map(str.isdigit, word)) or (sign == "/" and ("/" in word or "." in word)):
        return False
    run = before[max(before.rfind(blank) for blank in " \t\r\n") + 1 :]
    if "://" in run or run.startswith("www."):
        return sign == "=" and _CARD_NAME.search(word) is not None
    window = Window(text, start)
    return (
        window.distance_to(NOT_PERSONAL) < 0
        or bool(window.is_personal(_CARD_WORDS))
        or _REFERENCE.search(before) is not None
    )


def _number_kind(text: str, match: re.Match[str], ranges: bool) -> EntityKind | None:
    """Returns what a number is, None for one that belongs to nobody.

    `ranges`: a dash of ranges stands in it.
    """
    number = match[0]
    digits = number if number.isdigit() else "".join(_DIGITS.findall(number))
    count = len(digits)
    if not 7 <= count <= 19:
        return None
    window = Window(text, match.start())
    if count >= 13 and _is_card(text, match):
        return EntityKind.CARD
    if count == 15 and _FRENCH.fullmatch(number) and checksums.is_french_number(digits):
        return EntityKind.SSN
    if count in (9, 11) and not _is_address(number):
        ssn = window.is_personal(SSN)
        if ssn and (
            checksums.is_us_ssn(digits) if count == 9 else checksums.is_german_tax_id(digits)
        ):
            return EntityKind.SSN
        if SSN_FORM.fullmatch(number) and ssn is not False:
            return EntityKind.SSN if checksums.is_us_ssn(digits) else None
    if count > 15 or DATE_FORM.fullmatch(number):
        return None
    return EntityKind.PHONE if _is_phone(window, number, digits, ranges) else None


_DIGITS = late_regex(r"[0-9]+")


def _is_address(number: str) -> bool:
    """Returns True for an IPv4 address, which may have as many digits as a tax number."""
    return bool(_IP4.fullmatch(number)) and max(map(int, number.split("."))) <= 255


def _is_phone(window: Window, number: str, digits: str, ranges: bool) -> bool:
    named = window.is_personal(PHONE)
    if named is False:
        return False
    if number[0] == "+" and len(digits) >= 8:
        return True
    if named and window.distance_to(PHONE) <= 24:
        return True
    if digits.startswith("00") and len(digits) >= 11:
        return True
    if not ranges and _SPANISH_PHONE.fullmatch(number):
        return True
    return bool(_PHONE_FORMS.fullmatch(number))


def _hosts(text: str) -> Iterator[Entity]:
    for match in _IP4.finditer(text):
        parts = [int(part) for part in match[0].split(".")]
        if max(parts) > 255 or parts[0] in (0, 127, 255) or max(parts) < 10:
            continue
        if Window(text, match.start(), 24).distance_to(_NO_HOST) < 0:
            yield Entity(EntityKind.IP, match.start(), match.end())
    if text.count(":") < 2:
        return
    for match in _IP6.finditer(text):
        try:
            address = ipaddress.IPv6Address(match[0])
        except ValueError:
            continue
        if not address.is_loopback and not address.is_unspecified:
            yield Entity(EntityKind.IP, match.start(), match.end())
