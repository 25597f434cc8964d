"""Leaves out a signature and a notice of confidentiality at the end of a message.

A firm's name decided what a message was: "Where is the export button?" above "Chest Pain Clinic"
got the words of an emergency, and a notice that "may lead to legal action" a lawyer's. Such lines
are nobody's matter, so that nothing is looked for in them. To keep that safe, a block of lines goes
only where all of them look like one: short, in names and numbers, no sentence, no order, no word of
a person who tells or asks. "Thanks" above "chest pain, left arm numb" signs nothing. What is left
is read as the message. It knows nothing about models or policies.
"""

# ruff: noqa: RUF001, SIM905 - other languages; word lists read better as text

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from router.regexes.late import late_regex
from router.triage.framing.contact_details import CLOSINGS
from router.triage.text.folding import fold
from router.triage.text.quotes import ACTING

MOST_LINES = 8
MOST_WORDS = 16
"""Words of a line of a signature."""
MOST_CHARACTERS = 4_000
"""A longer text is a document."""
LEAST_WORDS = 2
"""Words that must be left."""

_TOLD = frozenset(
    """i im ive id ill my me mine myself he hes him his she shes her hers they theyre them their
    someone somebody anyone nobody baby child kid son daughter husband wife mum mom dad friend
    please pls help how what whats why when where who which can cant cannot could should would do
    does did dont need want wants have has had was were am will tonight today tomorrow now urgent
    urgently asap just because but if then not
    ich mir mich mein meine meinen meinem meiner er ihn ihm wir uns bitte wie warum hilfe
    je j moi mon ma mes il elle nous vous pourquoi comment aide yo mi mis el ella ayuda como
    io mio mia lui lei aiuto come eu meu minha ele ela ajuda ik mijn hij zij hoe moj moja jestem mam
    ben benim""".split()
)
"""Words of somebody who tells or asks something; a signature has none of them."""
_PEOPLE = frozenset(
    """i im ive me my mine he him his she her hers ich mir mich mein meine meinem meinen meiner je
    mon ma mes yo mi mis io mio mia eu meu minha ik mijn moj moja benim""".split()
)
"""Words of a person, which a notice has none of."""
_DELIMITER = late_regex(r"--|—|–|_{2,}")
_CLOSING = late_regex(
    r"(?:(?:(?:with )?(?:kind|best|warm|many) )?(?:regards|wishes|thanks)|thank you|thx|cheers|"
    r"best|sincerely|(?:yours )?(?:sincerely|faithfully|truly)|thanks (?:a (?:lot|million|bunch)|"
    r"so much|again|in advance|and (?:kind |best )?regards)|(?:mit )?(?:freundlichen?|herzlichen?|"
    r"besten?|lieben?|viele|schöne) (?:grü(?:ß|ss)en?|dank)|danke|merci|bien cordialement|gracias|"
    rf"grazie|obrigad[oa]|groet(?:en|jes)?|{CLOSINGS})[\s,.!]*",
    re.IGNORECASE,
)
_SENT_BY = late_regex(
    r"(?:sent (?:by|from|on behalf of)|gesendet von|envoyé (?:par|de)|enviado (?:por|desde)|"
    r"inviato da|verzonden (?:door|vanaf)|wysłan[eo] (?:z|przez)) .{2,90}",
    re.IGNORECASE,
)
_OFFICE = late_regex(
    r"\b(?:cent(?:er|re)|clinic|hospital|practice|inc|ltd|llc|llp|plc|gmbh|ag|kg|srl|bv|university|"
    r"school|college|department|dept|services?|group|institute|office|bank|agency|company|co|corp|"
    r"foundation|alliance|association|society|partners|consulting|solutions|labs?|hotline|"
    r"advisors|advisory|attorneys?|lawyers?|solicitors|notary|pharmacy|klinik|praxis|kanzlei|"
    r"clinique|cabinet|clínica|bufete|studio)\b",
    re.IGNORECASE,
)
_NAMES = late_regex(r"(?:(?:[A-ZÀ-ÖØ-Þ]|\d)[^\s]*|&|and|of|the|for|und|für|de|du|la|y|e|di|van)")
_ORDERS = (ACTING - {"legal", "safe", "deal", "risk", "credit"}) | frozenset(
    """delete drop wipe erase purge truncate remove destroy overwrite disable revoke ignore kill
    losche supprime borra elimina apaga verwijder usun sil""".split()
)
"""Words with which an order begins, however it is capitalised."""
_LABELS = frozenset(
    """ext tel phone fax mobile mob cell direct office email mail web www at by from und and of the
    for de du des la le les y e di del della van der den von zu bei für pour para per i w z na to
    no nr st dr sent on behalf gesendet envoyé par enviado por desde inviato da verzonden door vanaf
    wysłane wysłano przez plc co inc ltd llp llc gmbh ag kg srl bv nv""".split()
)
"""Words in small letters that stand between the names and numbers of a signature."""
_FOR_ALL = late_regex(
    r"(?:if you are in (?:crisis|danger|distress)|in (?:an|case of) emergency)\b.{0,60}",
    re.IGNORECASE,
)
"""Matches what an office tells everybody below its name."""
_NOTICE = late_regex(
    r"(?:(?:legal |confidentiality |e-?mail )?(?:disclaimer|notice)\b|confidential(?:ity)?\b|"
    r"(?:this|the (?:information|contents?) (?:contained )?(?:in|of) this) (?:e-?mail|message|"
    r"communication|transmission)|un-?authori[sz]ed (?:disclosure|use|copying|distribution)|any "
    r"(?:un-?authori[sz]ed )?(?:disclosure|use|copying|distribution)|if you (?:are not "
    r"the intended|have received this)|"
    r"diese (?:e-?mail|nachricht)|der inhalt dieser|ce (?:message|courriel|mail)|este (?:mensaje|"
    r"correo|e-?mail)|esta mensagem|questo messaggio|questa (?:e-?mail|comunicazione)|"
    r"(?:dit bericht|deze e-?mail)|ta wiadomość|niniejsza wiadomość|bu (?:e-?posta|mesaj))",
    re.IGNORECASE,
)
_SAYS_SO = late_regex(
    r"confiden[tc]i|vertraulich|vertrouwelijk|poufn|gizli|privileg|addressee|intended (?:only |"
    r"solely )?for|intended recipient|unauthori|disclos|destinat[aá]ri|riservat|bestimmt|in error",
    re.IGNORECASE,
)
_SENTENCES = late_regex(r"(?<=[.!])\s+(?=[A-ZÀ-ÖØ-Þ])|\s\|\s")
_IN_ADDRESS = late_regex(r"[\d@]|\w\.\w|://")
_MONEY = late_regex(r"[$€£¥]|\d{5}\s?(?:eur|usd|gbp)", re.IGNORECASE)


