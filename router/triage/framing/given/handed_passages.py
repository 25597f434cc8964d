"""Parts a question from the passages that a program hands over with it, as retrieval does.

"Answer from the sources below. [1] ... [2] ... Question: When is the pool open?" asks for hours,
whatever the sources tell of drowning. Only a plain look-up is parted: who asks what to do, or
whether something is safe, may mean what the passages tell. It knows nothing about models.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from router.regexes.late import late_regex

LEAST_WORDS = 30
"""Words of passages beside a question that no label marks."""
LEAST_LABELLED = 10
"""Words of passages and their instructions beside a labelled question."""
MOST_INSTRUCTIONS = 80
"""Words before a question that stands first."""
MOST_WORDS = 40
"""Words of the question: a longer one tells a story of its own."""

_LABEL = (
    r"(?:(?:the |my |new |final |current |actual )?(?:(?:end[ -]?)?user|customer|client|guest|"
    r"visitor|employee|reader|follow-?up)?(?:['\u2019]s)?[ _]?(?:question|query)|(?:benutzer|"
    r"kunden|nutzer)?frage|question de l['\u2019]\w+|pregunta|consulta|domanda|vraag|pergunta|"
    r"pytanie|質問|q)"
)
_ASKED = late_regex(
    rf"^[ \t]*+(?:<({_LABEL})>|[#*>\-=\[ \t]{{0,8}}(?:(?:the|your) )?{_LABEL}(?: (?:is|from|of|by)"
    r"(?: [\w-]{1,30}){0,3})?[\]*= \t]{0,5}(?:[:.\uff1a]|\n)[*= \t]{0,4})",
    re.IGNORECASE | re.MULTILINE,
)
"""Finds the label before the question, at the start of a line."""
_BEHIND = late_regex(
    r"(?:[#*\-=<> \t]{0,8}(?:(?:your |the |a )?(?:helpful |final |short |concise )?(?:answer|"
    r"response|reply|output|assistant|a)|(?:hilfreiche )?antwort|réponse|respuesta|risposta|"
    r"antwoord|resposta|odpowiedź|回答)(?: ?\([^()\n]{1,40}\))?[*> \t]{0,5}[:\uff1a]?[*> \t]{0,4}|"
    r"[-=*_\s]*|(?:write|give|put|place) (?:the|your) answer [^\n]{0,60}|(?:answer|respond|reply|"
    r"keep|be)\b[^\n]{0,80})",
    re.IGNORECASE,
)
"""Matches what programs put behind the question where nothing else follows."""
_HEADING = late_regex(
    r"\n[ \t]*(?:[#*<\-=\[ \t]{0,8}(?:retrieved |relevant |the )?(?:context|documents?|sources?|"
    r"passages?|excerpts?|snippets?|chunks?|search results|kontext|quellen|dokumente|contexte|"
    r"contexto|fuentes|contesto|fonti|kontekst|bronnen|fontes|content|material|materials|"
    r"excerpts? from|known information|knowledge base|extraits?|fragmentos?|estratti|input|text|"
    r"manual excerpts|title|company documents|docs?|doc_\d|file=[^\n]{1,80}|contexto|gevonden|"
    r"relevant [\w ]{1,30}|page content|kontextinformationen|資料)\b)",
    re.IGNORECASE,
)
"""Finds the heading of passages that follow a question."""
_THINGS = (
    r"(?:context|passages?|documents?|docs|sources?|excerpts?|snippets?|articles?|extracts?|"
    r"chunks?|search results|results|knowledge base|reference text|handbook pages?|sections?|"
    r"kontext\w*|auszüge\w*|quellen?|dokumente\w*|abschnitte\w*|textstell\w*|textausz\w*|passagen|"
    r"fundstellen|contexte|extraits?|passages|sources|contexto|fragmentos?|fuentes?|documentos?|"
    r"pasajes?|contesto|estratti|fonti|documenti|brani|bronnen|documenten|fragmenten|passages|"
    r"trechos?|fontes?|kontekstu?|fragmentów|źródeł|dokumentów)"
)
_TOLD = late_regex(
    r"\b(?:us(?:e|ing)|based|from|given|according|consult|with|provided|retrieved|following|these|"
    r"below|above|only|in|is|are|verwende|nutze|anhand|aus|basierend|folgende\w*|gemäß|nur|"
    r"à partir|d['\u2019]après|selon|suivants?|suivantes?|sur|dans|im|in den|utilise\w*|según|"
    r"con base|usa|usando|siguientes?|basándote|secondo|in base|seguenti|gebruik|op basis|"
    r"volgende|segundo|com base|seguintes|na podstawie|poniższych)"
    rf"[ \t](?:[\w'\u2019-]+[ \t]){{0,7}}?{_THINGS}\b|\b(?:answer|reply|respond|antwort\w*|"
    r"beantwort\w*|répond\w*|respond\w*|rispond\w*|beantwoord|odpowie\w*)\b[^\n]{0,100}?"
    rf"\b{_THINGS}\b",
    re.IGNORECASE,
)
"""Finds a program's word on what it hands over."""
_BEFORE_TOLD = re.compile(r"(?:\A|[.!?:\n\])>#*])\s{0,9}(?:please |here |you )?\Z", re.IGNORECASE)
"""Matches the end of what stands before it: of a sentence, a line or a mark."""
_MARKS = late_regex(
    r"^[ \t]*+(?:[\[(<]{1,2}\d{1,3}[\])>]{1,2}|<(?:doc|document|passage|source|chunk|context|"
    r"result|excerpt|item)\b[^>\n]{0,200}>|#{0,4}[ \t]*\**(?:passage|document|source|excerpt|"
    r"chunk|snippet|result|article|section|doc|quelle|dokument|abschnitt|auszug|extrait|fragmento|"
    r"fuente|texto|documento|estratto|fonte|brano|bron|fragment|trecho|fragment|"
    r"źródło)[ \t#]{0,3}\d{1,3}\b)",
    re.IGNORECASE | re.MULTILINE,
)
"""Finds the marks of single passages."""

