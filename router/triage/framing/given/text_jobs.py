"""Parts a job on a text from the text, in one message of a user: "Translate this letter: ...".

A job is known by all of its words, as no word of counsel, of judging or of a person is among them.
Where the text itself may ask or tell of its sender, the message is read as a whole. It knows
nothing about models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from router.triage.framing.given.job_words import (
    ASKS,
    CHANGES,
    CORRESPONDENCE,
    COURTESY,
    FIELDS,
    JUDGED,
    JUDGING,
    JUST_NOW,
    KNOWN,
    LABELS,
    OF_A_FAMILY,
    ONE_SPEAKS,
    OTHERS_TEXT,
    PHRASES,
    PLURAL,
    SALUTATION,
    SEVERAL,
    SHAPES,
    SPAM,
    TEXTS,
    THANKS,
    WHICH,
    WORK,
)
from router.triage.framing.given.task_words import NO_TASK
from router.triage.framing.given.whole_texts import GivenText, is_list, may_end_in_a_request

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

_FENCED = re.compile(r"(```|~~~|\"\"\"|''')[^\n]{0,40}\n(.+?)\n?\1", re.DOTALL)
_OPENS = re.compile(r"[\"\u201c\u201e\u00ab]")
_CLOSES = '"\u201d\u201c\u00bb'
_LISTED = re.compile(
    r"\{[^\n]*\}|\[[^\n]*\]|\([^()\n]{1,120}\)|`[^`\n]{1,120}`|"
    r"(?i:\b(?:with the (?:keys|fields|columns)|fields|keys|columns|labels\s?:|categories\s?:|"
    r"one of\s?:?|as(?! (?:json|yaml|csv|xml)\b)) (?=[^.;\n]*,)[^.;\n]{1,160})|"
    r"(?i:\b(?:to|into|queue|team|category) ?: (?=[^.;\n]*,)(?:[\w-]+ ?){1,3}"
    r"(?:,(?: ?[\w-]+){1,3})+)"
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
_QUESTION = (
    r"(?:is|are) (?:it|this|that|these|those|they|the|there|he|she|i|we|you|my|our)\b|"
    r"(?:has|have) (?:it|this|that|these|those|they|he|she|i|we|you)\b"
)
_SENTENCE = re.compile(rf"[.!?:;\n]+|(?:,|\band\b)(?= ?(?:and )?(?:{_QUESTION}))")
"""Parts the sentences of a job, and a question that a comma or "and" joins to what is before."""
_ASKS_OF_IT = frozenset({"is", "are", "has", "have"})
"""Begin a question with yes or no for an answer: "Is this correct?" judges."""
_ASKS_A_KIND = re.compile(r"(?:is|are) (?:this|the following|the) (?:\w+ )?classify\b")
"""Matches a question for one of two kinds: "Is this sentence a fact or an opinion?"."""


class Voice(NamedTuple):
    """Tells what makes a text that work is set on its sender's own words, or somebody else's."""

    speaks: bool  # somebody speaks in the text, who may be its sender
    happens: bool  # it tells of what happens while it is written
    letter: bool = False  # it is a letter or a talk: who speaks in it mostly is not its sender
    spam: bool = False  # it is asked if the text is spam: its sender may be about to believe it


class TextJob(NamedTuple):
    """Holds the parts of a message that sets work on a text."""

    asked: str
    text: str
    voice: Voice


class _Cut(NamedTuple):
    job: str
    given: GivenText
    marked: bool  # quotation marks or a fence show where the text begins and ends


def text_job(message: str) -> TextJob | None:
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
            text = cut.given.text
            several = SEVERAL.search(cut.job) is not None and is_list(text)
            voice = Voice(
                speaks=not several and one_speaks(cut.given),
                happens=happens_now(text),
                letter=cut.given.is_letter_or_talk,
                spam=SPAM.search(cut.job) is not None,
            )
            return TextJob(cut.job, text, voice)
    return None


def is_text_to_class(given: GivenText) -> bool:
    """Returns True for a text that stands behind a policy's own words for a classification.

    A shorter one, or one with a short line at an end, may say what its sender wants.
    """
    return len(given.text.split()) >= LEAST_WORDS and not may_end_in_a_request(given)


def one_speaks(given: GivenText) -> bool:
    """Returns True where somebody speaks in a text of themselves or of their family.

    By "we" a letter's firm speaks.

    >>> [one_speaks(GivenText(told)) for told in ("Dear Sir, we sue.", "We sue.", "She sues.")]
    [False, True, False]
    """
    text = given.text
    if OF_A_FAMILY.search(text):
        return True
    words = {match[0].lower() for match in ONE_SPEAKS.finditer(text)}
    if SALUTATION.match(text.strip()) or given.is_letter:
        words -= PLURAL
    return bool(words)


def happens_now(text: str) -> bool:
    """Returns True where a text tells of what happens while it is written."""
    return JUST_NOW.search(text) is not None


def is_job(words: str) -> bool:
    """Returns True where words set work on a text, and nothing else.

    >>> is_job("Give me the dates as JSON, please."), is_job("Is this correct?")
    (True, False)
    """
    if len(words) > MOST_CHARS:
        return False
    words = SPAM.sub("classify this message", _without_courtesy(words))
    begins = _WORD.search(words.lower())
    if begins is None or begins[0] not in _BEGINNINGS:
        return False
    for listed in _LISTED.findall(words):
        if NO_TASK.search(listed) or JUDGED.search(listed):
            return False
    plain = _ANSWERED.sub(" ", _LISTED.sub(" ", words)).lower()
    for phrase, word in PHRASES:
        plain = phrase.sub(word, plain)
    said = frozenset(all_said := _WORD.findall(plain))
    if not FEWEST_WORDS <= len(all_said) <= MOST_WORDS or not all(map(_is_known, said)):
        return False
    if said & JUDGING and not said & CORRESPONDENCE:
        return False
    shaped = said & SHAPES and said & (TEXTS | FIELDS)
    works = said & WORK or shaped or (said & CHANGES and said & TEXTS) or WHICH.match(plain)
    if not works:
        return False
    asking = [sentence for sentence in _SENTENCE.split(plain) if _asks_of_it(sentence)]
    return all(_ASKS_A_KIND.match(sentence.strip()) for sentence in asking)


def _asks_of_it(sentence: str) -> bool:
    """Returns True for a question with yes or no for an answer."""
    first = _WORD.search(sentence)
    return first is not None and first[0] in _ASKS_OF_IT


def _without_courtesy(words: str) -> str:
    """Returns words without a greeting, "could you please" and thanks.

    >>> _without_courtesy("Hi, could you please translate this? Many thanks!")
    'translate this'
    """
    begun = COURTESY.match(words)
    return THANKS.sub("", words if begun is None else words[begun.end() :])


def _is_known(word: str) -> bool:
    """Returns True for a word of a job, and for one of such words with hyphens: "two-line"."""
    return word in KNOWN or ("-" in word and KNOWN.issuperset(word.split("-")))


def _cuts(message: str) -> Iterator[_Cut]:
    """Yields the ways in which a message may be a job and a text."""
    if (fenced := _FENCED.search(message)) is not None:
        around = f"{message[: fenced.start()]}\n{message[fenced.end() :]}"
        yield _Cut(around.strip(), GivenText(fenced[2]), marked=True)
    if (opened := _OPENS.search(message)) is not None:
        closed = max([message.rfind(mark) for mark in _CLOSES])
        around = f"{message[: opened.start()]}\n{message[closed + 1 :]}"
        quoted = message[opened.end() : max(closed, 0)]
        yield _Cut(around.strip(), GivenText(quoted), marked=True)
    if "\n" in message:
        first, _, rest = message.partition("\n")
        yield _Cut(first.strip(), GivenText(rest.strip()), marked=False)
        rest, _, last = message.rpartition("\n")
        yield _Cut(last.strip(), GivenText(rest.strip()), marked=False)
    before, colon, behind = message.partition(": ")
    if colon and "\n" not in before:
        yield _Cut(before.strip(), GivenText(behind.strip()), marked=False)


def _is_a_text(cut: _Cut) -> bool:
    """Returns True where nothing in a text may be what its sender asks or tells of themselves."""
    text = cut.given.text
    if (count := len(text.split())) < LEAST_WORDS:
        return False
    others = OTHERS_TEXT.search(cut.job) is not None
    words = TEXTS.intersection(_WORD.findall(cut.job.lower()))
    spam = SPAM.search(cut.job) is not None
    labelled = bool(LABELS.search(cut.job) and words) or spam
    if cut.marked and (others or labelled):
        return True
    if not cut.marked and may_end_in_a_request(cut.given):
        return False
    if labelled and words & CORRESPONDENCE and not spam:
        return True
    if words and cut.given.is_letter_or_talk:
        return True
    if OF_A_FAMILY.search(text):
        return False
    happens = happens_now(text)
    if labelled:
        return not happens
    if ASKS.search(text):
        return False
    speaks = ONE_SPEAKS.search(text) is not None
    greets = SALUTATION.match(text.strip()) is not None
    if others:
        return not speaks or (greets and not happens)
    if count < LEAST_UNNAMED:
        return False
    return greets or not (speaks or happens)
