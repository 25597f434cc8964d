"""Makes pairs of messages and answers, right and wrong ones, to train the reranker on.

The wrong answers of a message are those that the triage model's encoder puts nearest. Public sets
of intents stand for companies without answers: some of their classes, and requests for others.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from router.stats.heads import Embeddings
from router.training.data.companies import Company, CompanyAnswer, CustomerMessage
from router.triage.encoder import Encoder
from router.triage.reranking.cross_encoder import QUESTIONS, Pair

PUBLIC = ("banking77", "clinc150", "hwu64")
PUBLIC_ROUNDS, PUBLIC_ANSWERS, PUBLIC_QUESTIONS, PUBLIC_MESSAGES = 6, 24, 9, 5
PUBLIC_OUTSIDE = 20
OUT_OF_SCOPE = "oos"

WRONG = 2
"""Wrong answers beside the right one of a message."""
HELD_SHARE = 0.3
"""Share of the questions that are asked themselves, of the answer without them."""
NEAREST_SHARE, ANSWER_SHARE = 0.6, 0.75
"""Shares of the pairs that have the nearest questions, and that have the answer's text."""


class Labelled(NamedTuple):
    """Holds a pair, and whether the message asks for the answer."""

    pair: Pair
    right: bool


class Shelf:
    """Holds a company's answers with the vectors of all its texts."""

    def __init__(self, company: Company, encoder: Encoder) -> None:
        self.company = company
        self._questions = [q for answer in company.answers for q in answer.questions]
        self._owner = np.repeat(
            np.arange(len(company.answers)), [len(a.questions) for a in company.answers]
        )
        self._vectors = encoder.encode(self._questions)
        self._asked = encoder.encode([message.text for message in company.messages])

    def labelled(self, rng: random.Random) -> Iterator[Labelled]:
        """Yields the pairs of all messages, and of some questions."""
        ids = [answer.answer_id for answer in self.company.answers]
        for message, vector in zip(self.company.messages, self._asked, strict=True):
            for place in self._compared(message, self._ranked(vector), ids):
                pair = self._pair(message.text, vector, place, rng)
                yield Labelled(pair, ids[place] == message.answer_id)
        for number, question in enumerate(self._questions):
            if rng.random() < HELD_SHARE:
                own, vector = int(self._owner[number]), self._vectors[number]
                wrong = next(p for p in self._ranked(vector) if p != own)
                yield Labelled(self._pair(question, vector, own, rng), True)
                yield Labelled(self._pair(question, vector, wrong, rng), False)

    @staticmethod
    def _compared(message: CustomerMessage, ranked: Sequence[int], ids: Sequence[str]) -> list[int]:
        """Returns the answers that a message is compared with."""
        if message.answer_id:
            right = ids.index(message.answer_id)
            return [right, *[place for place in ranked if place != right][:WRONG]]
        if message.resembles:
            return list(dict.fromkeys([ids.index(message.resembles), *ranked]))[:WRONG]
        return [ranked[0]]

    def _ranked(self, vector: Embeddings) -> list[int]:
        """Returns the answers by their nearest question, the nearest first."""
        cosines = self._vectors @ vector
        highest = np.full(len(self.company.answers), -1.0)
        np.maximum.at(highest, self._owner, cosines)
        order: list[int] = np.argsort(-highest).tolist()
        return order

    def _pair(self, text: str, vector: Embeddings, place: int, rng: random.Random) -> Pair:
        """Returns a text with an answer, never with itself as a question."""
        own = np.flatnonzero(self._owner == place)
        if rng.random() < NEAREST_SHARE:
            own = own[np.argsort(-(self._vectors[own] @ vector))]
            most = QUESTIONS
        else:
            own = np.array(rng.sample(own.tolist(), len(own)))
            most = rng.choice((1, 2, QUESTIONS, QUESTIONS))
        questions = [self._questions[i] for i in own.tolist() if self._questions[i] != text]
        answer: CompanyAnswer = self.company.answers[place]
        return Pair(text, questions[:most], answer.text if rng.random() < ANSWER_SHARE else "")


def public_companies(data: Path, rng: random.Random) -> list[Company]:
    """Returns companies drawn from public sets of intents; classes take the place of answers."""
    drawn = []
    for source in PUBLIC:
        lines: dict[str, list[str]] = {}
        with gzip.open(data / f"intent_{source}.jsonl.gz", "rt", encoding="utf-8") as rows:
            for row in map(json.loads, rows):
                if row["intent"] != OUT_OF_SCOPE:
                    lines.setdefault(row["intent"], []).append(row["text"])
        for number in range(PUBLIC_ROUNDS):
            drawn.append(_drawn(f"{source}_{number}", lines, rng))
    return drawn


def _drawn(name: str, lines: dict[str, list[str]], rng: random.Random) -> Company:
    names = rng.sample(sorted(lines), min(PUBLIC_ANSWERS, len(lines)))
    answers, messages = [], []
    for intent in names:
        most = min(len(lines[intent]), PUBLIC_QUESTIONS + PUBLIC_MESSAGES)
        some = rng.sample(lines[intent], most)
        answers.append(CompanyAnswer(intent, "", some[PUBLIC_MESSAGES:]))
        messages += [CustomerMessage(text, intent) for text in some[:PUBLIC_MESSAGES]]
    others = sorted(set(lines) - set(names))
    for intent in rng.sample(others, min(PUBLIC_OUTSIDE, len(others))):
        messages.append(CustomerMessage(rng.choice(lines[intent]), ""))
    return Company(name, answers, messages)
