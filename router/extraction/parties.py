"""Finds parties: firms by their legal form, those of a preamble, people by the privacy head. Pure.

A party is given once, at its first place, with the role that the text defines for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from router.extraction.items import Item, Value, apart
from router.privacy.entities import detector
from router.privacy.entities.kinds import Entity, EntityKind

_UP = r"[A-ZÀ-ÖØ-Þ][\w'\u2019&.-]{0,30}"
_FORM = (
    r"(?:Inc|Incorporated|LLC|L\.L\.C|LLP|L\.P|LP|Ltd|Limited|plc|PLC|Corp|Corporation|Company|Co"
    r"|GmbH & Co\. KG|GmbH|AG|KG|SE|e\.V|S\.A\.S|SAS|S\.A\.R\.L|SARL|S\.A|SA|S\.p\.A|SpA|S\.r\.l"
    r"|Srl|B\.V|BV|N\.V|NV|Oy|AB|A/S|ApS|AS|Pty Ltd|Pte\. Ltd|Pte Ltd|K\.K|Sp\. z o\.o)"
)
_FIRM = re.compile(rf"(?<![\w&])(?:{_UP},? (?:(?:and|of|&|the|de|für) )?){{1,6}}{_FORM}\b\.?(?!\w)")
_BODY = re.compile(
    rf"(?<!\w)(?:(?:{_UP} ){{1,4}}(?:Bank|University|Trust|Foundation|Authority|Council|Hospital"
    rf"|Partners|Insurance|Logistics|Holdings|Group|Ministry|Clinic|Cooperative)"
    rf"|(?:Bank|University|City|County|State|Ministry|Municipality) of (?:{_UP} ?){{1,3}})\b"
)
_PREAMBLE = re.compile(
    rf"\b(?:between|among|by and between|entered into by)(?::)? (?:\(1\) )?"
    rf"(?P<first>{_UP}(?:,? {_UP}){{0,6}})"
    rf"(?P<gap>(?:[ ,][^.;\n]{{0,160}}?)?),? and (?:\(2\) )?(?P<second>{_UP}(?:,? {_UP}){{0,6}})"
)
_ROLE = re.compile(
    r"[^\n]{0,120}?\((?:(?:here(?:in)?after|hereinafter)(?: referred to as| called)?,? ?)?"
    r"(?:the |each a |a )?[\"\u201c\u201d'\u2018](?:the )?(?P<role>[A-Z][\w -]{1,40})"
    r"[\"\u201c\u201d'\u2019]\)?"
)
_AS_ROLE = re.compile(r",? ?(?:\(|as )(?:the )?(?P<role>[A-Z][a-z]{3,20})\)?(?=[,. )]|$)")
_LEADING = re.compile(
    r"(?:The|This|Between|And|By|To|From|With|For|Dear|In|On|At|Of|Invoice|Seller|Buyer|Supplier"
    r"|Customer|Lender|Borrower|Landlord|Tenant|Client|Contractor|Vendor|Our|Your|If|When"
    r"|While|Bill|Payee|Beneficiary),? "
)
_FARTHEST_ROLE = 160
"""Bounds the characters after a party in which its role is looked for."""
_NEVER = frozenset({"agreement", "contract", "party", "parties", "the company", "company"})


def parties(text: str, details: Sequence[Entity] | None = None) -> list[Item]:
    """Returns the parties in their order, each once; `details` are the text's, if known.

    >>> text = 'Contract between Acme Tools GmbH ("Supplier") and Jane Keller ("Buyer").'
    >>> [(item.text(text), item.values.get("role")) for item in parties(text)]
    [('Acme Tools GmbH', 'Supplier'), ('Jane Keller', 'Buyer')]
    """
    seen: set[str] = set()
    named: list[Item] = []
    for item in apart(
        [*_firms(text), *_people(text, details), *_named_in_preamble(text), *_bodies(text)]
    ):
        name = " ".join(item.text(text).lower().replace(",", "").rstrip(".").split())
        if name in seen or name in _NEVER:
            continue
        seen.add(name)
        named.append(item)
    ends = [*(item.start for item in named[1:]), len(text)]
    return [_with_role(item, text, end) for item, end in zip(named, ends, strict=False)]


def _firms(text: str) -> Iterator[Item]:
    for match in _FIRM.finditer(text):
        yield from _trimmed(match, text, "party.firm")


def _bodies(text: str) -> Iterator[Item]:
    for match in _BODY.finditer(text):
        yield from _trimmed(match, text, "party.body")


def _trimmed(match: re.Match[str], text: str, how: str) -> Iterator[Item]:
    """Yields an organisation without the words before a name that begin a sentence."""
    start, end = match.span()
    for _ in range(2):
        leading = _LEADING.match(text, start, end)
        if leading is None:
            break
        start = leading.end()
    while end > start and text[end - 1] in " ,":
        end -= 1
    if end - start > 3:
        yield Item(start, end, how, {"type": "organisation"})


def _people(text: str, details: Sequence[Entity] | None) -> Iterator[Item]:
    for entity in detector.find(text) if details is None else details:
        if entity.kind is EntityKind.NAME and " " in entity.value(text).strip():
            yield Item(entity.start, entity.end, "party.person", {"type": "person"})


def _named_in_preamble(text: str) -> Iterator[Item]:
    match = _PREAMBLE.search(text)
    if match is None:
        return
    for group in ("first", "second"):
        start, end = match.span(group)
        while end > start and text[end - 1] in " ,.":
            end -= 1
        if end - start > 2:
            yield Item(start, end, "party.preamble", {"type": "organisation"})


def _with_role(item: Item, text: str, end: int) -> Item:
    """Returns the party with the role in parentheses after it; the next party begins at `end`."""
    limit = min(end, item.end + _FARTHEST_ROLE)
    match = _ROLE.match(text, item.end, limit) or _AS_ROLE.match(text, item.end, limit)
    if match is None:
        return item
    values: dict[str, Value] = {**item.values, "role": match["role"]}
    return Item(item.start, item.end, item.how, values)
