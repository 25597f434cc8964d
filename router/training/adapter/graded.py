"""Reads short questions with known answers from the routing tables, and grades answers to them.

Only rows of the dev cut are used, on which the triage model never trained. There are three kinds: a
fact in a few words, a number to compute, one of ten options. It knows nothing about models.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from router.errors import TrainingDataError
from router.training.data import labels as rules
from router.training.data.curate import is_dev
from router.training.data.sources import Example
from router.types import Domain

LONGEST_QUESTION = 900  # characters; longer ones are not short, and slow on a small model

Kind = Literal["fact", "number", "option"]

INSTRUCTIONS: dict[Kind, str] = {
    "fact": "Answer in a few words.",
    "number": "Work it out in short steps and end with the number.",
    "option": "Answer with the letter of the right option.",
}
ANSWER_TOKENS: dict[Kind, int] = {"fact": 24, "number": 160, "option": 16}


@dataclass(frozen=True, slots=True)
class Question:
    """Holds one question; `table_mean` is the share of the table's models that were right, 0..1."""

    key: str  # first 16 hex digits of the sha256 of the text: names the row without holding it
    source: str
    kind: Kind
    text: str
    answer: str
    domain: str
    table_mean: float
    models: int


def read_questions(data: Path, per_source: dict[str, int]) -> tuple[list[Question], dict[str, str]]:
    """Returns up to so many dev questions per source, in order of hash, and the files' sha256.

    Raises TrainingDataError when a file is missing.
    """
    questions: list[Question] = []
    files: dict[str, str] = {}
    for name, reader in READERS.items():
        path = data / name
        if not path.is_file():
            raise TrainingDataError(f"{path} is missing; it is one of {', '.join(READERS)}")
        files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                questions += reader(json.loads(line))
    kept: list[Question] = []
    for source, limit in per_source.items():
        same = {
            q.key: q for q in questions if q.source == source and len(q.text) <= LONGEST_QUESTION
        }
        kept += _by_turns([same[key] for key in sorted(same)])[:limit]
    return kept, files


def _by_turns(questions: Sequence[Question]) -> list[Question]:
    """Takes one question of each domain in turn, so that a small domain is not cut away."""
    taken: dict[str, int] = {}
    turns = []
    for question in questions:
        taken[question.domain] = turn = taken.get(question.domain, 0) + 1
        turns.append((turn, question.key, question))
    return [question for *_, question in sorted(turns, key=lambda t: t[:2])]


def is_right(question: Question, answer: str) -> bool:
    """Returns True when the answer is right, by the rule of its kind.

    fact: every word of the known answer occurs. number: the last number equals it. option: the
    first single capital letter is the known one.
    """
    if question.kind == "number":
        return _last_number(answer) == _last_number(question.answer)
    if question.kind == "option":
        letters = re.findall(r"\b([A-J])\b", answer)
        return bool(letters) and letters[0] == question.answer
    # Small models answer in sentences, so the known words may stand anywhere in them.
    wanted = re.findall(r"\w+", question.answer.lower())
    return bool(wanted) and set(wanted) <= set(re.findall(r"\w+", answer.lower()))


def _last_number(text: str) -> float | None:
    """Returns the last number in a text, without thousands separators and a final full stop."""
    numbers = re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)
    return float(numbers[-1].replace(",", "")) if numbers else None


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _mean(results: dict[str, Any]) -> float:
    return sum(float(value) for value in results.values()) / len(results)


def _dev(text: str, source: str) -> bool:
    return is_dev(Example(text, source))


_LLMROUTER: dict[str, Kind] = {"trivia_qa": "fact", "natural_qa": "fact", "gsm8k": "number"}


def _llmrouter(row: dict[str, Any]) -> Iterator[Question]:
    kind = _LLMROUTER.get(row["task"])
    if kind is None or not _dev(row["prompt"], f"llmrouter_{row['task']}"):
        return
    domain = Domain.SCIENCE_MATH if kind == "number" else Domain.GENERAL
    # GSM8K's solutions end with "#### 42".
    answer = row["ground_truth"].rsplit("####", 1)[-1]
    yield Question(
        _key(row["prompt"]),
        row["task"],
        kind,
        row["prompt"],
        answer,
        domain,
        _mean(row["scores"]),
        len(row["scores"]),
    )


def _zeroeval(row: dict[str, Any]) -> Iterator[Question]:
    if row["benchmark"] != "gsm8k" or not _dev(row["prompt"], "zeroeval_gsm8k"):
        return
    answer = row["answer"].lstrip("# ")
    yield Question(
        _key(row["prompt"]),
        "gsm8k",
        "number",
        row["prompt"],
        answer,
        Domain.SCIENCE_MATH,
        _mean(row["correct"]),
        len(row["correct"]),
    )


def _mmlu_pro(row: dict[str, Any]) -> Iterator[Question]:
    options = "\n".join(f"{chr(65 + i)}. {option}" for i, option in enumerate(row["options"]))
    text = f"{row['question']}\n{options}"
    if not _dev(text, "mmlu_pro"):
        return
    domain = rules.SUBJECT_DOMAIN.get(row["category"], Domain.GENERAL)
    yield Question(
        _key(text),
        "mmlu_pro",
        "option",
        text,
        row["answer"],
        domain,
        _mean(row["correct"]),
        len(row["correct"]),
    )


READERS: dict[str, Callable[[dict[str, Any]], Iterator[Question]]] = {
    "routing_multi_llmrouter.jsonl.gz": _llmrouter,
    "routing_multi_zeroeval.jsonl.gz": _zeroeval,
    "routing_multi_mmlu_pro.jsonl.gz": _mmlu_pro,
}
