"""Turns what the reranker's network says into chances, and judges these.

The conditional logit is fitted on companies that taught the network nothing, with the first chances
that their own knowledge files give; other such companies judge it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, auroc
from router.training.card import Value
from router.training.data import sources
from router.training.data.companies import Company, CompanyAnswer, CustomerMessage
from router.training.reranking.fit_gate import gate_rows, index_of
from router.triage.match import KnowledgeIndex
from router.triage.matching.gate import FIELD, NO_FIELD
from router.triage.reranking.cross_encoder import CrossEncoder
from router.triage.reranking.reranker import LEAST_PRIOR, ApprovedAnswers, Weights, likely
from router.triage.text.utterance_words import held_out
from router.triage.triage_model import TriageModel
from router.triage.utterances import Described
from router.triage.verifier import SET_SIZE
from router.types import Traffic

START = np.array([1.0, 0.5, 1.0, 0.0, 0.0, 0.0])
RIDGE = 0.5
"""Precision of the weights around where the fit starts: thousands of rows outweigh it."""
SURE, SUREST = 0.85, 0.9
OFFERED_FROM = (0.17, 0.3, 0.5, 0.7, 1.01)
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
    likeliest: str = ""
    features: Floats = NO_FIELD  # FIELD
    weight: float = 1.0
    gate_odds: float = 0.0  # what the gate says of it, in log-odds

    def read_from(self, least: float, most: int) -> RankedRow:
        """Returns the row as it is where a gate lets messages pass from `least` on, and `most`
        answers are read, the likeliest first."""
        read = most if self.gate_odds >= least else 0
        right = self.right if self.right < read else -1
        return self._replace(odds=self.odds[:read], priors=self.priors[:read], right=right)


class Fitted(NamedTuple):
    """Holds the weights of the conditional logit, and what tells the field of a file."""

    weights: Weights
    field: Floats  # (len(FIELD),)

    def chances(self, row: RankedRow) -> Floats:
        """Returns the chance of each answer that is read, (answers,)."""
        of_field = float(row.features @ self.field)
        return self.weights.chances(row.odds, row.priors, row.grown, of_field)


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
    """Returns the messages of a company, matched with its answers and read with the likely ones.

    They are read as in a support chat, which reads whatever mixed traffic does.
    """
    index = index_of(model, company, Traffic.SUPPORT)
    said = {answer.answer_id: answer.text for answer in company.answers}
    answers = ApprovedAnswers(index.utterances, index.evidence, said)
    texts = [message.text for message in company.messages]
    described = model.described(texts)
    features = field_rows(index, described, texts)
    gate = model.matching.gates.get(Traffic.SUPPORT)
    gate_odds = np.zeros(len(texts))
    if gate is not None:
        gate_odds = gate_rows(index, described, texts) @ gate.coefficients
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
                "" if match is None else match.intent_id,
                features[place],
                gate_odds=float(gate_odds[place]),
            )
        )
    return rows


def field_rows(index: KnowledgeIndex, described: Described, texts: Sequence[str]) -> Floats:
    """Returns the features FIELD of messages, (texts, len(FIELD))."""
    rows = []
    for place, found in enumerate(index.evidence(described.vectors, texts)):
        read = described.readings[place].tolist()
        rows.append(index.field_features(found, index.first_chance(found), texts[place], read))
    return np.array(rows).reshape(-1, len(FIELD))


def fit(rows: Sequence[RankedRow]) -> Fitted:
    """Returns the weights under which the right answers, or none, are likeliest.

    What tells the field is fitted by units of its spread, so that no feature is freer than others.
    """
    from scipy.optimize import minimize

    some = [row for row in rows if len(row.odds)]
    features, weight = np.array([row.features for row in some]), [row.weight for row in some]
    mean = np.average(features, axis=0, weights=weight)
    spread = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=weight))
    spread[spread == 0.0] = 1.0
    padded, start = _Padded.of(some), np.append(START, np.zeros(len(FIELD)))

    def loss(values: Floats) -> float:
        weights, field = Weights(*values[: len(START)]), values[len(START) :] / spread
        told = padded.log_chances(weights, features @ field)
        away = RIDGE * float(((values - start) ** 2).sum())
        return away - float(np.dot(weight, told))

    found = np.asarray(minimize(loss, start, method="L-BFGS-B").x)
    weights, field = found[: len(START)].round(4).tolist(), found[len(START) :] / spread
    return Fitted(Weights(*weights), field.round(4))


class _Padded(NamedTuple):
    """Holds the answers of all rows in one array, those that a row lacks with no chance."""

    odds: Floats  # (rows, answers)
    priors: Floats  # (rows, answers), logarithms
    lacking: Floats  # (rows, answers): -inf where a row has no such answer, else 0
    right: npt.NDArray[np.int64]  # (rows,); -1: none of them
    grown: Floats  # (rows, 1)

    @classmethod
    def of(cls, rows: Sequence[RankedRow]) -> _Padded:
        most = max(len(row.odds) for row in rows)
        odds, priors = np.zeros((len(rows), most)), np.zeros((len(rows), most))
        lacking = np.full((len(rows), most), -np.inf)
        for place, row in enumerate(rows):
            count = len(row.odds)
            odds[place, :count], lacking[place, :count] = row.odds, 0.0
            priors[place, :count] = np.log(row.priors + LEAST_PRIOR)
        right = np.array([row.right for row in rows])
        return cls(odds, priors, lacking, right, np.array([[row.grown] for row in rows]))

    def log_chances(self, weights: Weights, field: Floats) -> Floats:
        """Returns the logarithm of the chance of each row's truth, (rows,)."""
        logits = (
            (weights.odds + self.grown * weights.grown_odds) * self.odds
            + (weights.prior + self.grown * weights.grown_prior) * self.priors
            + (weights.shift + self.grown * weights.grown_shift + field[:, None])
            + self.lacking
        )
        most = np.maximum(logits.max(axis=1), 0.0)
        whole = most + np.log(np.exp(logits - most[:, None]).sum(axis=1) + np.exp(-most))
        of_truth = logits[np.arange(len(logits)), np.maximum(self.right, 0)]
        told: Floats = np.where(self.right >= 0, of_truth, 0.0) - whole
        return told


