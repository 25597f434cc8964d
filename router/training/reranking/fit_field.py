"""Fits what the reranker's network says to the traffic of a gateway, where most is other work.

The network was taught what tells an answer from its neighbours. So the chances, and what tells the
file's field, are fitted on the messages of companies beside what people ask an assistant, write to
each other, or write to somebody else's service desk: OUTSIDE_SHARES of all messages. A third, of
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
    fit_gates,
    outsiders,
    share_read,
    strangers,
)
from router.training.reranking.framing import Framing, fillers
from router.triage.match import OTHERS_FOUND
from router.triage.matching.gate import MOST_CHARACTERS, Gate
from router.triage.reranking import file
from router.triage.reranking.cross_encoder import CrossEncoder
from router.triage.reranking.reranker import TrafficFit
from router.triage.triage_model import TriageModel
from router.types import Traffic

OUTSIDE_SHARES = {Traffic.MIXED: 0.65, Traffic.SUPPORT: 0.15}
"""Share of messages that are other work: in a gateway before all of a company's traffic, and in a
support chat, which gets some by mistake."""
INTENTS = ("intent_clinc150", "intent_hwu64")
"""Sets of requests to an assistant. They ask banks and shops too, so grown files get none."""
INTENTS_JUDGING = ("intent_snips",)
EVERYDAY = "everyday"
JUDGES_OF_FOUR = 4
"""Of so many authors of everyday messages one judges."""
MOST_OF_A_SET = 400
ASKED_OF_EACH = 60
"""Texts of a set that one company is asked: eighteen companies draw 1,080 times from at most
MOST_OF_A_SET."""
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
    """Holds what is fitted for each kind of traffic, and the figures of it for the card."""

    fits: dict[Traffic, TrafficFit]
    figures: dict[str, Value]


class CompanyRows(NamedTuple):
    """Holds the rows of companies, as written, in frames, and what others write in their stead."""

    alone: list[RankedRow]
    framed: list[RankedRow]
    outside: list[RankedRow]

    def read_from(self, least: float, most: int) -> CompanyRows:
        """Returns the rows as they are where a gate lets messages pass from `least` on, and `most`
        answers are read."""
        return CompanyRows(*[[row.read_from(least, most) for row in rows] for rows in self])

    def mixed(self, share: float) -> list[RankedRow]:
        """Returns the messages as written beside others, which are `share` of the weight."""
        factor = share / (1.0 - share)
        return [*self.alone, *[row._replace(weight=row.weight * factor) for row in self.outside]]


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


def outside_rows(
    model: TriageModel,
    cross: CrossEncoder,
    company: Company,
    outside: Strangers,
    *,
    is_grown: bool = False,
) -> list[RankedRow]:
    """Returns what others write in the stead of a company's customers; in all they weigh as much.

    Every source weighs the same. Each company draws texts of its own from it.
    """
    rng = random.Random(company.name)
    some = {
        name: rng.sample(texts, min(ASKED_OF_EACH, len(texts)))
        for name, texts in outside.items()
        if not (is_grown and name in INTENTS)
    }
    each = len(company.messages) / max(1, len(some))
    messages = [CustomerMessage(text, "") for texts in some.values() for text in texts]
    weights = [each / len(texts) for texts in some.values() for _ in texts]
    rows = fit.ranked(model, cross, Company(company.name, company.answers, messages))
    return [
        row._replace(weight=weight)
        for row, weight in zip(rows, weights, strict=True)
        if row.likeliest not in ASKED_ANYWHERE
    ]


def in_frames(
    model: TriageModel, cross: CrossEncoder, company: Company, framing: Framing
) -> list[RankedRow]:
    """Returns the messages of a company in frames."""
    framed = framing.of_company(company, random.Random(FRAMES_SEED))
    return fit.ranked(model, cross, framed)


def fitted(
    model: TriageModel, cross: CrossEncoder, data: Path, knowledge: Path, rng: random.Random
) -> Chances:
    """Returns the gates and the chances of a network, and sets the model's gates."""
    by_name = {one.name: one for one in companies()}
    files = [fit.grown(path, rng) for path in sorted(knowledge.glob("*.yaml"))]
    fitted_on, judges = ([by_name[name] for name in names] for names in (FITTING, JUDGING))
    teaching = taught()
    framing = Framing(fillers().fitting, model.encoder.tokenise)
    strange = [*strangers(data, STRANGERS_TAUGHT, rng), *outsiders(teaching, rng)]
    customers = [framing.beside(one, random.Random(FRAMES_SEED)) for one in (*fitted_on, *files)]
    gates = fit_gates(model, customers, strange)
    model.matching = model.matching._replace(gates=gates)
    outside = outside_of(data, teaching, framing, rng)
    judging_framing = Framing(fillers().judging, model.encoder.tokenise)
    ours = rows_of(model, cross, fitted_on, framing, outside)
    of_files = rows_of(model, cross, files, framing, outside, are_grown=True)
    theirs = rows_of(model, cross, judges, judging_framing, judging_outside(data, rng))
    strange_shares = {
        traffic: {
            name: share_read(model, judges, strangers(data, [name], random.Random(7)), traffic)
            for name in STRANGERS_JUDGING
        }
        for traffic in Traffic
    }
    fits, figures = dict[Traffic, TrafficFit](), dict[str, Value]()
    for traffic in Traffic:
        read_from = gates[traffic].least, 1 + OTHERS_FOUND[traffic]
        rows = [some.read_from(*read_from) for some in (ours, of_files, theirs)]
        fits[traffic], told = traffic_fit(gates[traffic], traffic, *rows)
        figures[traffic] = {
            **file.described_of(fits[traffic]),
            **told,
            "strangers_read": strange_shares[traffic],
        }
    figures |= {
        "strangers_fitted_on": [
            *STRANGERS_TAUGHT,
            "messages that have nothing to do with a company",
        ],
        "outside_fitted_on": sorted(outside),
        "companies": {
            "fitting": list(FITTING),
            "files": [one.name for one in files],
            "judging": list(JUDGING),
        },
    }
    return Chances(fits, figures)


