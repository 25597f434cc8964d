"""Measures certificates: how often they break, and what they cover, on a file of intents.

The file's intents are a knowledge file, matched by the shipped index and its coefficients.
Strangers are its out-of-scope rows and, in each draw, the rows of a part of the intents that was
left out of the index: a domain where the file names domains, else a tenth. Only rows judge that the
encoder never trained on.

Two ways to draw. *Halves*: one half certifies, the other is traffic; what is seen there has its own
noise, so a certificate that holds can seem broken. *Draws*: labels are drawn with replacement from
all rows, whose own shares are then the truth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.evaluation.kinds.intents import OUT_OF_SCOPE
from router.evaluation.options import Kind, Options, Report, Section, Subject
from router.evaluation.rows import Row, both_sides
from router.evaluation.table import Line, Table, read
from router.stats.measures import Figure, Flags
from router.stats.mixture_bounds import Counts, mixture_error
from router.stats.threshold_walk import GRID, loosest
from router.triage.match import KnowledgeIndex
from router.triage.matching.own_file import STEPS_WITHOUT, Fit
from router.triage.utterances import Described, Utterances

RISKS = (0.02, 0.01)
OUTSIDE_SHARE = 0.2
SHARES = (0.0, 0.05, 0.1, 0.15, 0.2)
"""Lists the shares of traffic at which a certificate is judged; it is made for the last."""

CONFIDENCE = 0.95
DRAWN = (2_250, 500)
"""Sets the labels of a draw, of the file and of strangers: half of CLINC150's test file."""
AS_IT_IS = np.array([1.0, 0.0])
"""Slope and shift of log-odds that leave a chance as it is."""

PARTS = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """Holds, by threshold of GRID, which rows level 1 accepts and which of these are wrong."""

    accepted: Flags  # (rows of the file, thresholds)
    wrong: Flags  # the same
    strangers: Flags  # (strangers, thresholds): accepted


@dataclass(frozen=True, slots=True)
class Drawn:
    """Holds what one drawn certificate did: its coverage, and its error at each share."""

    coverage: float
    errors: tuple[float, ...]


def evaluate(subject: Subject, path: Path, options: Options) -> Report:
    """Returns the figures of certificates on a file of intents with out-of-scope rows.

    Raises TrainingDataError where the file cannot be used or has no out-of-scope row.
    """
    table = _read(path)
    train = _read(options.train) if options.train else None
    sides = both_sides(table, train, subject.known, options.dev)
    parts = _scored(subject, sides.train, sides.judged, path)
    sections: dict[str, Section] = {}
    rng = np.random.default_rng(options.seed)
    for risk in RISKS:
        for name, draw in (("halves", _half), ("draws", _with_replacement)):
            drawn = [draw(parts[i % len(parts)], risk, rng) for i in range(options.resamples)]
            place = f"{name}: at most {risk * 100:g} % wrong, up to {OUTSIDE_SHARE:g} strangers"
            sections[place] = _section(drawn, risk)
    first = parts[0]
    notes = (
        *sides.notes,
        f"{len(parts)} parts of the intents left out in turn; {len(first.accepted):,} rows of the "
        f"file and {len(first.strangers):,} strangers in the first",
        f"draws take {DRAWN[0]:,} rows of the file and {DRAWN[1]:,} strangers with replacement",
    )
    digest, version = table.sha256, subject.model.version
    return Report(Kind.CERTIFICATES, path.name, digest, version, sections, notes)


def _read(path: Path) -> Table[Row]:
    """Reads text, intent; optional domain, which names the part, and oos."""

    def parse(line: Line) -> Row | None:
        text, intent = line.text("text"), line.text("intent")
        outside = line.flag("oos") or intent in OUT_OF_SCOPE
        row = Row(line.number, text, intent, source=line.optional("domain"), outside=outside)
        return row if text else None

    return read(path, (("text",), ("intent",)), parse)


