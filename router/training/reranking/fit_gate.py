"""Fits the gates of the reranker: which messages have an approved answer among their likely ones.

They learn from messages to companies that taught the network nothing, beside what people ask an
assistant, or by mistake another company, which no file of theirs answers. Both kinds of traffic
have one regression. In mixed traffic a share of the strangers may pass, and in that of a support
chat a share of the customers must.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from router.stats.calibration import Floats, fit_logistic
from router.training.data.companies import Company
from router.training.data.known_files import known_in
from router.training.data.sources import read_file
from router.triage.match import KnowledgeIndex, KnowledgeTexts
from router.triage.matching.gate import GATE, MOST_CHARACTERS, Gate
from router.triage.triage_model import TriageModel
from router.triage.utterances import Described
from router.types import Traffic

STRANGERS_TAUGHT = (
    "prompts_general",
    "stakes_domain_questions",
    "routing_multi_llmrouter",
    "moderation_openai1680",
)
"""Sets of what people ask an assistant, on which the gate is fitted."""
STRANGERS_JUDGING = ("routing_multi_arena_bench", "difficulty_math", "safety_xstest", "spam_sms")
"""Such sets that judge it."""
OF_A_SET = 500
READ_STRANGERS = 0.04
"""Share of what strangers ask that may be read in mixed traffic."""
READ_CUSTOMERS = 0.975
"""Share of the messages with an answer among their likely ones that are read in a support chat."""
WEAK = 0.01
"""Precision of each coefficient around 0: a thousand rows outweigh it."""


def strangers(data: Path, names: Sequence[str], rng: random.Random) -> list[str]:
    """Returns texts that no company answers, some of each set, short enough to be read."""
    texts = list[str]()
    for path, source in known_in(data):
        if source.name.split(".")[0] in names:
            short = [one.text for one in read_file(path, source)[0]]
            short = sorted({text for text in short if len(text) <= MOST_CHARACTERS})
            texts += rng.sample(short, min(OF_A_SET, len(short)))
    return texts


def outsiders(some: Sequence[Company], rng: random.Random) -> list[str]:
    """Returns what people write to companies that has nothing to do with them."""
    texts = sorted(
        {
            one.text
            for company in some
            for one in company.messages
            if not one.answer_id and not one.resembles and len(one.text) <= MOST_CHARACTERS
        }
    )
    return rng.sample(texts, min(OF_A_SET, len(texts)))


def index_of(
    model: TriageModel, company: Company, traffic: Traffic = Traffic.MIXED
) -> KnowledgeIndex:
    """Returns the index of a company's answers."""
    intents = [(answer.answer_id, answer.questions) for answer in company.answers]
    return KnowledgeIndex.build(model, KnowledgeTexts(intents, traffic=traffic))


def gate_rows(index: KnowledgeIndex, described: Described, texts: Sequence[str]) -> Floats:
    """Returns the features of messages, (texts, len(GATE))."""
    rows = []
    for place, found in enumerate(index.evidence(described.vectors, texts)):
        read = described.readings[place].tolist()
        rows.append(index.gate_features(found, index.first_chance(found), read))
    return np.array(rows).reshape(-1, len(GATE))


def fit_gates(
    model: TriageModel, files: Sequence[Company], strange: Sequence[str]
) -> dict[Traffic, Gate]:
    """Returns the gates that let READ_STRANGERS, and READ_CUSTOMERS, pass."""
    inside, outside = list[Floats](), list[Floats]()
    of_strangers = model.described(strange)
    for company in files:
        index = index_of(model, company)
        texts = [one.text for one in company.messages if one.answer_id]
        wanted = [one.answer_id for one in company.messages if one.answer_id]
        described = model.described(texts)
        matches = index.match(described, texts)
        among = [
            match is not None and name in [one for one, _ in match.likeliest]
            for match, name in zip(matches, wanted, strict=True)
        ]
        inside.append(gate_rows(index, described, texts)[among])
        outside.append(gate_rows(index, of_strangers, strange))
    asked, none = np.concatenate(inside), np.concatenate(outside)
    x, y = np.concatenate([asked, none]), np.zeros(len(asked) + len(none))
    y[: len(asked)] = 1.0
    found = fit_logistic(x, y, np.zeros(len(GATE)), np.full(len(GATE), WEAK)).round(4)
    least = {
        Traffic.MIXED: np.quantile(none @ found, 1.0 - READ_STRANGERS),
        Traffic.SUPPORT: np.quantile(asked @ found, 1.0 - READ_CUSTOMERS),
    }
    return {traffic: Gate(found, round(float(odds), 4)) for traffic, odds in least.items()}


def share_read(
    model: TriageModel, files: Sequence[Company], texts: Sequence[str], traffic: Traffic
) -> float:
    """Returns the share of the texts, asked of each company, that the model's gate lets pass."""
    described = model.described(texts)
    read = [
        match is not None and match.worth_reading
        for company in files
        for match in index_of(model, company, traffic).match(described, texts)
    ]
    return round(sum(read) / max(1, len(read)), 4)
