"""Fits what turns match evidence into the probability that a match is right (stage 5c).

Real intent sets play the operators: some intents of one company, with a few utterances each, form
a knowledge file. Requests of those intents should match. Akin requests (intents that were left
out), requests to other companies, and what the world asks besides should not: they are matched
against the same reduced file, so that its size gives nothing away. Each company is judged by what
was fitted on the others, and on outside texts that nothing was fitted on; the shipped fit is of
all companies. The encoder was trained on these sets, so a file of another kind does worse; that is
what the cap is for.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, auroc, ece, fit_logistic, sigmoid
from router.training.heads.match_rows import (
    ASKED,
    ASKED_TOO,
    FAMILIES,
    FEW_REQUESTS,
    GENERAL,
    HARMFUL,
    OUTSIDE,
    UNSEEN,
    Row,
    company_of,
    judges,
    set_of,
)
from router.triage.match import KnowledgeIndex
from router.triage.matching.evidence import FEATURES, columns
from router.triage.matching.own_file import fitted
from router.triage.utterances import Described, Utterances
from router.triage.verifier import (
    CANDIDATE_AT,
    PAIR,
    SET,
    Lexicon,
    MatchModel,
    Verifier,
    features_of_sets,
)

PLANE_ROWS, PLANE_RIDGE = 4000, 0.5
"""Rows that each side of the plane counts as, and the precision of its coefficients."""

ROUNDS = 6
"""Simulated files per company."""
UTTERANCES = ((5, 12), (5, 12), (12, 40))
"""Utterances of an intent, from and to; the last is a file that has grown for years."""
INSIDE_SHARE = (0.3, 0.7)
"""Share of a company's intents that the knowledge file of one round holds, from and to."""
REQUESTS = 240
NOT_COVERED = (0, 0, 24)
"""Requests that the simulated operator marked as not covered, by round: most have marked none."""

OUTSIDE_SHARE = 0.3
"""Share of requests assumed to ask for nothing in the file: what open support desks see. HINT3's
bots were asked so in more than half of their messages, CLINC150's authors assumed 18 %."""
NEAR, OTHERS, WORLD = 0.12, 0.08, 0.10
"""Its parts: akin requests, other companies' customers, and what the world asks besides."""

WORLD_COUNTS = 10.0
"""How often a row of the world counts when the verifier is fitted. Few of them are candidates at
all, so at their share they taught next to nothing: of 2,785 general prompts the shop's file took
11, and at ten times their share 4, for one point of its own requests. Thirty changed no more."""

TOGETHER_COUNTS = 5.0
"""How often a row of the world counts when the chance of the likeliest together is fitted. At the
same share of general prompts that get an offer, ten times find no more of the two files' own
requests than five, and say 1.4 points less than is true."""

THRESHOLD, OFFERED_FROM = 0.85, 0.25
RIDGE = 5.0
LEAST_SPREAD = 0.05
"""Precision of a coefficient of the verifier, in units of its feature's variance. A feature that
hardly varies here counts as one that does: elsewhere it may."""
DEFAULT = np.array([-9.0, 0.3, 4.0, 1.0, 3.0, 3.0, 0.5, 2.0, 2.0])
"""Coefficients for a folder without an intent set: set by hand, never called calibrated."""
MOST_CAP = 0.9
"""The cap is never higher. The companies that taught nothing are asked their own utterances, and
whoever writes them asks more alike than strangers do."""
DEFAULT_CAP = 0.8
"""For a folder without two companies: nothing shows that more of the surest would be right."""


PASSING = np.array([float(name == "first") for name in PAIR])
"""The verifier that leaves the first chance as it is."""
PASSING_SET = np.array([float(name == "verified") for name in SET])
"""And says of the likeliest together what it says of the first."""


def hand_set(width: int) -> MatchModel:
    """Returns what matches without having been fitted, for vectors of this width."""
    return MatchModel(DEFAULT, _passing(np.zeros(width + 1)))


class FittedMatch(NamedTuple):
    """Holds what matching needs, and its figures on companies on which it was not fitted."""

    model: MatchModel
    figures: Mapping[str, Mapping[str, float]]


