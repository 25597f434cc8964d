"""Parts a job on a text from the text, in one message of a user: "Translate this letter: ...".

A job is known by all of its words, as no word of counsel, of judging or of a person is among them.
Where the text itself may ask or tell of its sender, the message is read as a whole. It knows
nothing about models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from router.triage.framing.given.handed_passages import Handed
from router.triage.framing.given.job_words import (
    ASKS,
    CHANGES,
    FIELDS,
    JUDGED,
    JUST_NOW,
    KNOWN,
    LABELS,
    OF_A_FAMILY,
    ONE_SPEAKS,
    OTHERS_TEXT,
    SALUTATION,
    SHAPES,
    TEXTS,
    WORK,
)
from router.triage.framing.given.task_words import NO_TASK

MOST_WORDS = 30
"""Words of a job: a longer one describes more than work on a text."""
FEWEST_WORDS = 2
"""Words of the shortest job: "Abstract" and "Headline:" begin a text, and "Simplify" a formula."""
MOST_CHARS = 400
"""Characters of a job with the labels or keys that it lists."""
LEAST_WORDS = 12
"""Words of a text. A shorter one may be what the sender has to say."""
LEAST_UNNAMED = 30
"""Words of a text that is not named: fewer may be a report of what happens just now."""
SHORT_WORDS = 12
"""Words of a paragraph at the far end of a text, which may be one more request."""

_FENCED = re.compile(r"(```|~~~|\"\"\"|''')[^\n]{0,40}\n(.+?)\n?\1", re.DOTALL)
_OPENS = re.compile(r"[\"\u201c\u201e\u00ab]")
_CLOSES = '"\u201d\u201c\u00bb'
_LISTED = re.compile(
    r"\{[^\n]*\}|\[[^\n]*\]|\([^()\n]{1,120}\)|`[^`\n]{1,120}`|"
    r"(?i:\b(?:with the (?:keys|fields|columns)|fields|keys|columns|labels\s?:|categories\s?:|"
    r"one of\s?:?|as(?! (?:json|yaml|csv|xml)\b)) (?=[^.;\n]*,)[^.;\n]{1,160})"
)
"""Finds the labels or keys that a job lists, which may be any words."""
_ANSWERED = re.compile(
    r"\b(?:reply|answer|respond|output|return)(?: only)? (?:as|with|in)(?: only)?(?: a)? json\b|"
    r"\b(?:json|text|label|word)s? only\b|"
    r"\b(?:no|without|avoid) (?:legal |medical |technical )?jargon\b",
    re.IGNORECASE,
)
"""Finds how an answer should look, which is no job by itself."""
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BEGINNINGS = KNOWN | {"reply", "answer", "respond"}
_SENTENCE = re.compile(r"[.!?:;\n]+")
_ASKS_OF_IT = frozenset({"is", "are", "has", "have"})
"""Begin a question with yes or no for an answer: "Is this correct?" judges."""


class _Cut(NamedTuple):
    job: str
    text: str
    marked: bool  # quotation marks or a fence show where the text begins and ends


def text_job(message: str) -> Handed | None:
    """Returns a job on a text and that text, None for any other message; in linear time.

    >>> told = "The court finds that the defendant is liable and has to pay all of the costs."
    >>> text_job(f"Summarise this letter in one sentence:\\n\\n{told}").asked
    'Summarise this letter in one sentence:'
    >>> text_job(f"Summarise this letter, and tell me if I should appeal:\\n\\n{told}")
    """
    if message.count(" ") < LEAST_WORDS:
        return None
    for cut in _cuts(message.strip()):
        if is_job(cut.job) and _is_a_text(cut):
            return Handed(cut.job, cut.text)
    return None


def is_job(words: str) -> bool:
    """Returns True where words set work on a text, and nothing else.

    >>> is_job("Give me the dates as JSON, please."), is_job("Is this correct?")
    (True, False)
    """
    begins = _WORD.search(words[:MOST_CHARS].lower())
    if len(words) > MOST_CHARS or begins is None or begins[0] not in _BEGINNINGS:
        return False
    for listed in _LISTED.findall(words):
        if NO_TASK.search(listed) or JUDGED.search(listed):
            return False
    plain = _ANSWERED.sub(" ", _LISTED.sub(" ", words)).lower()
    plain = plain.replace("regular expression", "regex")
    said = frozenset(all_said := _WORD.findall(plain))
    if not FEWEST_WORDS <= len(all_said) <= MOST_WORDS or not all(map(_is_known, said)):
        return False
    shaped = said & SHAPES and said & (TEXTS | FIELDS)
    if not (said & WORK or shaped or (said & CHANGES and said & TEXTS)):
        return False
    firsts = [_WORD.search(sentence) for sentence in _SENTENCE.split(plain)]
    return not any([first is not None and first[0] in _ASKS_OF_IT for first in firsts])


def _is_known(word: str) -> bool:
    """Returns True for a word of a job, and for one of such words with hyphens: "two-line"."""
    return word in KNOWN or ("-" in word and KNOWN.issuperset(word.split("-")))


def _cuts(message: str) -> Iterator[_Cut]:
    """Yields the ways in which a message may be a job and a text."""
    if (fenced := _FENCED.search(message)) is not None:
        around = f"{message[: fenced.start()]}\n{message[fenced.end() :]}"
        yield _Cut(around.strip(), fenced[2], marked=True)
    if (opened := _OPENS.search(message)) is not None:
        closed = max([message.rfind(mark) for mark in _CLOSES])
        around = f"{message[: opened.start()]}\n{message[closed + 1 :]}"
        yield _Cut(around.strip(), message[opened.end() : max(closed, 0)], marked=True)
    if "\n" in message:
        first, _, rest = message.partition("\n")
        yield _Cut(first.strip(), rest.strip(), marked=False)
        rest, _, last = message.rpartition("\n")
        yield _Cut(last.strip(), rest.strip(), marked=False)
    before, colon, behind = message.partition(": ")
    if colon and "\n" not in before:
        yield _Cut(before.strip(), behind.strip(), marked=False)


def _is_a_text(cut: _Cut) -> bool:
    """Returns True where nothing in a text may be what its sender asks or tells of themselves."""
    if len(cut.text.split()) < LEAST_WORDS:
        return False
    others = OTHERS_TEXT.search(cut.job) is not None
    labelled = LABELS.search(cut.job) and TEXTS.intersection(_WORD.findall(cut.job.lower()))
    if cut.marked and (others or labelled):
        return True
    if not cut.marked:
        lines = [len(line.split()) for line in cut.text.split("\n") if line.strip()]
        if len(lines) > 1 and min(lines[0], lines[-1]) < SHORT_WORDS:
            return False
    if OF_A_FAMILY.search(cut.text):
        return False
    happens = JUST_NOW.search(cut.text) is not None
    if labelled:
        return not happens
    if ASKS.search(cut.text):
        return False
    speaks = ONE_SPEAKS.search(cut.text) is not None
    greets = SALUTATION.match(cut.text.strip()) is not None
    if others:
        return not speaks or (greets and not happens)
    if len(cut.text.split()) < LEAST_UNNAMED:
        return False
    return greets or not (speaks or happens)
