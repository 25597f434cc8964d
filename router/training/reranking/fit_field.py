"""Fits what the reranker's network says to the traffic of a gateway, where most is other work.

The network was taught what tells an answer from its neighbours. So the chances, and what tells the
file's field, are fitted on the messages of companies beside what people ask an assistant, write to
each other, or write to somebody else's service desk: OUTSIDE_SHARE of all messages. A third, of
companies and of others, stands in frames that taught the network nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from router.training.card import Value
from router.training.data.authors.grave_texts import FOLDER, JUDGES, SECTIONS, sections_in
from router.training.data.companies import (
    FITTING,
    JUDGING,
    Company,
    CustomerMessage,
    companies,
    taught,
)
from router.training.reranking import fit
from router.training.reranking.fit import RankedRow
from router.training.reranking.fit_gate import (
    STRANGERS_JUDGING,
    STRANGERS_TAUGHT,
    fit_gate,
    outsiders,
    share_read,
    strangers,
)
from router.training.reranking.framing import Framing, fillers
from router.triage.matching.gate import FIELD, GATE, MOST_CHARACTERS, Gate
from router.triage.reranking.cross_encoder import CrossEncoder
from router.triage.reranking.reranker import Weights
from router.triage.triage_model import TriageModel

OUTSIDE_SHARE = 0.65
"""Share of messages that are other work, in a gateway before all of a company's traffic."""
INTENTS = ("intent_clinc150", "intent_hwu64")
"""Sets of requests to an assistant. They ask banks and shops too, so grown files get none."""
INTENTS_JUDGING = ("intent_snips",)
EVERYDAY = "everyday"
JUDGES_OF_FOUR = 4
"""Of so many authors of everyday messages one judges."""
MOST_OF_A_SET = 400
FRAMED_WEIGHT = 0.5
"""What a company's message counts in a frame; it counts 1 without. So a third is framed, as of
what others write."""
FRAMES_SEED = 74
_ASKED_ANYWHERE_IDS = (
    "are_you_a_bot contact goodbye greeting how_are_you joke speak_to_human thanks what_can_you_do "
    "your_name"
)
ASKED_ANYWHERE = frozenset(_ASKED_ANYWHERE_IDS.split())
"""Answers of the shipped files that are right for whoever asks, of whatever field."""

Strangers = Mapping[str, Sequence[str]]


class Chances(NamedTuple):
    """Holds what is fitted, and the figures of it for the card."""

    gate: Gate
    weights: Weights
    cap: float
    figures: dict[str, Value]


def everyday(rng: random.Random, *, judging: bool) -> list[str]:
    """Returns English everyday messages of the authors who teach this, or of those who judge it."""
    authors = sorted({path.parent.name for path in FOLDER.glob("*/en.txt")} - {*JUDGES})
    texts = set[str]()
    for place, author in enumerate(authors):
        if (place % JUDGES_OF_FOUR == 0) == judging:
            lines = sections_in(FOLDER / author / "en.txt", SECTIONS)
            texts |= {line for section, line in lines if section == "none" and "{" not in line}
    short = sorted(text for text in texts if len(text) <= MOST_CHARACTERS)
    return rng.sample(short, min(2 * MOST_OF_A_SET, len(short)))


def outside_of(
    data: Path, teaching: Sequence[Company], framing: Framing, rng: random.Random
) -> Strangers:
    """Returns by source what is no company's field, for the fit; some of it stands in frames."""
    found = _drawn(data, (*STRANGERS_TAUGHT, *INTENTS), rng)
    found |= {EVERYDAY: everyday(rng, judging=False), "outsiders": outsiders(teaching, rng)}
    frames = random.Random(FRAMES_SEED)
    return {name: framing.some_framed(texts, frames) for name, texts in found.items() if texts}


def judging_outside(data: Path, rng: random.Random) -> Strangers:
    """Returns the same of sources that no fit sees."""
    found = _drawn(data, (*STRANGERS_JUDGING, *INTENTS_JUDGING), rng)
    found[EVERYDAY] = everyday(rng, judging=True)
    return {name: texts for name, texts in found.items() if texts}


def _drawn(data: Path, names: Sequence[str], rng: random.Random) -> dict[str, Sequence[str]]:
    """Returns at most MOST_OF_A_SET texts of each set."""
    sets = {name: strangers(data, [name], rng) for name in names}
    return {name: rng.sample(texts, min(MOST_OF_A_SET, len(texts))) for name, texts in sets.items()}