_LOOKS_UP = late_regex(
    r"(?:(?:and|und|et|y|e|en|i) )?(?:(?:at|on|in|by|until|till|from|to|for|since|of|with|"
    r"under) )?(?:what(?:['\u2019]s| is| are| was| were| time| day| days| does| did| do| would|"
    r" \w+ (?:is|are|does|do|was|were)| colou?r| form| number| (?:\w+ ){0,2}(?:number|price|fee|"
    r"cost|name|address|size|date|version))|when|where|who(?:se|m)?|which|how (?:many|much|long|"
    r"often|old|late|early|far|big|large|high|tall|wide|heavy)|is (?:the|there|it (?:open|closed|"
    r"free))|are there|does (?:the|it)|wann|wo\b|wohin|wer|wen|wem|wie (?:viel|lang|oft|hoch|groß|"
    r"spät|teuer|alt)|(?:bis|ab|seit|an|in|zu|bei|von) (?:wann|welch|wem)|welch|was kostet|"
    r"was ist|quand|où|qui\b|combien|quel|(?:à|de|depuis|jusqu['\u2019]à|pour|en|dans) (?:quel|"
    r"quand|combien|qui\b)|\u00bf?(?:cuán|dónde|quién|cuál|qué \w+|(?:a|hasta|desde|de|en|con|"
    r"para) (?:qué|cuán|dónde|quién))|quando|dove|chi\b|quant|qual|(?:a|entro|da|di|fino a|in|"
    r"per) (?:che|quando|quant|qual|chi\b)|wanneer|waar|wie\b|hoeveel|hoe (?:lang|laat|vaak|oud|"
    r"groot|hoog)|welke?|(?:tot|vanaf|op|in|bij|van|met) (?:hoe|welke?|wanneer|wie\b)|onde|quem|"
    r"(?:a|até|desde|de|em|com|para) (?:que|quando|quant|qual|quem)|kiedy|gdzie|kto|komu|ile|któr|"
    r"(?:o|do|od|w|na|dla|z) (?:któr|kiedy|kogo|ilu|jak))",
    re.IGNORECASE,
)
"""Matches the start of a question for a fact."""
_COUNSEL = late_regex(
    r"\b(?:should|shall|ought|may (?:i|we|he|she|they)|safe|safely|dangerous|harm|risk|ok(?:ay)?|"
    r"liable|legal|illegal|allowed|what (?:do|can|must|did|would) (?:i|we|he|she|they) do|happens|"
    r"wrong|too (?:much|many|high|late|long)|wait|stop|he|she|him|her|his|they|them|my (?!order|"
    r"parcel|invoice|holiday|coffee|lunch|badge|key|parking|ticket)\w+|our (?:son|daughter|child)|"
    r"(?:can|could|must|do|did) (?:i|we|you|one) (?:still |now |really )?(?:take|swallow|drink|"
    r"eat|inject|give|use|sue|dismiss|fire|terminate|cancel|refuse|claim|do)|overdose|dose|doses|"
    r"dosis|dosage|tablets?|tabletten?|pills?|pillen?|comprim\w+|pastill\w+|compress\w+|tablet\w+|"
    r"soll\w*|darf|dürf\w*|sicher|gefähr\w*|muss ich|haft\w*|er|sie|ihm|ihr|ihn|dois-je|devons|"
    r"devrai\w*|puis-je|peut-on|danger\w*|sûr|debo|deber\w*|puedo|podemos|segur[oa]|peligr\w*|"
    r"devo|dovre\w*|posso|possiamo|sicur[oa]|pericol\w*|moet|mag|mogen|veilig|gevaar\w*|devemos|"
    r"podemos|perig\w*|powin\w*|mogę|możemy|wolno|bezpieczn\w*|niebezpieczn\w*)\b",
    re.IGNORECASE,
)
"""Finds what makes more of a question than a look-up: counsel, a dose, somebody's trouble."""
_PART = re.compile(r"[^.!?\uff1f\n]+[.!?\uff1f]*")


