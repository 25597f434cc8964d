"""Reads what an answer shows of its own reliability: length, numbers, sums, doubt. Pure.

The signals need the question and the answer only, so any upstream's answers have them. Where the
upstream gives log-probabilities, or further samples were drawn, these are signals too. Nothing here
knows what a signal is worth: `answer_head` weighs them by graded answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from router.regexes.late import late_regex

LONGEST = 20_000
"""Characters of a text that are read: its sums and numbers stand in the first pages."""
NEAR = 1.1
"""How far a written result may be from the computed one, in units of its last decimal: answers
round, and cut. A whole number counts as written to cents."""

LARGEST = 1e15
"""Larger numbers are read as this one: they are ids, and their products would overflow."""

_NUMBER = late_regex(r"\d[\d,]*(?:\.\d+)?|\.\d+")
# Terms and their digits are counted and none begins within a number: the time is linear.
_TERM = r"\$?(?:\d[\d,]{0,24}(?:\.\d{1,24})?|\.\d{1,24})%?"
_SUM = late_regex(
    rf"(?<!\d)({_TERM}(?:\s?[-+*/x\u00d7\u00f7]\s?{_TERM}){{1,40}})\s?=\s?\$?(-?{_TERM})"
)
_TOKEN = late_regex(rf"({_TERM})|([-+*/x\u00d7\u00f7])")
_DOUBT = late_regex(
    r"\b(?:however|wait|actually|assum\w+|unclear|cannot|can't|not possible|impossible|mistake|"
    r"seems|apologi\w+|not sure|i think)\b",
    re.IGNORECASE,
)
_MARKED = late_regex(r"####|\\boxed|\bfinal answer\b|\banswer(?: is|:)", re.IGNORECASE)
_SENTENCE = late_regex(r"[.!?](?:\s|$)")
_RELATIVE = late_regex(
    r"\b(?:times|twice|half|thirds?|quarters?|fractions?|double|triple)\b", re.IGNORECASE
)
_COMPARING = late_regex(r"\b(?:more|less|fewer|older|younger|longer|higher)\b", re.IGNORECASE)
_RATE = late_regex(r"\b(?:per|each|every)\b", re.IGNORECASE)
_REST = late_regex(r"\b(?:if|then|remaining|left|rest)\b", re.IGNORECASE)
_UNKNOWN = late_regex(r"\b[a-z]\b\s?=|\bequations?\b", re.IGNORECASE)
_WORD = late_regex(r"[a-z]+")
WRITTEN = {
    "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0,
    "eight": 8.0, "nine": 9.0, "ten": 10.0, "twelve": 12.0, "dozen": 12.0, "half": 0.5,
    "twice": 2.0, "double": 2.0, "triple": 3.0, "third": 3.0, "quarter": 4.0, "week": 7.0,
    "hour": 60.0, "year": 12.0,
}  # fmt: skip
"""The values of words that stand for numbers, as an answer would write them in digits."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Holds a question, an answer to it, and what is known of the answer besides its text."""

    question: str
    answer: str
    mean_logprob: float | None = None
    min_logprob: float | None = None
    samples: Sequence[str] = ()  # further answers to the same question


@dataclass(frozen=True, slots=True)
class _Facts:
    """Holds what several signals need, read once."""

    question: str
    answer: str
    asked: tuple[float, ...]  # numbers of the question
    named: frozenset[float]  # these, and those it writes in words
    said: tuple[float, ...]  # numbers of the answer
    sums: tuple[tuple[tuple[float, ...], float, bool], ...]  # terms, result, whether it holds
    reading: Reading

    @property
    def last(self) -> float | None:
        return self.said[-1] if self.said else None

    @property
    def results(self) -> list[float]:
        return [result for _, result, _ in self.sums]

    @property
    def terms(self) -> frozenset[float]:
        return frozenset(term for terms, _, _ in self.sums for term in terms)


def numbers(text: str) -> tuple[float, ...]:
    """Returns the numbers of a text in order, without signs.

    >>> numbers("3 boxes at $1,200.50")
    (3.0, 1200.5)
    """
    return tuple(min(float(found.replace(",", "")), LARGEST) for found in _NUMBER.findall(text))


def sums(text: str) -> Iterator[tuple[tuple[float, ...], float, bool]]:
    """Yields each sum that a text writes out: its terms, its result, and whether the result holds.

    >>> list(sums("2 + 3*4 = 14, then 14 / 4 = 3"))
    [((2.0, 3.0, 4.0), 14.0, True), ((14.0, 4.0), 3.0, False)]
    """
    for found in _SUM.finditer(text):
        tokens = [(term, sign) for term, sign in _TOKEN.findall(found[1])]
        terms = tuple(_value(term) for term, sign in tokens if not sign)
        result = _value(found[2].lstrip("-")) * (-1 if found[2].startswith("-") else 1)
        computed = _computed(terms, [sign for _, sign in tokens if sign])
        if computed is None:
            continue
        # "20 / 80 = 25" names a percentage without its sign.
        decimals = len(found[2].rstrip("%").partition(".")[2]) or 2
        near = NEAR * 10.0**-decimals + 1e-9 * abs(result)
        yield terms, result, any(abs(v - result) <= near for v in (computed, computed * 100))