class Round(NamedTuple):
    """Holds the requests of one simulated file as its index sees them."""

    first: Floats  # (requests, len(FEATURES))
    chances: Floats  # (requests,) the first chances
    pairs: Floats  # (candidates, len(PAIR))
    parts: Floats  # (candidates, len(SET) - 2) of the likeliest intents together
    candidates: npt.NDArray[np.int64]  # (candidates,) their places among the requests
    right: Floats  # (requests,)
    among: Floats  # (requests,) 1.0 where one of the likeliest intents is right
    weight: Floats  # (requests,)
    kind: Sequence[str]  # inside, near, or the source of an outside request
    held: Floats  # (requests,) 1.0 for outside texts that only judge


def fit(
    rows: Sequence[Row],
    describe: Callable[[Sequence[str]], Described],
    lexicon: Lexicon,
    seed: int,
) -> FittedMatch:
    """Returns the fit (hand-set without two companies), and figures of every company held out."""
    described = describe([row.text for row in rows])
    world = _World(rows, described, lexicon, seed)
    companies = [name for name in world.companies() if name not in UNSEEN]
    bare = hand_set(described.vectors.shape[1])
    if len(companies) < 2:
        return FittedMatch(bare, {})
    drawn = {name: [world.drawn(name, number) for number in range(ROUNDS)] for name in companies}
    plain = {
        name: [world.asked(file, bare, adjust=False) for file in files]
        for name, files in drawn.items()
    }
    rounds: dict[str, list[Round]] = {}
    for name, files in drawn.items():
        # Every company is read as an operator's own file will be: by what others left behind.
        others = [r for other in companies if other != name for r in plain[other]]
        foreign = MatchModel(_first(others), _passing(world.plane(without=set_of(name))))
        rounds[name] = [world.asked(file, foreign) for file in files]
    judged = {}
    for name in companies:
        others = [r for other in companies if other != name for r in rounds[other]]
        judged[name] = _judged(rounds[name], *_verifier(others))
    taught = [r for file_rounds in rounds.values() for r in file_rounds]
    figures = {name: _figures([part]) for name, part in judged.items()}
    figures["all"] = _figures(list(judged.values()))
    first, plane = _first([r for file_rounds in plain.values() for r in file_rounds]), world.plane()
    coefficients, together = _verifier(taught)
    unseen = {}
    for name in sorted(set(world.companies()) & set(UNSEEN)):
        files = [world.drawn(name, number) for number in range(ROUNDS)]
        asked = [world.asked(file, MatchModel(first, _passing(plane))) for file in files]
        unseen[name] = _judged(asked, coefficients, together)
        figures[name] = _figures([unseen[name]])
    cap = _cap(list((unseen or judged).values()))
    verifier = Verifier(coefficients, cap, plane, together)
    return FittedMatch(MatchModel(first, verifier), figures)


def _passing(plane: Floats) -> Verifier:
    return Verifier(PASSING, DEFAULT_CAP, plane, PASSING_SET)


class _File(NamedTuple):
    """Holds one simulated knowledge file and its requests, as places in the rows."""

    lines: Sequence[tuple[str, Sequence[int]]]
    inside: Sequence[int]
    outside: Sequence[tuple[int, str, float]]  # place, kind, weight


