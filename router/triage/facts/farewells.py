"""Tells the end of a chat from other goodbyes: "we're done here, goodbye" ends one. Pure.

The reader of grave matters hears a farewell to life in "done" beside "goodbye", and despair in "I
see". So a message of nothing but the words with which people end a chat, or take in an answer, is
named here. Whatever else stands in it ("goodbye everyone", "I see no way") leaves it to the reader.

So does it in "goodbye everyone, my parental leave begins on Monday" and in "I can't go on holiday".
A message of whole phrases that say so is named here too. No single word of them counts: "I can't"
and "I won't be here" stay with the reader, as does a goodbye in a sentence without its reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.regexes.late import late_regex
from router.triage.framing.known_runs import known_runs, phrases_of
from router.triage.text.folding import words_of

_PARTINGS = (
    "bye|goodbye|good bye|bye bye|bye for now|goodbye for now|see you|see ya|see you later|"
    "see you soon|see you tomorrow|talk to you later|cya|ttyl|have a nice day|have a good day|"
    "have a great day|have a nice evening|have a good evening|have a nice weekend|"
    "have a good weekend|good night"
)
_RECEIPTS = (
    "i see|oh i see|ah i see|aha|ah|oh|i understand|understood|got it|gotcha|makes sense|"
    "that makes sense|interesting|good to know|noted|fair enough|hm|hmm|"
    "ich verstehe|verstehe|verstanden|ach so|achso|entiendo|ya veo|entendido|comprendo|je vois|"
    "je comprends|compris|capisco|ho capito|capito|ik snap het|ik begrijp het|begrepen|rozumiem|"
    "entendi|percebi|compreendo|anladim|anliyorum|понятно|понял|поняла|ясно|"
    "зрозуміло|зрозумів|зрозуміла|알겠습니다|알겠어요|이해했어요|그렇군요"
)
_ENDS = (
    "we re done here|we are done here|i m done here|i am done here|im done here|were done here|"
    "we re done|we are done|we re all done|we are all done|all done here|all done|done here|"
    "that s all|that is all|thats all|that s it|that is it|thats it|that was all|"
    "that was everything|that s everything|that will be all|that s all for now|"
    "that s all for today|that is all for now|that is all for today|that s it for today|"
    "no more questions|no further questions|no other questions|nothing else|nothing more|"
    "that s all i needed|that is all i needed|that was all i needed|gotta go|i have to go now|"
    "we can close this|you can close this|you can close the chat|please close the chat"
)
_AROUND = (
    "ok|okay|ok then|okay then|alright|all right|right|well|great|perfect|super|cool|fine|thanks|"
    "thank you|thanks a lot|thank you very much|thank you so much|many thanks|cheers|thx|"
    "thanks for your help|thank you for your help|thanks for the help|and|then|so|for now|now|"
    "no thanks|no thank you|no|yes|for today"
)
_AWAY_WHO = "i m|im|i am|i ll be|i will be"
_AWAY_WHERE = (
    "on leave|on parental leave|on maternity leave|on paternity leave|on annual leave|on holiday|"
    "on vacation|on a business trip|out of office|out of the office"
)
_AWAY_ELSE = (
    "i start my parental leave|i start my maternity leave|i start my paternity leave|"
    "my parental leave starts|my parental leave begins|my maternity leave starts|"
    "my maternity leave begins|my paternity leave starts|my paternity leave begins|"
    "i start my holiday|i start my holidays|i start my vacation|my holiday starts|"
    "my holidays start|my vacation starts"
)
_ABSENT = (
    "i can't go on holiday|i cannot go on holiday|we can't go on holiday|we cannot go on holiday|"
    "i can't go on vacation|i cannot go on vacation|we can't go on vacation|"
    "we cannot go on vacation|i won't be in the office|i will not be in the office|"
    "i can't come to the office|i cannot come to the office"
)
"""Say that somebody is away, and not why: no goodbye goes with them."""
_TIMES = (
    "tomorrow|today|monday|tuesday|wednesday|thursday|friday|saturday|sunday|this week|this month|"
    "this year|next week|next month|next year"
)
_BESIDE = (
    "hi|hi all|hi everyone|hi team|hello|hello all|hello everyone|hello team|dear all|dear team|"
    "dear colleagues|all|everyone|team|colleagues|thanks|thank you|"
    "thanks for your understanding|thank you for your understanding"
)
_FAREWELLS = "bye|goodbye|good bye|bye bye|bye for now|goodbye for now"


_CLOSING = phrases_of(f"{_PARTINGS}|{_RECEIPTS}")
_KNOWN = _CLOSING | phrases_of(f"{_ENDS}|{_AROUND}")
_AWAY = phrases_of(_AWAY_ELSE) | {
    (*who, *where) for who in phrases_of(_AWAY_WHO) for where in phrases_of(_AWAY_WHERE)
}
_SAYS_ABSENT = _AWAY | phrases_of(_ABSENT)
_PARTS = phrases_of(_FAREWELLS)
_WHEN = phrases_of(_TIMES)
_FROM = {(word, *when) for word in ("from", "until", "till", "on") for when in _WHEN}
_KNOWN_AWAY = _SAYS_ABSENT | _PARTS | phrases_of(_BESIDE) | _WHEN | _FROM
_SENTENCE = late_regex(r"[^.?!\n]+")
_CLAUSE = late_regex(r"[,;:()]| -|- ")

MOST_WORDS = 16
"""Words of the longest message that is looked at: who says more has more to say."""


def only_closes(words: Sequence[str]) -> bool:
    """Returns True for folded words that say goodbye or take in an answer, and nothing else.

    >>> only_closes("ok we re done here goodbye".split()), only_closes("goodbye everyone".split())
    (True, False)
    """
    return len(words) <= MOST_WORDS and not _CLOSING.isdisjoint(known_runs(words, _KNOWN))


def only_is_away(text: str) -> bool:
    """Returns True for a folded text that only says, in whole phrases, that somebody is away.

    Each sentence says so, and one with a goodbye says that it is for leave, a holiday or a trip.

    >>> only_is_away("goodbye all, i'm on leave"), only_is_away("i'm on leave. goodbye all")
    (True, False)
    """
    sentences = [[words_of(part) for part in _CLAUSE.split(one)] for one in _SENTENCE.findall(text)]
    sentences = [clauses for one in sentences if (clauses := [words for words in one if words])]
    return bool(sentences) and all(map(_is_away, sentences))


def _is_away(clauses: Sequence[Sequence[str]]) -> bool:
    runs = [known_runs(words, _KNOWN_AWAY) for words in clauses]
    said = {phrase for run in runs for phrase in run}
    reasons = _SAYS_ABSENT if _PARTS.isdisjoint(said) else _AWAY
    return all(runs) and not reasons.isdisjoint(said)