_FIRST_PERSON = late_regex(
    r"(?<![\w'\u2019-])(?:I|i(?=['\u2019]| (?:am|have|had|was|feel|think|need|want))|[Mm]y|[Mm]e|"
    r"[Mm]yself|[Oo]ur (?:son|daughter|child|baby|mother|father|mum|mom|dad|neighbou?r|cat|dog)|"
    r"[Ww]e(?:['\u2019]re| are| were| have been)|[Ii]ch|[Mm]ein\w{0,2}|mir|mich|[Jj]e|"
    r"[Jj]['\u2019]\w+|[Mm]on|[Mm]a|[Mm]es|moi|[Yy]o|[Mm]i|[Mm]is|[Ii]o|[Mm]i[oa]|[Ii]k|[Mm]ijn|"
    r"[Ee]u|[Mm]eus?|[Mm]inhas?|[Mm]ój|[Mm]oj[ae]|mnie|mam)(?!\w|\.\w)"
)
"""Finds somebody who speaks of themselves, which passages of a handbook do not."""
_LEAD = late_regex(
    r"(?:(?:[^:.?!\n]{1,80}:|(?:based on|using|according to|from) [^,.?!\n]{1,40},|(?:beantworte|"
    r"answer|reply|usa|use)[^.:?!\n]{0,60}\.)[ \t]+){1,3}",
    re.IGNORECASE,
)
"""Matches what leads to a question on its own line: "Please answer:", "Based on these,"."""
_HOW_SAID = late_regex(
    r"(?:please )?(?:answer|reply|respond|keep|give|cite|be brief|one|in one|in a|write)\b",
    re.IGNORECASE,
)
"""Matches a sentence behind a question that says how to answer it."""
_TAGS = late_regex(r"</[\w-]{2,30}>")


class Handed(NamedTuple):
    """Holds the parts of such a message."""

    asked: str
    text: str  # which is read for harm alone


def looked_up(message: str) -> Handed | None:
    """Returns a question that looks something up, and the passages with their instructions.

    Returns None for any other message, as for one with a second question, or of a single line.

    >>> told = "[1] " + "The pool is open from 9 to 20. " * 6 + "[2] Who drowns is saved."
    >>> looked_up(f"Use the sources below.\\n{told}\\n\\nQuestion: When is it open?").asked
    'When is it open?'
    >>> looked_up(f"Use the sources below.\\n{told}\\n\\nQuestion: Should I call a doctor?")
    """
    if "\n" not in message or message.count(" ") < LEAST_LABELLED:
        return None
    labels = list(_ASKED.finditer(message))
    if len(labels) > 1:
        return None
    asked, passages = _labelled(message, labels[0]) if labels else _at_an_end(message)
    least = LEAST_LABELLED if labels else LEAST_WORDS
    if len(passages.split()) < least or not _is_look_up(asked):
        return None
    tagged = _TAGS.search(passages)
    if not (tagged or _is_told_of(passages) or len(_MARKS.findall(passages)) > 1):
        return None
    if _FIRST_PERSON.search(passages) and not (tagged and labels):
        return None
    return Handed(asked, passages)


def _is_told_of(passages: str) -> bool:
    """Returns True where a sentence or a line begins with a program's word on what it hands over.

    Within a sentence it may be anybody's: "She fell in the hall after reading his test results."
    """
    places = [told.start() for told in _TOLD.finditer(passages)]
    return any([_BEFORE_TOLD.search(passages, max(0, at - 20), at) for at in places])


def _labelled(message: str, label: re.Match[str]) -> tuple[str, str]:
    """Returns the question behind a label, and all else; "" for one with more words behind it."""
    before, behind = message[: label.start()].strip(), message[label.end() :]
    if label[1]:
        question, _, behind = behind.partition(f"</{label[1]}>")
    else:
        question, _, behind = behind.lstrip("\n").partition("\n")
    behind = behind.strip()
    if _BEHIND.fullmatch(behind) or _TAGS.fullmatch(behind):
        return question.strip(), before
    # The question stands first: what follows it are passages under a heading of their own.
    first = len(before.split()) <= MOST_INSTRUCTIONS and _HEADING.match(f"\n{behind}")
    return (question.strip(), f"{before}\n{behind}".strip()) if first else ("", "")


def _at_an_end(message: str) -> tuple[str, str]:
    """Returns the last line of a message, or its first one, and all else."""
    lines = [line.strip() for line in message.strip().split("\n")]
    while len(lines) > 1 and _BEHIND.fullmatch(lines[-1]):
        del lines[-1]
    last = lines[-1]
    if (lead := _LEAD.match(last)) is not None:
        last = last[lead.end() :]
    if _is_look_up(last):
        return last, "\n".join(lines[:-1])
    rest = "\n".join(lines[1:]).strip()
    return (lines[0], rest) if _HEADING.match(f"\n{rest}") else ("", "")


def _is_look_up(question: str) -> bool:
    if not question or len(question.split()) > MOST_WORDS or _COUNSEL.search(question):
        return False
    parts = [part.strip() for part in _PART.findall(question) if part.strip()]
    asked = [part for part in parts if not _HOW_SAID.match(part)]
    return bool(asked) and all([_LOOKS_UP.match(part) for part in asked])