def _value(term: str) -> float:
    number = min(float(term.strip("$%").replace(",", "")), LARGEST)
    return number / 100 if term.endswith("%") else number


def _computed(terms: Sequence[float], signs: Sequence[str]) -> float | None:
    """Returns the value of terms joined by signs, products first; None for a division by zero."""
    added = [terms[0]]
    for sign, term in zip(signs, terms[1:], strict=True):
        if sign in "+-":
            added.append(term if sign == "+" else -term)
        elif sign in "*x\u00d7":
            added[-1] *= term
        elif term == 0:
            return None
        else:
            added[-1] /= term
    return sum(added)


def agreement(answer: str, samples: Sequence[str]) -> float:
    """Returns the share of further samples that come to the same end, 0..1; 1 without samples.

    The end is the last number where the answer has one, else the overlap of words (Jaccard).

    >>> agreement("So 4.", ["It is 4", "3 + 2 = 5"])
    0.5
    """
    if not samples:
        return 1.0
    own, words = numbers(answer)[-1:], frozenset(_WORD.findall(answer.lower()))
    total = 0.0
    for sample in samples:
        if own:
            total += numbers(sample)[-1:] == own
        else:
            others = frozenset(_WORD.findall(sample.lower()))
            total += len(words & others) / max(1, len(words | others))
    return total / len(samples)


def _log(count: float) -> float:
    return math.log1p(abs(count))


def _flag(value: object) -> float:
    return 1.0 if value else 0.0


SIGNALS: Mapping[str, Callable[[_Facts], float]] = {
    "question_length": lambda f: _log(len(f.question)),
    "question_numbers": lambda f: _log(len(set(f.asked))),
    "question_sentences": lambda f: _log(len(_SENTENCE.findall(f.question))),
    "question_largest": lambda f: _log(max(f.asked, default=0.0)),
    "question_percent": lambda f: _flag("%" in f.question or "percent" in f.question),
    "question_parts": lambda f: _flag(_RELATIVE.search(f.question)),
    "question_compares": lambda f: _flag(_COMPARING.search(f.question)),
    "question_rates": lambda f: _flag(_RATE.search(f.question)),
    "question_remainder": lambda f: _flag(_REST.search(f.question)),
    "length": lambda f: _log(len(f.answer)),
    "length_to_question": lambda f: min(len(f.answer) / (1 + len(f.question)), 20.0),
    "lines": lambda f: _log(f.answer.count("\n")),
    "doubt": lambda f: _log(len(_DOUBT.findall(f.answer))),
    "doubts": lambda f: _flag(_DOUBT.search(f.answer)),
    "marked_end": lambda f: _flag(_MARKED.search(f.answer)),
    "unknowns": lambda f: _flag(_UNKNOWN.search(f.answer)),
    "numbers": lambda f: _log(len(f.said)),
    "new_numbers": lambda f: _log(len(set(f.said) - set(f.asked))),
    "numbers_used": lambda f: len(f.named & set(f.said)) / max(1, len(f.named)),
    "numbers_unused": lambda f: _log(len(set(f.asked) - set(f.said))),
    "no_number": lambda f: _flag(f.last is None),
    "last_size": lambda f: _log(f.last or 0.0),
    "last_fraction": lambda f: _flag(f.last is not None and f.last != int(f.last)),
    "last_repeated": lambda f: _flag(f.last in f.said[:-1]),
    "last_is_result": lambda f: _flag(f.sums and f.last == f.sums[-1][1]),
    "last_is_huge": lambda f: _flag((f.last or 0.0) > 10 * max(f.asked, default=1.0)),
    "sums": lambda f: _log(len(f.sums)),
    "sums_hold": lambda f: _log(sum(holds for *_, holds in f.sums)),
    "sum_fails": lambda f: _flag(not all(holds for *_, holds in f.sums)),
    "terms_from_nowhere": lambda f: _log(len(f.terms - f.named - set(f.results))),
    "results_unused": lambda f: _log(
        sum(result not in f.terms and result != f.last for result in f.results[:-1])
    ),
    "mean_logprob": lambda f: f.reading.mean_logprob or 0.0,
    "min_logprob": lambda f: f.reading.min_logprob or 0.0,
    "agreement": lambda f: agreement(f.answer, f.reading.samples),
}
"""Names each signal and how it is read. A head file names those that it weighs, so signals may be
added without spoiling older heads."""


def signals(reading: Reading) -> dict[str, float]:
    """Returns the value of each signal of one answer, by its name."""
    question, answer = reading.question[:LONGEST], reading.answer[:LONGEST]
    asked = numbers(question)
    words = (WRITTEN[word] for word in _WORD.findall(question.lower()) if word in WRITTEN)
    facts = _Facts(
        question,
        answer,
        asked,
        frozenset((*asked, *words)),
        numbers(answer),
        tuple(sums(answer)),
        reading,
    )
    return {name: read(facts) for name, read in SIGNALS.items()}