def cap_of(fitted: Fitted, rows: Sequence[RankedRow]) -> float:
    """Returns the share right among the surest, which no chance exceeds."""
    surest = [right for chance, right in _told(fitted, rows) if chance >= SUREST]
    if len(surest) < LEAST_SUREST:
        return DEFAULT_CAP
    return round(min(MOST_CAP, sum(surest) / len(surest)), 4)


def _told(fitted: Fitted, rows: Sequence[RankedRow]) -> list[tuple[float, bool]]:
    """Returns the chance of each message's likeliest answer, and whether it is right."""
    told = []
    for row in rows:
        if not len(row.odds):
            continue
        chances = fitted.chances(row)
        best = int(chances.argmax())
        told.append((float(chances[best]), best == row.right))
    return told


def offers_of(fitted: Fitted, rows: Sequence[RankedRow]) -> list[Value]:
    """Returns what is said of the likeliest answers together where none is sure, and how often
    they hold the right one; rows count by their weight."""
    told = list[tuple[float, bool, float]]()
    for row in rows:
        if not len(row.odds):
            continue
        chances = fitted.chances(row)
        some = np.argsort(-chances)[:SET_SIZE].tolist()
        if chances.max() < SURE:
            told.append((float(chances[some].sum()), row.right in some, row.weight))
    shown = list[Value]()
    for least, most in pairwise(OFFERED_FROM):
        band = [one for one in told if least <= one[0] < most]
        if band:
            said, right, weight = (np.array(column, float) for column in zip(*band, strict=True))
            shown.append(
                {
                    "from": least,
                    "said": round(float(np.average(said, weights=weight)), 3),
                    "right": round(float(np.average(right, weights=weight)), 3),
                    "messages": round(float(weight.sum()), 1),
                }
            )
    return shown


def figures_of(fitted: Fitted, rows: Sequence[RankedRow]) -> dict[str, Value]:
    """Returns what is answered right and wrong from SURE on, before and after, and what was said.

    No cap plays a part in it, and neither do the vetoes of words.
    """
    told = _told(fitted, rows)
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