def rows_of(
    model: TriageModel,
    cross: CrossEncoder,
    some: Sequence[Company],
    framing: Framing,
    outside: Strangers,
    *,
    are_grown: bool = False,
) -> CompanyRows:
    """Returns the rows of companies, all that pass the gate of a support chat read."""
    return CompanyRows(
        [row for one in some for row in fit.ranked(model, cross, one)],
        [row for one in some for row in in_frames(model, cross, one, framing)],
        [
            row
            for one in some
            for row in outside_rows(model, cross, one, outside, is_grown=are_grown)
        ],
    )


def traffic_fit(
    gate: Gate, traffic: Traffic, ours: CompanyRows, of_files: CompanyRows, theirs: CompanyRows
) -> tuple[TrafficFit, dict[str, Value]]:
    """Returns what is fitted on `ours` and grown files, and its figures; `theirs` judge it."""
    share = OUTSIDE_SHARES[traffic]
    framed = [row._replace(weight=FRAMED_WEIGHT) for row in (*ours.framed, *of_files.framed)]
    found = fit.fit([*ours.mixed(share), *of_files.mixed(share), *framed])
    cap = fit.cap_of(found, ours.alone)
    of_traffic = TrafficFit(gate._replace(field=found.field), found.weights, cap)
    return of_traffic, {
        "outside_share": share,
        "fitting": fit.figures_of(found, ours.alone),
        "files": fit.figures_of(found, of_files.alone),
        "judging": fit.figures_of(found, theirs.alone),
        "judging_framed": fit.figures_of(found, theirs.framed),
        "offers_among_others": fit.offers_of(found, theirs.mixed(share)),
    }
