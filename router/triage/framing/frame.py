"""Leaves out what frames a question: "Dear Sir or Madam", "Can you help me?", "Kind regards, Ana".

A frame asks for nothing, and beside one a known question looks like another. A sentence is one
where no word of it names a thing; the name of a person may stand beside a greeting or a closing. It
knows nothing about models or policies.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from router.regexes.late import late_regex
from router.triage.framing.introductions import may_introduce, without_introductions
from router.triage.framing.words import FrameWords, frame_words
from router.triage.text.folding import fold

LEAST_WORDS = 2
"""Words that must be left: one word asks for too little."""
MOST_CHARACTERS = 1_000
"""A longer letter is no known question, whatever frames it."""

_MOST_WORDS = 40  # of a sentence that is a frame
_MOST_NAMES = 3  # words of a name
_MOST_LINES = 6  # of a signature
_MOST_SIGNED = 8  # words of such a line
_MOST_PLAIN = 1  # of them that are no name
_DASHES = "-\u2013\u2014"
_NAME = r"(?-i:[A-ZÀ-ÖØ-ÞĀ-Ž][\w'\u2019-]*\.?)"
_GAP = re.compile(
    r"[.!?;:,\u2026](?<!\b[MDS]rs\.)(?<!\b[MDS][rs]\.)(?<!\bSra\.)\s+|\n\s*| [\u2013\u2014-]+\s+"
    "|[\U0001f300-\U0001faff\u2600-\u27bf]+\\s+"
)
_MARK = re.compile(r"[^A-Za-z0-9' ]")
"""Finds the first character that may be a gap's: a search for a gap takes ten times as long."""
_NAMED = late_regex(
    r"(?:this is|hier ist|hier spricht|hier schreibt|ici|soy|sono|hier is|z tej strony|aqui é|"
    rf"aqui fala) {_NAME}(?: {_NAME}){{0,2}}|"
    rf"{_NAME}(?: {_NAME})? (?:here|hier|ici|aqui|aquí)",
    re.IGNORECASE,
)
SENT_FROM = late_regex(
    r"(?:sent from|sent via|get outlook|von meine[mr] .{1,20} gesendet|gesendet (?:von|mit|aus)|"
    r"envoyé de(?:puis)?|enviado (?:desde|do|de|a partir)|inviato da|verzonden (?:vanaf|met|via)|"
    r"wysłan[eoy] z|mit freundlichen grüßen gesendet).{0,40}",
    re.IGNORECASE,
)
_LABELLED = late_regex(
    r"(?:name|full name|first name|surname|address|phone|tel|telephone|telefon|mobile?|mobil|handy|"
    r"cell|fax|e-?mail|mail|vorname|nachname|adresse|kd\.?-?nr|(?:kunden|vertrags|bestell|konto|"
    r"rechnungs|auftrags)-?(?:nr|nummer)|nom|prénom|téléphone|tél|portable|nombre|apellidos?|"
    r"dirección|teléfono|móvil|correo|nome|cognome|indirizzo|cellulare|naam|adres|telefoon|gsm|"
    r"imię|imię i nazwisko|nazwisko|morada|endereço|telefone|telemóvel|celular|cpf|nif|dni|"
    r"pesel|(?:customer|client|account|order|contract|member|policy)(?: (?:id|no|number|nr))?"
    r"|n[°ºo.]{1,2} ?(?:de )?(?:client|cliente|commande|compte|pedido|contrato|contrat)|"
    r"(?:klant|bestel|contract)-?(?:nr|nummer)|nr (?:klienta|zamówienia|umowy)|"
    r"c[oó]d(?:ice|igo|\.)? (?:cliente|do cliente)|r[eé]f(?:erence|érence|\.)?(?: client)?)"
    # A number may stand without a colon; other words may not ("Client account closed"), nor short
    # numbers ("Phone 15").
    r"(?:\.?\s?[:#]\s?.{1,60}|\.?\s?[A-Z]{0,4}[-/]?\d\d[\w/-]{2,30})",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_INSIDE = re.compile(r"\w(?:.*\w)?", re.DOTALL)
_BRIDGES = frozenset(
    fold(
        "but question questions query aber frage fragen mais pero pregunta duda consulta ma "
        "domanda maar vraag vraagje ale pytanie pytanko mas pergunta dúvida preguntita perguntinha "
        "pls plz please bitte svp porfa cosa scusi scusa disculpa disculpe perdón vragen aub proszę"
    ).words
)
"""Words after which the question itself may begin: "sorry to bother you but how much is it"."""
_BUT_WORDS = ("but", "aber", "mais", "pero", "ma", "maar", "ale", "mas", "so", "and")
_BUT = frozenset((word,) for word in _BUT_WORDS)
_ABOUT = frozenset(
    fold(
        "about regarding concerning re zu zum zur wegen über bezüglich sur concernant sobre acerca "
        "riguardo sulla sul over dotyczące"
    ).words
)
"""Words after which no question begins: "I have a question about returns"."""


def may_be_framed(text: str, words: Collection[str], language: str = "en") -> bool:
    """Returns False for a text that `without_frame` leaves as it is; most texts are such ones."""
    if len(text) > MOST_CHARACTERS:
        return False
    return not frame_words(language).cues.isdisjoint(words) or _has_parts(text)


@lru_cache(maxsize=16)  # triage and the exact tools ask about one message
def _has_parts(text: str) -> bool:
    """Returns True for a text with a gap in it, or that may say who writes."""
    mark = _MARK.search(text)
    gap = mark is not None and _GAP.search(text, max(mark.start() - 1, 0)) is not None
    return gap or may_introduce(text)


@lru_cache(maxsize=16)  # triage and the exact tools ask about one message
def without_frame(text: str, words: tuple[str, ...], language: str = "en") -> str:
    r"""Returns a text without its frame; unchanged where it has none, or where little else is left.

    `words` are the folded ones of the text. A language without a list of words reads as English.

    >>> letter = "Dear Sir or Madam,\ncan I pay by card?\n\nKind regards\nAna Silva"
    >>> without_frame(letter, fold(letter).words)
    'can I pay by card?'
    >>> chat = "Hallo, ich habe eine Frage: Was kostet der Versand? Danke im Voraus!"
    >>> without_frame(chat, fold(chat).words, "de")
    'Was kostet der Versand?'
    """
    if not may_be_framed(text, words, language):
        return text
    known = frame_words(language)
    rest = without_introductions(text)
    lines = [line for line in _edged(rest).split("\n") if not _only_tells(_bare(line))]
    pieces = _unframed(_unsigned(list(_pieces("\n".join(lines))), known), known)
    rest = _edged(_trimmed(_edged("".join(pieces)), known))
    unframed = len(rest) < len(_edged(text)) and rest.count(" ") + 1 >= LEAST_WORDS
    return rest if unframed else text


def _edged(text: str) -> str:
    """Returns a text without the space, dashes and commas around it."""
    return text.strip(f" \n\t\r,{_DASHES}")


def _pieces(text: str) -> Iterator[str]:
    """Yields the pieces of a text, each with what parts it from the next."""
    begin = 0
    for gap in _GAP.finditer(text):
        yield text[begin : gap.end()]
        begin = gap.end()
    yield text[begin:]


def _bare(piece: str) -> str:
    """Returns a piece from its first letter or digit to its last one."""
    inside = _INSIDE.search(piece)
    return "" if inside is None else inside[0]


def _only_tells(bare: str) -> bool:
    """Returns True for "Sent from my phone", and for a line such as "Phone: 555 0100"."""
    return bool(SENT_FROM.fullmatch(bare) or _LABELLED.fullmatch(bare))


def _frames(bare: str, known: FrameWords) -> bool:
    """Returns True where no word of a piece names a thing; a name may stand beside a courtesy."""
    words = fold(" ".join([token for token in bare.split() if "@" not in token])).words
    if len(words) > _MOST_WORDS:
        return False
    unknown = [word for word in words if word not in known.all and not _DIGIT.search(word)]
    if not unknown:
        return True
    if len(unknown) > _MOST_NAMES or known.named.isdisjoint(words):
        return False
    if bare.isupper() and len(unknown) > 1:
        return False
    names = {word for token in bare.split() if not token[0].islower() for word in fold(token).words}
    return names.issuperset(unknown)


def _asks(piece: str, known: FrameWords) -> bool:
    """Returns True for a question that is no request for help: "What is it?" may ask for it."""
    return "?" in piece and known.cues.isdisjoint(fold(piece).words)


def _unframed(pieces: Sequence[str], known: FrameWords) -> list[str]:
    """Returns the pieces without sentences that are frames, and without frames at either end.

    "Let me know, please, when the parcel comes" is one sentence.
    """
    kept: list[list[str]] = []
    for sentence in _sentences(pieces):
        whole = "".join(sentence)
        names = _NAMED.fullmatch(_bare(whole)) is not None
        if _asks(whole, known) or not (names or _frames(_bare(whole), known)):
            kept.append(sentence)
    while kept and kept[0] and _greets(kept[0][0], known):
        kept[0] = kept[0][1:]
    while kept and len(kept[-1]) > 1 and _parts(kept[-1][-1], known):
        kept[-1] = kept[-1][:-1]
    return [piece for sentence in kept for piece in sentence]


def _greets(piece: str, known: FrameWords) -> bool:
    """Returns True for a courtesy before the rest of a sentence, but not for "As a customer,"."""
    bare = _bare(piece)
    courteous = not known.cues.isdisjoint(fold(bare).words)
    return bool(_NAMED.fullmatch(bare)) or (courteous and _frames(bare, known))


def _parts(piece: str, known: FrameWords) -> bool:
    """Returns True for a courtesy behind a question: ", thanks a lot", not ", do you have it"."""
    words = fold(_bare(piece)).words
    courteous = bool(words) and (words[0] in known.ending or words[0] in known.named)
    return courteous and _frames(_bare(piece), known)


def _sentences(pieces: Sequence[str]) -> Iterator[list[str]]:
    """Yields the pieces of each sentence."""
    sentence: list[str] = []
    for piece in pieces:
        sentence.append(piece)
        if not piece.rstrip(" ").endswith(","):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _unsigned(pieces: Sequence[str], known: FrameWords) -> list[str]:
    """Returns the pieces without a closing and the lines of a signature behind it."""
    at, lines = len(pieces), 0
    end = at
    while at > 1:
        bare = _bare(pieces[at - 1])
        if _closes(bare, known):
            end, lines = at - 1, 0
        elif not bare or (lines < _MOST_LINES and _is_signature(bare, known)):
            lines += 1
        else:
            break
        at -= 1
    return list(pieces[:end])


def _closes(bare: str, known: FrameWords) -> bool:
    """Returns True for a closing: "Kind regards", "Best", "please advise"."""
    words = fold(bare).words
    if words == ("best",):
        return True
    return not known.cues.isdisjoint(words) and _frames(bare, known)


def _is_signature(bare: str, known: FrameWords) -> bool:
    """Returns True for a line of names and numbers: "Office Manager | T: 555 0100".

    "I Know Where You Live" is none: it is written like a name, and its words are not.
    """
    tokens = bare.split()
    if not 0 < len(tokens) <= _MOST_SIGNED or tokens[0][0].islower():
        return False
    named = sum([not token[0].islower() or "@" in token for token in tokens])
    plain = sum([not known.all.isdisjoint(fold(token).words) for token in tokens])
    return 2 * named > len(tokens) and plain <= _MOST_PLAIN


def _trimmed(text: str, known: FrameWords) -> str:
    """Returns a text without a frame that no mark parts from the question.

    "hi i have a question can I pay by card thx Ana" asks whether one can pay by card.
    """
    tokens = text.split(" ")
    if len(tokens) < LEAST_WORDS + 1:
        return text
    first, last = _beginning(tokens, known), _ending(tokens, known)
    return " ".join(tokens[first:last]) if last - first >= LEAST_WORDS else text


def _beginning(tokens: Sequence[str], known: FrameWords) -> int:
    """Returns where the question begins behind a greeting, or behind "but" and its like."""
    if fold(tokens[0]).words[:1] in _BUT:
        return 1
    begins, cue = 0, False
    for i, token in enumerate(tokens):
        words = fold(token).words
        if not known.all.issuperset(words):
            break
        cue = cue or not known.cues.isdisjoint(words)
        greets = i == begins and not known.named.isdisjoint(words)
        if greets or (cue and not _BRIDGES.isdisjoint(words)):
            begins = i + 1
    if begins < len(tokens) and not _ABOUT.isdisjoint(fold(tokens[begins]).words):
        return 0
    return begins


def _ending(tokens: Sequence[str], known: FrameWords) -> int:
    """Returns where a closing begins behind the question; the number of words where none does."""
    if known.ending.isdisjoint(fold(" ".join(tokens)).words):
        return len(tokens)
    for i in range(max(LEAST_WORDS, len(tokens) - _MOST_WORDS), len(tokens)):
        if known.ending.isdisjoint(fold(tokens[i]).words):
            continue
        if _frames(_bare(" ".join(tokens[i:])), known):
            return i
    return len(tokens)
