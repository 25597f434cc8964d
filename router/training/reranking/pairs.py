"""Makes pairs of messages and answers, right and wrong ones, to train the reranker on.

The wrong answers of a message are those that the triage model's encoder puts nearest. Public sets
of intents stand for companies without answers: some of their classes, and requests for others. Some
messages stand in a frame, right and wrong pairs alike: it says nothing of what they ask for.
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
from router.training.reranking.framing import Framing
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
KNOWN_SHARE = 0.5
"""Share of the questions in a frame whose answer keeps them: customers write known ones too."""
NEAREST_SHARE, ANSWER_SHARE = 0.6, 0.75
"""Shares of the pairs that have the nearest questions, and that have the answer's text."""


class Labelled(NamedTuple):
    """Holds a pair, and whether the message asks for the answer."""

    pair: Pair
    right: bool


class _Said(NamedTuple):
    """Holds a text as it is read with answers, its vector, and the question that it is not read
    with."""

    text: str
    vector: Embeddings
    without: str


class Shelf:
    """Holds a company's answers with the vectors of all its texts."""

    def __init__(self, company: Company, encoder: Encoder, framing: Framing | None = None) -> None:
        """Without `framing` every message is read as it stands."""
        self.company, self._encoder, self._framing = company, encoder, framing
        self._questions = [q for answer in company.answers for q in answer.questions]
        self._owner = np.repeat(
            np.arange(len(company.answers)), [len(a.questions) for a in company.answers]
        )
        self._vectors = encoder.encode(self._questions)
        self._asked = encoder.encode([message.text for message in company.messages])

    def labelled(self, rng: random.Random) -> Iterator[Labelled]:
        """Yields the pairs of all messages, and of some questions."""
        ids = [answer.answer_id for answer in self.company.answers]
        messages, questions = self.company.messages, self._questions
        asked = self._said([message.text for message in messages], self._asked, rng)
        for message, said in zip(messages, asked, strict=True):
            for place in self._compared(message, self._ranked(said.vector), ids):
                yield Labelled(self._pair(said, place, rng), ids[place] == message.answer_id)
        held = [number for number in range(len(questions)) if rng.random() < HELD_SHARE]
        asked = self._said([questions[number] for number in held], self._vectors[held], rng)
        for number, said in zip(held, asked, strict=True):
            own = int(self._owner[number])
            if said.text != said.without and rng.random() < KNOWN_SHARE:
                said = said._replace(without="")
            wrong = next(p for p in self._ranked(said.vector) if p != own)
            yield Labelled(self._pair(said, own, rng), True)
            yield Labelled(self._pair(said, wrong, rng), False)

    def _said(self, bare: Sequence[str], vectors: Embeddings, rng: random.Random) -> list[_Said]:
        """Returns texts with their vectors, some of them in frames."""
        texts = self._framing.some_framed(bare, rng) if self._framing else list(bare)
        framed = [place for place, text in enumerate(texts) if text != bare[place]]
        vectors = vectors.copy()
        if framed:
            vectors[framed] = self._encoder.encode([texts[place] for place in framed])
        return list(map(_Said, texts, vectors, bare))

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

    def _pair(self, said: _Said, place: int, rng: random.Random) -> Pair:
        """Returns a text with an answer, never with itself as a question."""
        own = np.flatnonzero(self._owner == place)
        if rng.random() < NEAREST_SHARE:
            own = own[np.argsort(-(self._vectors[own] @ said.vector))]
            most = QUESTIONS
        else:
            own = np.array(rng.sample(own.tolist(), len(own)))
            most = rng.choice((1, 2, QUESTIONS, QUESTIONS))
        questions = [self._questions[i] for i in own.tolist() if self._questions[i] != said.without]
        answer: CompanyAnswer = self.company.answers[place]
        answered = answer.text if rng.random() < ANSWER_SHARE else ""
        return Pair(said.text, questions[:most], answered)


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