class _World:
    """Holds all rows with their vectors and readings, and draws files and requests from them."""

    def __init__(
        self, rows: Sequence[Row], described: Described, lexicon: Lexicon, seed: int
    ) -> None:
        self._rows, self._described, self._lexicon, self._seed = rows, described, lexicon, seed
        self._stock: dict[str, dict[str, list[int]]] = {}
        self._requests: dict[str, list[int]] = {}
        self._sources: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            self._sources.setdefault(row.source, []).append(place)
            company = company_of(row)
            if company is None:
                continue
            if row.dev:
                self._requests.setdefault(company, []).append(place)
            else:
                stock = self._stock.setdefault(company, {})
                stock.setdefault(row.intent or "", []).append(place)

    def companies(self) -> list[str]:
        """Returns the companies with enough intents to leave some out."""
        return sorted(name for name, stock in self._stock.items() if len(stock) >= 6)

    def plane(self, without: str = "") -> Floats:
        """Returns the plane between what companies are asked and the rest, (width + 1,).

        It leaves out the set `without`, and outside texts that judge. Every source weighs the
        same among companies; among the rest, by the root of its size.
        """
        weight = np.zeros(len(self._rows))
        strange = np.zeros(len(self._rows))
        for source, found in self._sources.items():
            places = [p for p in found if self._rows[p].intent != "oos"]
            if source in ASKED and source != without:
                weight[places] = 1.0 / len(places)
            elif source.startswith(OUTSIDE) and source not in ASKED_TOO:
                places = [p for p in places if not judges(self._rows[p].text)]
                weight[places] = 1.0 / np.sqrt(max(1, len(places)))
                strange[places] = 1.0
        for side in (0.0, 1.0):
            mine = (strange == side) & (weight > 0)
            weight[mine] *= PLANE_ROWS / max(weight[mine].sum(), 1e-9)
        kept = weight > 0
        x = np.column_stack([self._described.vectors[kept], np.ones(int(kept.sum()))])
        width = x.shape[1] - 1
        precision = np.array([PLANE_RIDGE] * width + [1e-3])
        return fit_logistic(x, strange[kept], np.zeros(width + 1), precision, weight[kept])

    def drawn(self, company: str, number: int) -> _File:
        """Returns one simulated file of a company."""
        rng = random.Random(f"{self._seed}/{company}/{number}")
        stock = self._stock[company]
        names = sorted(stock)
        chosen = rng.sample(names, max(4, int(len(names) * rng.uniform(*INSIDE_SHARE))))
        fewest, most = UTTERANCES[number % len(UTTERANCES)]
        lines = [
            (name, rng.sample(stock[name], min(len(stock[name]), rng.randint(fewest, most))))
            for name in chosen
        ]
        used = {place for _, places in lines for place in places}
        requests = self._requests.get(company, [])
        if len(requests) < FEW_REQUESTS:
            requests = [*requests, *(p for places in stock.values() for p in places)]
        requests = [place for place in requests if place not in used]
        inside = [place for place in requests if self._rows[place].intent in set(chosen)]
        near = [place for place in requests if self._rows[place].intent not in set(chosen)]
        rng.shuffle(near)
        marked = NOT_COVERED[number % len(NOT_COVERED)]
        if marked and len(near) > 2 * marked:
            lines.append(("", near[:marked]))
            near = near[marked:]
        return _File(
            lines,
            rng.sample(inside, min(REQUESTS, len(inside))),
            self._outside(company, near, rng),
        )

    def _outside(
        self, company: str, near: Sequence[int], rng: random.Random
    ) -> list[tuple[int, str, float]]:
        """Returns requests for nothing in the file: place, kind and share of all requests."""
        family = set_of(company)
        oos = [p for p in self._sources.get(family, []) if self._rows[p].intent == "oos"]
        others = [p for s in FAMILIES[family] for p in self._sources.get(s, [])]
        world = [(p, s) for s, places in self._sources.items()
                 if s.startswith(OUTSIDE) and s not in ASKED_TOO for p in places]  # fmt: skip
        drawn: list[tuple[int, str, float]] = []
        for places, kind, share, most in (
            ([*near, *oos], "near", NEAR, REQUESTS // 2),
            (others, "others", OTHERS, REQUESTS // 2),
        ):
            chosen = rng.sample(places, min(most, len(places)))
            drawn += [(place, kind, share / len(chosen)) for place in chosen]
        chosen_world = rng.sample(world, min(2 * REQUESTS, len(world)))
        drawn += [(place, source, WORLD / len(chosen_world)) for place, source in chosen_world]
        return drawn

    def asked(self, file: _File, matching: MatchModel, *, adjust: bool = True) -> Round:
        """Returns what the index of a file finds of its requests."""
        places = [place for _, of_intent in file.lines for place in of_intent]
        texts = tuple(self._rows[place].text for place in places)
        owner = np.array([k for k, (_, of_intent) in enumerate(file.lines) for _ in of_intent])
        vectors, readings = self._described
        names = tuple(name for name, _ in file.lines)
        utterances = Utterances(names, texts, owner, vectors[places], readings[places])
        fit = fitted(utterances, matching) if adjust else None
        index = KnowledgeIndex(utterances, matching, self._lexicon, fit)
        requests = [*file.inside, *(place for place, _, _ in file.outside)]
        asked = [self._rows[place].text for place in requests]
        evidence = index.evidence(vectors[requests], asked)
        intents, features = columns(evidence)
        written = np.array([found.written for found in evidence], bool)
        matched = np.array([names[k] for k in intents.tolist()])
        truth = np.array([self._rows[place].intent for place in file.inside])
        right = np.zeros(len(requests))
        right[: len(truth)] = matched[: len(truth)] == truth
        shares = [(1 - OUTSIDE_SHARE) / max(1, len(file.inside))] * len(file.inside)
        weight = np.array([*shares, *(share for _, _, share in file.outside)]) * len(requests)
        chances = sigmoid(features @ index.coefficients)
        chances[matched == ""] = 0.0  # nothing is answered from what the operator marked
        candidates = np.flatnonzero(adjust & (chances >= CANDIDATE_AT) & ~written)
        rows = zip(evidence, chances.tolist(), asked, readings[requests].tolist(), strict=True)
        some = list(itertools.compress(rows, np.isin(np.arange(len(asked)), candidates).tolist()))
        pairs, parts = [index.pair(*row) for row in some], [index.set_parts(e) for e, *_ in some]
        likeliest = index.evidence.likeliest(vectors[requests[: len(truth)]])
        among = np.zeros(len(requests))
        among[: len(truth)] = (np.array(names)[likeliest] == truth[:, None]).any(axis=1)
        kinds = [*(["inside"] * len(file.inside)), *(kind for _, kind, _ in file.outside)]
        held = np.array([judges(text) for text in asked], dtype=float)
        held[: len(file.inside)] = 0.0
        return Round(
            features,
            chances,
            np.array(pairs).reshape(-1, len(PAIR)),
            np.array(parts).reshape(-1, len(SET) - 2),
            candidates,
            right,
            among,
            weight,
            kinds,
            held,
        )


def _first(rounds: Sequence[Round]) -> Floats:
    x = np.concatenate([r.first for r in rounds])
    y = np.concatenate([r.right for r in rounds])
    w = np.concatenate([r.weight for r in rounds])
    return fit_logistic(x, y, DEFAULT, np.full(len(FEATURES), 1.0), w)


def _verifier(rounds: Sequence[Round]) -> tuple[Floats, Floats]:
    """Returns the verifier's coefficients for the likeliest, and for several together.

    They are fitted on candidates; outside texts that judge are left.
    """
    xs, sets, ys, among, ws, beyond = [], [], [], [], [], []
    for r in rounds:
        places = r.candidates
        taught = r.held[places] == 0.0
        xs.append(r.pairs[taught])
        sets.append(r.parts[taught])
        ys.append(r.right[places][taught])
        among.append(r.among[places][taught])
        outside = np.array([kind != "inside" for kind in r.kind])[places][taught]
        # Half of the outside texts only judge, so the others count for both halves.
        ws.append(r.weight[places][taught] * np.where(outside, 2.0, 1.0))
        beyond.append(outside & ~np.isin(np.array(r.kind), ("near", "others"))[places][taught])
    x, w, world = np.concatenate(xs), np.concatenate(ws), np.concatenate(beyond)
    counts = w * np.where(world, WORLD_COUNTS, 1.0)
    one = _fitted(x, np.concatenate(ys), PASSING, counts)
    several = features_of_sets(sigmoid(x @ one), np.concatenate(sets))
    counts = w * np.where(world, TOGETHER_COUNTS, 1.0)
    return one, _fitted(several, np.concatenate(among), PASSING_SET, counts)


def _fitted(x: Floats, y: Floats, start: Floats, weight: Floats) -> Floats:
    spread = np.maximum(x.var(axis=0), LEAST_SPREAD)
    return fit_logistic(x, y, start, RIDGE * spread, weight)


class _Judged(NamedTuple):
    chances: Floats
    together: Floats
    right: Floats
    among: Floats
    weight: Floats
    kind: Sequence[str]


def _judged(rounds: Sequence[Round], coefficients: Floats, together: Floats) -> _Judged:
    """Returns the chances of a company's requests, without outside texts that teach."""
    chances, several, rights, among, weights, kinds = [], [], [], [], [], []
    for r in rounds:
        verified, together_of = r.chances.copy(), np.zeros(len(r.chances))
        verified[r.candidates] = sigmoid(r.pairs @ coefficients)
        asked = features_of_sets(verified[r.candidates], r.parts)
        together_of[r.candidates] = sigmoid(asked @ together)
        outside = np.array([kind != "inside" for kind in r.kind])
        kept = ~outside | (r.held == 1.0)
        chances.append(verified[kept])
        several.append(together_of[kept])
        rights.append(r.right[kept])
        among.append(r.among[kept])
        weights.append((r.weight * np.where(outside, 2.0, 1.0))[kept])
        kinds += [kind for kind, is_kept in zip(r.kind, kept.tolist(), strict=True) if is_kept]
    columns = [np.concatenate(part) for part in (chances, several, rights, among, weights)]
    return _Judged(columns[0], columns[1], columns[2], columns[3], columns[4], kinds)


def _figures(parts: Sequence[_Judged]) -> dict[str, float]:
    chance = np.concatenate([part.chances for part in parts])
    right = np.concatenate([part.right for part in parts])
    weight = np.concatenate([part.weight for part in parts])
    kind = np.array([kind for part in parts for kind in part.kind])
    taken = chance >= THRESHOLD
    together = np.concatenate([part.together for part in parts])
    among = np.concatenate([part.among for part in parts])
    offered = ~taken & (together >= OFFERED_FROM)
    general = np.array([k.startswith(GENERAL) for k in kind])
    harmful = np.array([k.startswith(HARMFUL) for k in kind])
    counted = np.repeat(np.arange(len(weight)), np.maximum(1, np.round(4 * weight)).astype(int))
    sure = float((weight * taken).sum())
    return {
        "requests": len(right),
        "auroc": round(auroc(chance[counted], right[counted] > 0.5), 4),
        "ece": round(ece(chance[counted], right[counted]), 4),
        "claimed_among_taken": round(float((weight * taken * chance).sum() / max(sure, 1e-9)), 4),
        "right_among_taken": round(float((weight * taken * right).sum() / max(sure, 1e-9)), 4),
        "taken_of_right_intents": _share(taken[right > 0.5]),
        "ece_together": round(ece(together[counted], among[counted]), 4),
        "offered_of_right_intents": _share(offered[among > 0.5]),
        "general_offered": int(offered[general].sum()),
        "near_taken": _share(taken[kind == "near"]),
        "others_taken": _share(taken[kind == "others"]),
        "general_taken": int(taken[general].sum()),
        "general": int(general.sum()),
        "harmful_taken": int(taken[harmful].sum()),
        "harmful": int(harmful.sum()),
    }


def _share(taken: npt.NDArray[np.bool_]) -> float:
    return round(float(taken.mean()), 4) if taken.size else 0.0


def _cap(parts: Sequence[_Judged]) -> float:
    """Returns the mean over companies of the share of right answers among the surest.

    A company counts once, however many requests it has: the next file is one more company. The
    companies that taught nothing decide where there are any: the others flatter, since the encoder
    was trained on them.
    """
    shares = []
    for part in parts:
        taken = part.chances >= THRESHOLD
        if taken.any():
            shares.append(
                float((part.weight * taken * part.right).sum() / (part.weight * taken).sum())
            )
    return min(MOST_CAP, round(float(np.mean(shares)), 2)) if shares else DEFAULT_CAP
