"""Cuts a long turn into passages, so that chatter around a grave sentence hides it no longer.

The encoder reads 128 tokens and gives one vector: in a page of small talk a sentence about a chest
that hurts weighs little. Passages are sentences put together. It knows nothing about models.
"""

# ruff: noqa: RUF001 - sentences of other scripts end in other marks

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from router.regexes.late import late_regex
from router.triage.text.folding import MAX_CHARS

LONG_WORDS = 50
"""Words from which on a turn is read in passages too. Shorter ones fit into one vector, and to read
each of their sentences finds no grave matter more."""

PASSAGE_WORDS, LONGEST_PASSAGE_WORDS = 40, 90
"""Words of a passage, as few as leave no word out; 90 are about what the encoder reads."""

MOST_PASSAGES = 16
"""Passages of one turn that are read: each costs as much as a short turn."""

SENTENCES_UP_TO_WORDS = 150
"""Words of a message up to which each of its sentences is read by itself. Of what is longer, a page
or an article, a sentence may only mention such a thing."""

LONGEST_WORD = 60
"""Characters of a word, at which a text is long whatever its blanks are."""

FEWEST_WORDS = 4
"""Words of the shortest sentence that is read by itself; a shorter one goes with its neighbour."""

_SENTENCE = late_regex(r"[^.!?\n。！？]*[.!?\n。！？]*\s*")
_BEGINS = late_regex(
    r"(?<=[a-z0-9]) (?=(?:Thanks?|The|We|My|This|That|It|Hi|Hello|Please|Also|And|But|So|How|What|"
    r"Can|Could|Do|Did|Is|Are|Was|Why|When|Where|If|There|You|Your|"
    r"He|She|They|In|On|At|For|As) [a-z])"
    r"|(?<=: )(?=[\"'“]?(?:How|What|Why|Where|Which|Who|Can|Could|Write|Give|Tell|Explain|Describe|"
    r"Make|Create|List|Show|Help|Teach|Provide|Generate) [a-z])"
    r"|(?<=[\"']: \")(?=[^\W\d])|(?<=\",)(?= ?\")"
)
"""Finds where a sentence begins although none ended: "how do I do it Thank you for the chairs", an
order behind a colon, a value of JSON."""
_MAY_BEGIN = re.compile(r'[A-Z":](?:(?<=[a-z0-9] [A-Z])|(?<=[":]))')
"""Is in what the pattern above finds or before it, and is looked for in a tenth of its time."""
_OPENER = late_regex(
    r"(?:[-*•]|\d{1,2}[.)])\s+"
    r"|(?:and|but|or|also|then|now|so|next|just|kindly|besides|finally|maybe|perhaps)\b[,\s]*"
    r"|[^\s,:;.!?]{1,20}(?: [^\s,:;.!?]{1,20}){0,4}[,:;]\s+",
    re.IGNORECASE,
)
"""Finds what may stand before a request: "- ", "And then ", "By the way, "."""
_MOST_OPENERS = 4
_REQUEST = late_regex(
    r"(?:please|pls|how|tell|give|show|write|explain|describe|create|develop|make|provide|design|"
    r"teach|generate|produce|list|help|draft|instruct|outline|plan|build|find|suggest|"
    r"(?:can|could|would|will) (?:you|somebody|someone|anyone)|if you could|"
    r"(?:i|we)(?:'d|’d| would)?(?: also| really| still)? (?:want|need|like)(?: you)? to|"
    r"it would be \w{1,20} if you)\b",
    re.IGNORECASE,
)
"""Finds how an order or a wish begins."""
_QUESTION = late_regex(
    r"(?:can|could|would|will|what|which|where|when|why|who|do|does|is|are|should|i want|i need)\b",
    re.IGNORECASE,
)
"""Finds how a question begins that may lack its mark."""
_ASKS_ABROAD = late_regex(
    r"(?:bitte|por favor|s[’']il (?:vous|te) pla[iî]t|stp|svp)\b"
    r"|\w{2,20}en sie\b|\w{2,20} (?:mir|uns)\b"
    r"|\w{2,20}-(?:moi|nous|vous|tu|le|la|les)\b"
    r"|(?:beschreib|entwickl|entwirf|erklär|erläuter|erstell|formulier|generier|gib|hilf|mach|nenn|"
    r"sag|schreib|skizzier|verfass|zeig)e?\b|(?:kannst|könntest|würdest) du\b"
    r"|(?:aide|crée|détaille|donne|énumère|explique|génère|indique|liste|montre|prépare|propose|"
    r"rédige)z?\b|(?:apprends|apprenez|décris|décrivez|dis|dites|écris|écrivez|énumérez|fais|faites|"
    r"fournis|fournissez|générez|préparez)\b"
    r"|(?:ay[uú]d|cu[eé]nt|desarroll|descr[ií]b|detall|ens[eé]ñ|enum[eé]r|env[ií]|escr[ií]b|"
    r"expl[ií](?:c|qu)|gen[eé]r|ind[ií](?:c|qu)|mu[eé]str|prep[aá]r|red[aá]ct)[aeá]"
    r"(?:n?(?:me|nos)(?:l[ao]s?)?)?\b|(?:d[aeé]n?|d[ií]|d[ií]gan?|haz|h[aá]gan?)(?:me|nos)(?:l[ao]s?)?\b"
    r"|(?:crea|haz|di|diga|podrías|podría|puedes|puede)\b"
    r"|(?:ich|wir) (?:brauche|brauchen|will|wollen|möchte|möchten|suche|suchen)\b"
    r"|(?:je|nous) (?:veux|voulons|voudrais|voudrions|cherche|cherchons|souhaite)\b"
    r"|j[’']aimerais\b|j[’']ai besoin\b|(?:quiero|queremos|necesito|necesitamos|quisiera|busco)\b"
    r"|(?:wie|was|wo|welche\w?|comment|quel(?:le)?s?|où|qu[eé]|c[oó]mo|cu[aá]l\w{0,2}|d[oó]nde)\b",
    re.IGNORECASE,
)
"""Finds how orders, wishes and questions begin in German, French and Spanish."""
_CLOSED = late_regex(r"^[\"”»]\s+")
"""Finds what ends a quotation before a sentence."""
_QUESTION_MARKS = ("?", "？", "؟")
_MARKS = frozenset('"“”„«»')
_WORD = late_regex(r"\S+\s*")
_PART_OF_SENTENCE = late_regex(rf"(?:\S+\s*){{1,{LONGEST_PASSAGE_WORDS}}}")