def mixed(
    model: TriageModel,
    cross: CrossEncoder,
    company: Company,
    outside: Strangers,
    *,
    is_grown: bool = False,
    share: float = OUTSIDE_SHARE,
) -> list[RankedRow]:
    """Returns the messages of a company, and what others write in its stead, with their weights.

    Every source of the latter weighs the same.
    """
    some = {name: texts for name, texts in outside.items() if not (is_grown and name in INTENTS)}
    each = share / (1.0 - share) * len(company.messages) / max(1, len(some))
    beside = [CustomerMessage(text, "") for texts in some.values() for text in texts]
    weights = [each / len(texts) for texts in some.values() for _ in texts]
    messages = [*company.messages, *beside]
    rows = fit.ranked(model, cross, Company(company.name, company.answers, messages))
    strange = zip(rows[len(company.messages) :], weights, strict=True)
    return [
        *rows[: len(company.messages)],
        *[row._replace(weight=w) for row, w in strange if row.likeliest not in ASKED_ANYWHERE],
    ]


def in_frames(
    model: TriageModel, cross: CrossEncoder, company: Company, framing: Framing, weight: float = 1.0
) -> list[RankedRow]:
    """Returns the messages of a company in frames, each with that weight."""
    framed = framing.of_company(company, random.Random(FRAMES_SEED))
    return [row._replace(weight=weight) for row in fit.ranked(model, cross, framed)]


def fitted(
    model: TriageModel, cross: CrossEncoder, data: Path, knowledge: Path, rng: random.Random
) -> Chances:
    """Returns the gate and the chances of a network, and sets the model's gate."""
    by_name = {one.name: one for one in companies()}
    files = [fit.grown(path, rng) for path in sorted(knowledge.glob("*.yaml"))]
    fitted_on, judges = ([by_name[name] for name in names] for names in (FITTING, JUDGING))
    teaching = taught()
    framing = Framing(fillers().fitting, model.encoder.tokenise)
    strange = [*strangers(data, STRANGERS_TAUGHT, rng), *outsiders(teaching, rng)]
    customers = [framing.beside(one, random.Random(FRAMES_SEED)) for one in (*fitted_on, *files)]
    gate = fit_gate(model, customers, strange)
    model.matching = model.matching._replace(gate=gate)
    outside = outside_of(data, teaching, framing, rng)
    fitting = [row for one in fitted_on for row in mixed(model, cross, one, outside)]
    of_files = [row for one in files for row in mixed(model, cross, one, outside, is_grown=True)]
    framed = [
        row
        for one in (*fitted_on, *files)
        for row in in_frames(model, cross, one, framing, FRAMED_WEIGHT)
    ]
    weights, field = fit.fit([*fitting, *of_files, *framed])
    gate = gate._replace(field=field)
    model.matching = model.matching._replace(gate=gate)
    own = [
        [row.told_by(field) for row in rows if row.weight == 1.0] for rows in (fitting, of_files)
    ]
    cap = fit.cap_of(weights, own[0])
    figures: dict[str, Value] = {
        "gate": dict(zip(GATE, gate.coefficients.tolist(), strict=True)),
        "field": dict(zip(FIELD, field.tolist(), strict=True)),
        "strangers_fitted_on": [
            *STRANGERS_TAUGHT,
            "messages that have nothing to do with a company",
        ],
        "field_fitted_on": {"share": OUTSIDE_SHARE, "sources": sorted(outside)},
        "weights": weights._asdict(),
        "cap": cap,
        "fitting": {"companies": list(FITTING), **fit.figures_of(weights, own[0])},
        "files": {"companies": [one.name for one in files], **fit.figures_of(weights, own[1])},
        **judged(model, cross, fit.Fitted(weights, field), judges, judging_outside(data, rng)),
        "strangers_read": {
            name: share_read(model, judges, strangers(data, [name], rng))
            for name in STRANGERS_JUDGING
        },
    }
    return Chances(gate, weights, cap, figures)


def judged(
    model: TriageModel,
    cross: CrossEncoder,
    learned: fit.Fitted,
    judges: Sequence[Company],
    unseen: Strangers,
) -> dict[str, Value]:
    """Returns the figures of companies that no fit saw: as written, in frames, beside others."""
    weights, field = learned
    framing = Framing(fillers().judging, model.encoder.tokenise)
    alone = [row for one in judges for row in fit.ranked(model, cross, one)]
    framed = [row for one in judges for row in in_frames(model, cross, one, framing)]
    among = [row for one in judges for row in mixed(model, cross, one, unseen)]
    alone, framed, among = ([row.told_by(field) for row in rows] for rows in (alone, framed, among))
    names: list[Value] = list(JUDGING)
    return {
        "judging": {"companies": names, **fit.figures_of(weights, alone)},
        "judging_framed": {"companies": names, **fit.figures_of(weights, framed)},
        "judging_outside": {
            "share": OUTSIDE_SHARE,
            "sources": sorted(unseen),
            "offers": fit.offers_of(weights, among),
        },
    }