def without_signature(text: str) -> str:
    r"""Returns a message without its signature and its notice; the same text where it has none.

    >>> without_signature("Where is the export button?\n--\nAnn Lee\nChest Pain Clinic")
    'Where is the export button?'
    >>> text = "Where is it?\n--\nMy dad has a chest pain"
    >>> without_signature(text) == text
    True
    """
    if "\n" not in text or len(text) > MOST_CHARACTERS:
        return text
    lines = text.rstrip().split("\n")
    kept = _without_notice(lines)
    kept = _without_block(kept)
    if len(kept) == len(lines) and kept == lines:
        return text
    rest = "\n".join(kept).rstrip()
    return rest if len(fold(rest).words) >= LEAST_WORDS else text


def _without_notice(lines: Sequence[str]) -> list[str]:
    """Returns the lines without the sentences of a notice at their end."""
    kept = list(lines)
    while len(kept) > 1:
        parts = _SENTENCES.split(kept[-1].strip())
        left = len(parts)
        while left and (not parts[left - 1].strip() or _is_notice(parts[:left])):
            left -= 1
        if left == len(parts):
            break
        rest = " ".join(parts[:left]).strip()
        kept.pop()
        if rest:
            kept.append(rest)
            break
    return kept


def _is_notice(sentences: Sequence[str]) -> bool:
    """Returns True where the last of these sentences is of a notice, and nobody's own words."""
    last = sentences[-1].strip(" |*_-")
    if not _NOTICE.match(last):
        return False
    words = fold(last).words
    return _SAYS_SO.search(last) is not None and _PEOPLE.isdisjoint(words)


def _without_block(lines: Sequence[str]) -> list[str]:
    """Returns the lines without the block at their end that somebody signs with."""
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    for start in range(max(1, len(kept) - MOST_LINES - 1), len(kept)):
        line, block = kept[start].strip(), [one for one in kept[start + 1 :] if one.strip()]
        opens = _DELIMITER.fullmatch(line) or _CLOSING.fullmatch(line)
        if opens and block and all(map(signs, block)):
            return kept[:start]
    last = kept[-1].strip() if len(kept) > 1 else ""
    if _SENT_BY.fullmatch(last) and signs(last):
        return kept[:-1]
    apart = len(kept) > 2 and not kept[-2].strip()
    return kept[:-1] if apart and _names_office(last) else kept


def signs(line: str) -> bool:
    """Returns True for a line that may stand in a signature: no sentence, and nobody's words."""
    parts = [part.strip() for part in line.split("|")]
    own = [part for part in parts if part and not _FOR_ALL.fullmatch(part)]
    words = [word for part in own for word in fold(part).words]
    if len(words) > MOST_WORDS or "?" in line or _MONEY.search(line):
        return False
    if any(part.endswith(("!", ";")) for part in own):
        return False
    if (words and words[0] in _ORDERS) or not all(map(_names_somebody, own)):
        return False
    # "Staff no 417" denies nothing.
    denies = any(word == "no" and not after.isdigit() for word, after in pairwise([*words, ""]))
    return not denies and _TOLD.isdisjoint(words)


def _names_somebody(part: str) -> bool:
    """Returns True for words that each are a name, a number, an address or stand between these.

    Names have a capital. Scripts without capitals have none that could be told from other words.
    """
    words = [word for piece in part.split() for word in [piece.strip("-–—.,:;&/()*_'\"®")] if word]
    return all(
        [
            word[0].isupper() or word.lower() in _LABELS or _IN_ADDRESS.search(word) is not None
            for word in words
        ]
    )


def _names_office(line: str) -> bool:
    """Returns True for a line of names with commas between, one of them an office's."""
    names = [name.strip() for name in line.split(",")]
    if len(names) < 2 or not signs(line) or line.endswith((".", ":")):
        return False
    return _OFFICE.search(line) is not None and all(
        _NAMES.fullmatch(word) for name in names for word in name.split()
    )