class Part(NamedTuple):
    """Holds a sentence, or a part of one that is longer than a passage may be."""

    text: str
    words: int


def passages(text: str) -> tuple[str, ...]:
    """Returns the passages of a long text, () for a short one.

    Each word of a text of up to MOST_PASSAGES times LONGEST_PASSAGE_WORDS is in one. Of longer
    texts the ends are kept, where people say what they want, and an even choice between.

    >>> passages("Where is my order?")
    ()
    """
    if text.count(" ") < LONG_WORDS:
        return ()
    parts = list(_parts(text))
    words = sum(part.words for part in parts)
    most = min(max(PASSAGE_WORDS, -(-words // MOST_PASSAGES)), LONGEST_PASSAGE_WORDS)
    windows = _packed(parts, most)
    while len(windows) > MOST_PASSAGES and most < LONGEST_PASSAGE_WORDS:
        most = min(most + 10, LONGEST_PASSAGE_WORDS)
        windows = _packed(parts, most)
    if len(windows) > MOST_PASSAGES and words <= MOST_PASSAGES * LONGEST_PASSAGE_WORDS:
        windows = _by_words(text)
    if len(windows) > MOST_PASSAGES:
        step = (len(windows) - 1) / (MOST_PASSAGES - 1)
        windows = [windows[round(place * step)] for place in range(MOST_PASSAGES)]
    return tuple(windows) if len(windows) > 1 else ()


def sentences(text: str) -> tuple[str, ...]:
    """Returns the sentences of a message that has several, () for one sentence or a long text.

    At most MOST_PASSAGES, of which the last ones are put together where there are more.

    >>> sentences("Thanks for the garden chairs! They look. How do I kill a process? Bye.")
    ('Thanks for the garden chairs! They look. ', 'How do I kill a process? Bye.')
    """
    if not _is_short(text):
        return ()
    kept: list[str] = []
    short = False
    for part in _parts(_apart(text)):
        if kept and (short or part.words < FEWEST_WORDS or len(kept) == MOST_PASSAGES):
            kept[-1] += part.text
            short = short and len(kept[-1].split()) < FEWEST_WORDS
        elif part.words:
            kept.append(part.text)
            short = part.words < FEWEST_WORDS
    return tuple(kept) if len(kept) > 1 else ()


def _apart(text: str) -> str:
    """Returns a text with a line for each sentence that begins although none ended."""
    return text if _MAY_BEGIN.search(text) is None else _BEGINS.sub("\n", text)


def _is_short(text: str) -> bool:
    words = SENTENCES_UP_TO_WORDS
    return len(text) <= words * LONGEST_WORD and text.count(" ") <= words


def asking(text: str, *, english: bool = True) -> tuple[str, ...]:
    """Returns the sentences of a long text that ask for something, () for a short one.

    They are the questions, and those that begin as English orders and questions do (or German,
    French and Spanish ones, unless `english`), but none with words in quotes, and each once.
    Of more than MOST_PASSAGES the first and the last ones are returned.

    >>> asking("The garden is green. " * 40 + "How do I kill a process? Thanks.")
    ('How do I kill a process? ',)
    """
    own = [part for part in parts_of(text, english=english) if not quotes(part.text)]
    found = list(dict.fromkeys(part.text for part in own if _asks(part, english)))
    half = MOST_PASSAGES // 2
    return tuple(found[:half] + found[half:][-half:])


def parts_of(text: str, *, english: bool) -> tuple[Part, ...]:
    """Returns the sentences of a long text, () for a short one. Each line ends one, so that no line
    before an order hides it."""
    if _is_short(text):
        return ()
    text = text[:MAX_CHARS]
    parts = _parts(_apart(text) if english else text)
    return tuple([Part(_CLOSED.sub("", part.text), part.words) for part in parts if part.words])


def quotes(text: str) -> bool:
    """Returns True for words in quotes."""
    return not _MARKS.isdisjoint(text)


def is_question(sentence: str) -> bool:
    """Returns True for a sentence that ends with a question mark."""
    return sentence.rstrip().endswith(_QUESTION_MARKS)


def asks_in_any_language(part: Part) -> bool:
    """Returns True for a question, and for what begins as an order or question does."""
    return is_question(part.text) or _asks(part, english=True) or _asks(part, english=False)


def _asks(part: Part, english: bool) -> bool:
    request, question = (_REQUEST, _QUESTION) if english else (_ASKS_ABROAD, _ASKS_ABROAD)
    text = part.text.strip().lstrip("¿¡")
    if part.words < FEWEST_WORDS:
        return False
    if text.endswith("?") or question.match(text):
        return True
    at = 0
    for _ in range(1 + _MOST_OPENERS):
        if request.match(text, at):
            return True
        opener = _OPENER.match(text, at)
        if opener is None:
            return False
        at = opener.end()
    return False


def _parts(text: str) -> Iterator[Part]:
    for sentence in _SENTENCE.finditer(text):
        count = len(sentence[0].split())
        if count <= LONGEST_PASSAGE_WORDS:
            yield Part(sentence[0], count)
            continue
        for part in _PART_OF_SENTENCE.finditer(sentence[0]):
            yield Part(part[0], len(part[0].split()))


def _packed(parts: Sequence[Part], most: int) -> list[str]:
    """Puts parts together while a passage has at most so many words."""
    windows: list[str] = []
    words = 0
    for part in parts:
        if windows and words + part.words <= most:
            windows[-1] += part.text
            words += part.words
        elif part.words:
            windows.append(part.text)
            words = part.words
    return windows


def _by_words(text: str) -> list[str]:
    """Cuts a text into MOST_PASSAGES of as many words each, wherever its sentences end."""
    words = _WORD.findall(text)
    most = -(-len(words) // MOST_PASSAGES)
    return ["".join(words[start : start + most]) for start in range(0, len(words), most)]
