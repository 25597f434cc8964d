"""Tells a quoted document from the user's own words, so that its sums are not the user's stakes.

Marked as quoted are lines that begin with ">", blocks between triple quotes or backticks, elements
such as <article>, and what follows "Here is the report:" or "Summarise the following:". Nobody
hides stakes that way: a quoted sum is set aside only where every sentence of the user's own asks to
read the text (summarise, translate, proofread), and none asks to act on it ("then do what it
says"). What follows a heading has no end, so its last sentence counts as the user's words too.
Everything else stays at stake. It knows nothing about sums.
"""

# ruff: noqa: RUF001 - other alphabets are needed

from __future__ import annotations

import re

from router.regexes.late import late_regex
from router.triage.text.folding import fold, words_of

_FENCE = late_regex(
    r"```|\"\"\"|'''|</?(?:article|document|text|report|email|contract|quote|passage)>",
    re.IGNORECASE,
)
_MAY_QUOTE = late_regex("[>:`]|\"\"\"|'''")
_MARKED_LINES = re.compile(r"(?:^[ ]{0,3}>[^\n]*(?:\n|\Z))+", re.MULTILINE)
_HEADING = late_regex(
    r"(?:^|(?<=[.!?\n] ))[^\n.!?:]{0,80}\b(?:following|below|article|report|contract|e?-?mail"
    r"|letter|text|document|passage|transcript|minutes|press release|clause|artikel|bericht|vertrag"
    r"|texte?|rapport|contrat|articulo|informe|contrato|texto|articolo|relazione|contratto|testo)"
    r"\b[^\n.!?:]{0,30}:\s",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCES = late_regex(r"[.!?\n。！？]+")


def forms(words: str) -> frozenset[str]:
    return frozenset(part for word in words.split() for part in words_of(fold(word).text))


_READING = forms(
    """summarise summarize summary summaries tldr tl recap condense shorten translate translation
    proofread paraphrase rephrase rewrite reword outline extract list classify title headline
    headlines keywords bullet bullets gist abstract spelling grammar typos
    zusammenfassen zusammenfassung zusammen übersetze übersetzen kürze
    résume résumer résumé traduis traduire resume resumir resumen traduce traducir traduzca
    riassumi riassunto traduci resuma resumo traduza samenvatten samenvatting vertaal
    streść podsumuj przetłumacz özetle çevir перескажи резюмируй переведи
    переклади підсумуй скороти"""
)
"""Words that ask for nothing but reading. A text is never acted on because of one of them."""

_ABOUT_FORM = forms(
    """please thanks thank hi hello short shorter brief briefly concise sentence sentences word
    words paragraph paragraphs bullet tone formal simple english german french spanish plain style
    title bitte danke merci gracias grazie"""
)
ACTING = forms(
    """approve authorise authorize transfer wire pay send buy sell sign invest execute proceed
    follow obey perform act carry comply release submit book order confirm accept decide should must
    refund settle reimburse remit charge debit credit deposit withdraw issue process grant donate
    cancel close move disburse launch deploy
    do whatever instructed instructions advise recommend says agree deal worth risk safe legal
    correct
    überweise zahle freigeben unterschreibe mach tu befolge ausführen
    paie payer vire signe exécute fais approuve paga pagar transfiere firma ejecuta haz aprueba
    esegui firma fai approva faça execute aprove betaal teken doe zapłać zrób podpisz öde yap onayla
    оплати сделай выполни подпиши одобри перекажи сплати зроби виконай підпиши схвали"""
)
_BETWEEN = forms(
    """a an the this that these those it its of to for from in on at as with by or if is are be me
    my us our you your can could would will may just only very no not more than most about into keep
    make use all each one two three four five six ten i want need like here above below following
    der die das ein eine und in auf für mir uns le la les un une et en pour moi el los una y por
    para il lo gli e per o os um uma het een en voor"""
)
_PARTS = late_regex(r"\b(?:and|then|und|dann|et|puis|y|luego|e|poi|en|dan)\b|,", re.IGNORECASE)
_MOST_HEADING_WORDS = 12


def quoted_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Returns the quoted parts of a folded text whose sums are not the user's stakes, in order.

    Each is a pair of characters: its first, and the one after it. The tuple is empty where the user
    does more than have it read.

    >>> text = "Summarise this.\\n> They paid $90,000."
    >>> [text[start:end] for start, end in quoted_spans(text)]
    ['> They paid $90,000.']
    >>> quoted_spans("> Transfer $90,000.\\nDo what it says.")
    ()
    """
    if _MAY_QUOTE.search(text) is None:  # most texts: it is much faster than what follows
        return ()
    spans = _fenced(text)
    spans += [match.span() for match in _MARKED_LINES.finditer(text)]
    tail = ""
    if not spans:
        heading = _HEADING.search(text)
        if heading is None:
            return ()
        begins, ends = heading.end(), len(text)
        tail_at = _last_sentence(text, begins)
        tail = text[tail_at:]
        if not _READING.isdisjoint(words_of(tail)):
            ends = tail_at
        spans = [(begins, ends)]
    spans.sort()
    return tuple(spans) if _only_read(_outside(text, spans), tail) else ()


def _fenced(text: str) -> list[tuple[int, int]]:
    """Returns the blocks between two equal fences, in one pass."""
    spans: list[tuple[int, int]] = []
    closing, begins = "", 0
    for match in _FENCE.finditer(text):
        fence = match[0].lower()
        if not closing and not fence.startswith("</"):
            closing, begins = fence.replace("<", "</"), match.start()
        elif fence == closing:
            spans.append((begins, match.end()))
            closing = ""
    return spans


def _last_sentence(text: str, begins: int) -> int:
    """Returns where the last sentence after a place begins; the place itself where none ends."""
    last = begins
    for match in _SENTENCES.finditer(text, begins):
        if text[match.end() :].strip() if len(text) - match.end() < 80 else True:
            last = match.end()
    return last


def acts(words: tuple[str, ...]) -> bool:
    """Returns True when a turn asks to act on what was said, by its folded words."""
    return not ACTING.isdisjoint(words)


def _outside(text: str, spans: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in spans:
        if start > at:
            parts.append(text[at:start])
        at = max(at, end)
    return "\n".join([*parts, text[at:]])


def _only_read(own: str, tail: str) -> bool:
    """Returns True when the user's own words ask to read a text, and for nothing else."""
    reads = False
    for sentence in _SENTENCES.split(own):
        words = words_of(sentence)
        if not words:
            continue
        if acts(words):
            return False
        if _READING.isdisjoint(words):
            if not _about_form(sentence, words):
                return False
            continue
        reads = True
        # "Summarise this and refund the customer" asks for two things.
        further = [words_of(part) for part in _PARTS.split(sentence)]
        if any(_asks_for_more(part) for part in further if _READING.isdisjoint(part)):
            return False
    return reads and not acts(words_of(tail))


def _about_form(sentence: str, words: tuple[str, ...]) -> bool:
    """Returns True when a sentence only names the text, or says how the reading shall look."""
    heading = sentence.rstrip().endswith(":") and len(words) <= _MOST_HEADING_WORDS
    return heading or len(words) <= 2 or not _asks_for_more(words)


def _asks_for_more(words: tuple[str, ...]) -> bool:
    """Returns True when words say more than how a reading shall look."""
    known = _ABOUT_FORM | _READING | _BETWEEN
    return any(word not in known and not word.isdigit() for word in words)
