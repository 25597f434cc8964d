"""Turns what the reranker's network says into chances, and judges these.

The conditional logit is fitted on companies that taught the network nothing, with the first chances
that their own knowledge files give; other such companies judge it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from router.stats.calibration import Floats, auroc
from router.training.card import Value
from router.training.data import sources
from router.training.data.companies import Company, CompanyAnswer, CustomerMessage
from router.training.reranking.fit_gate import index_of
from router.triage.reranking.cross_encoder import CrossEncoder
from router.triage.reranking.reranker import ApprovedAnswers, Weights, likely
from router.triage.text.utterance_words import held_out
from router.triage.triage_model import TriageModel

FITTING = ("bus_company", "charity", "gym", "museum", "plumber", "tax_software")
JUDGING = ("bakery", "credit_union", "hostel", "notary_office", "smart_home", "telecom")
"""Companies that teach the network nothing: the chances are fitted on the first ones alone."""

START = np.array([1.0, 0.5, 1.0, 0.0, 0.0, 0.0])
RIDGE = 0.5
"""Precision of the weights around where the fit starts: thousands of rows outweigh it."""
SURE, SUREST = 0.85, 0.9
MOST_CAP, LEAST_SUREST = 0.95, 30
"""The cap is never higher; it needs that many of the surest."""
DEFAULT_CAP = 0.9

ASKED_INSIDE, ASKED_OUTSIDE = 200, 100
"""Questions of a grown file that are asked: of its answers, and of those that are left out."""


class RankedRow(NamedTuple):
    """Holds one message: what the network and the file say of its likely answers."""

    odds: Floats  # (answers,)
    priors: Floats  # (answers,)
    right: int  # the place of the right answer; -1: none of them
    answerable: bool
    grown: float  # how grown the company's file is
    first: float  # the first chance of the likeliest answer
    first_right: bool


def grown(path: Path, rng: random.Random) -> Company:
    """Returns a grown knowledge file as a company: a third of the answers is left out.

    Its held-out questions, which taught no encoder, are asked.
    """
    whole = sources.answers_in(path)
    away = {name for name, _, _ in rng.sample(whole, len(whole) // 3)}
    answers = [
        CompanyAnswer(name, text, [line for line in lines if not held_out(line)])
        for name, text, lines in whole
        if name not in away
    ]
    asked = [(name, line) for name, _, lines in whole for line in lines if held_out(line)]
    inside = [CustomerMessage(text, name) for name, text in asked if name not in away]
    outside = [CustomerMessage(text, "") for name, text in asked if name in away]
    messages = [
        *rng.sample(inside, min(ASKED_INSIDE, len(inside))),
        *rng.sample(outside, min(ASKED_OUTSIDE, len(outside))),
    ]
    return Company(path.stem, [one for one in answers if one.questions], messages)


def ranked(model: TriageModel, cross: CrossEncoder, company: Company) -> list[RankedRow]:
    """Returns the messages of a company, matched with its answers and read with the likely ones."""
    index = index_of(model, company)
    said = {answer.answer_id: answer.text for answer in company.answers}
    answers = ApprovedAnswers(index.utterances, index.evidence, said)
    texts = [message.text for message in company.messages]
    described = model.described(texts)
    rows = []
    for place, match in enumerate(index.match(described, texts)):
        message = company.messages[place]
        named = likely(match, answers)
        pairs = [answers.pair(message.text, described.vectors[place], name) for name, _ in named]
        names = [name for name, _ in named]
        rows.append(
            RankedRow(
                cross.odds(pairs) if pairs else np.empty(0),
                np.array([p for _, p in named]),
                names.index(message.answer_id) if message.answer_id in names else -1,
                bool(message.answer_id),
                answers.grown,
                0.0 if match is None else match.confidence,
                match is not None and match.intent_id == message.answer_id,
            )
        )
    return rows


def fit(rows: Sequence[RankedRow]) -> Weights:
    """Returns the weights under which the right answers, or none, are likeliest."""
    from scipy.optimize import minimize

    some = [row for row in rows if len(row.odds)]

    def loss(values: Floats) -> float:
        weights = Weights(*values)
        told = [_chance_of_truth(weights, row) for row in some]
        away = RIDGE * float(((values - START) ** 2).sum())
        return away - float(np.log(np.maximum(told, 1e-12)).sum())

    found = minimize(loss, START, method="Powell", options={"xtol": 1e-3, "ftol": 1e-6})
    return Weights(*np.asarray(found.x).round(4).tolist())


def _chance_of_truth(weights: Weights, row: RankedRow) -> float:
    chances = weights.chances(row.odds, row.priors, row.grown)
    return float(chances[row.right] if row.right >= 0 else 1.0 - chances.sum())


def cap_of(weights: Weights, rows: Sequence[RankedRow]) -> float:
    """Returns the share right among the surest, which no chance exceeds."""
    surest = [right for chance, right in _told(weights, rows) if chance >= SUREST]
    if len(surest) < LEAST_SUREST:
        return DEFAULT_CAP
    return round(min(MOST_CAP, sum(surest) / len(surest)), 4)


def _told(weights: Weights, rows: Sequence[RankedRow]) -> list[tuple[float, bool]]:
    """Returns the chance of each message's likeliest answer, and whether it is right."""
    told = []
    for row in rows:
        if not len(row.odds):
            continue
        chances = weights.chances(row.odds, row.priors, row.grown)
        best = int(chances.argmax())
        told.append((float(chances[best]), best == row.right))
    return told


def figures_of(weights: Weights, rows: Sequence[RankedRow]) -> dict[str, Value]:
    """Returns what is answered right and wrong from SURE on, before and after, and what was said.

    No cap plays a part in it, and neither do the vetoes of words.
    """
    told = _told(weights, rows)
    before = [(row.first, row.first_right) for row in rows]
    sure = [(chance, right) for chance, right in told if chance >= SURE]
    return {
        "messages": len(rows),
        "read": sum(len(row.odds) > 0 for row in rows),
        "answerable": sum(row.answerable for row in rows),
        "right_among_likely": sum(row.right >= 0 for row in rows),
        "likeliest_right": sum(right for _, right in told),
        "likeliest_right_before": sum(right for _, right in before),
        "auroc": _auroc(told),
        "auroc_before": _auroc(before),
        "sure": len(sure),
        "sure_right": sum(right for _, right in sure),
        "sure_said": round(float(np.mean([c for c, _ in sure])), 4) if sure else 0.0,
        "sure_before": sum(chance >= SURE for chance, _ in before),
        "sure_right_before": sum(right for chance, right in before if chance >= SURE),
    }


def _auroc(told: Sequence[tuple[float, bool]]) -> float:
    """Returns how often a right answer has a higher chance than a wrong one; 0 without both."""
    chances, right = zip(*told, strict=True) if told else ((), ())
    return round(float(np.nan_to_num(auroc(np.array(chances), np.array(right, bool)))), 4)