def _scored(
    subject: Subject, taught: Sequence[Row], judged: Sequence[Row], path: Path
) -> list[Scored]:
    """Returns the scores with each part of the intents left out in turn."""
    # The encoder may know a taught out-of-scope row; then the row would judge too kindly.
    strange = [row for row in judged if row.outside]
    if not strange:
        raise TrainingDataError(
            f"{path}: found no row with oos 1 among the {len(judged)} that judge; expected some "
            "requests that none of the intents fits"
        )
    known = [row for row in taught if not row.outside]
    utterances = _utterances(subject, known)
    weights = utterances.regression()
    inside = [row for row in judged if not row.outside and row.label in utterances.intent_ids]
    vectors = subject.model.described([row.text for row in inside])
    apart = subject.model.described([row.text for row in strange])
    part_of = _parts(known)
    scored = []
    for part in sorted(set(part_of.values())):
        away = np.array([part_of[name] == part for name in utterances.intent_ids])
        rest = utterances.part(~away[utterances.owner])
        matching, lexicon = subject.model.matching, subject.model.lexicon
        # Whoever tunes a certificate has outcomes, so nothing is capped.
        fit = Fit(
            rest.regression(weights[:, ~away], STEPS_WITHOUT), matching.coefficients, AS_IT_IS
        )
        index = KnowledgeIndex(rest, matching, lexicon, fit)
        gone = np.array([part_of[row.label] == part for row in inside])
        confidence, right = _matched(index, inside, vectors)
        others, _ = _matched(index, strange, apart)
        accepted = confidence[:, None] >= np.array(GRID)
        scored.append(
            Scored(
                accepted[~gone],
                (accepted & ~right[:, None])[~gone],
                np.concatenate([accepted[gone], others[:, None] >= np.array(GRID)]),
            )
        )
    return scored


def _utterances(subject: Subject, rows: Iterable[Row]) -> Utterances:
    by_intent: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_intent[row.label].append(row.text)
    return Utterances.of(sorted(by_intent.items()), subject.model.described)


def _parts(rows: Sequence[Row]) -> dict[str, str]:
    """Returns the part of each intent: its domain, or one of ten where rows have none."""
    named = {row.label: row.source for row in rows}
    if len(set(named.values())) > 1:
        return named
    return {name: str(place % PARTS) for place, name in enumerate(sorted(named))}


def _matched(
    index: KnowledgeIndex, rows: Sequence[Row], described: Described
) -> tuple[npt.NDArray[np.float64], Flags]:
    """Returns the confidence of each row's match, and where it is the row's own intent."""
    matches = index.match(described, [row.text for row in rows])
    confidence = np.array([0.0 if match is None else match.confidence for match in matches])
    right = [
        match is not None and match.intent_id == row.label
        for match, row in zip(matches, rows, strict=True)
    ]
    return confidence, np.array(right, dtype=bool)


def _half(scored: Scored, risk: float, rng: np.random.Generator) -> Drawn | None:
    inside, strange = (rng.random(len(rows)) < 0.5 for rows in (scored.accepted, scored.strangers))
    labels, traffic = _counts(scored, inside, strange), _counts(scored, ~inside, ~strange)
    return _drawn(labels, traffic, risk)


def _with_replacement(scored: Scored, risk: float, rng: np.random.Generator) -> Drawn | None:
    inside = rng.integers(0, len(scored.accepted), DRAWN[0])
    strange = rng.integers(0, len(scored.strangers), DRAWN[1])
    everything = slice(None)
    labels = _counts(scored, inside, strange)
    return _drawn(labels, _counts(scored, everything, everything), risk)


def _counts(
    scored: Scored,
    inside: npt.NDArray[np.generic] | slice,
    strange: npt.NDArray[np.generic] | slice,
) -> list[Counts]:
    """Returns the counts of the chosen rows at each threshold."""
    accepted, wrong = scored.accepted[inside], scored.wrong[inside]
    strangers = scored.strangers[strange]
    whole = Counts(len(accepted), 0, 0, len(strangers), 0)
    columns = (accepted.sum(axis=0), wrong.sum(axis=0), strangers.sum(axis=0))
    return [
        replace(whole, accepted=a, wrong=w, outside_accepted=s)
        for a, w, s in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _drawn(labels: Sequence[Counts], traffic: Sequence[Counts], risk: float) -> Drawn | None:
    """Returns what the certificate of `labels` does to `traffic`; None where it is refused."""
    certificate = loosest(labels, OUTSIDE_SHARE, risk, 1.0 - CONFIDENCE)
    if certificate is None:
        return None
    counts = traffic[certificate[0]]
    return Drawn(
        counts.accepted / max(1, counts.within),
        tuple(mixture_error(counts, share) for share in SHARES),
    )


def _section(drawn: Sequence[Drawn | None], risk: float) -> Section:
    made = [one for one in drawn if one is not None]
    figures = {
        "refused": Figure(1.0 - len(made) / len(drawn), len(drawn)),
        "coverage": Figure(_mean(made, lambda one: one.coverage), len(made)),
    }
    for place, share in enumerate(SHARES):
        broken = sum(one.errors[place] > risk for one in made)
        # A refused certificate promises nothing, so it breaks nothing; it counts among the draws.
        figures[f"broken_at_{share:g}"] = Figure(broken / len(drawn), len(drawn))
    figures["error_at_the_stated_share"] = Figure(
        _mean(made, lambda one: one.errors[-1]), len(made)
    )
    return figures


def _mean(made: Sequence[Drawn], of: Callable[[Drawn], float]) -> float:
    return float(np.mean([of(one) for one in made])) if made else float("nan")
