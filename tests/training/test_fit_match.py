"""The fit of level 1's chances, on companies made up of well separated intents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from router.training.data.sources import Example
from router.training.heads import fit_match, match_rows
from router.training.heads.fit_match import DEFAULT_CAP, FittedMatch
from router.training.heads.match_rows import Row
from router.triage.text.spelling import Speller
from router.triage.utterances import Described
from router.triage.verifier import PAIR, READ, SET

WIDTH = 16


def described(texts: Sequence[str]) -> Described:
    """Returns vectors that lie near a direction named by each text's first word."""
    rows = []
    for text in texts:
        base = np.random.default_rng(abs(hash_of(text.split()[0]))).normal(size=WIDTH)
        noise = np.random.default_rng(abs(hash_of(text))).normal(size=WIDTH)
        row = base + 0.25 * noise
        rows.append(row / np.linalg.norm(row))
    readings = np.zeros((len(texts), len(READ)), dtype=np.float32)
    return Described(np.array(rows, dtype=np.float32), readings)


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()[:12].rjust(12, b"\0"), "big") % 2**31


def company(source: str, intents: int = 8) -> list[Row]:
    """Returns the rows of a company: 12 utterances and 6 requests of each intent."""
    return [
        Row(f"{source[:3]}{i} about number {n}", source, f"i{i}", n >= 12)
        for i in range(intents)
        for n in range(18)
    ]


def world() -> list[Row]:
    sources = ("arena_hard", "advbench", "sms", "tickets", "knowledge")
    return [Row(f"w{source}{n} something", source, None, False) for source in sources
            for n in range(30)]  # fmt: skip


def fit(rows: Sequence[Row]) -> FittedMatch:
    return fit_match.fit(rows, described, Speller({}, ()), 7)


@pytest.fixture(scope="module")
def fitted() -> FittedMatch:
    return fit([*company("clinc150"), *company("banking77"), *company("hwu64"), *world()])


def test_every_company_is_judged_by_the_others(fitted: FittedMatch) -> None:
    assert set(fitted.figures) == {"banking77", "clinc150", "hwu64", "all"}
    assert fitted.figures["all"]["auroc"] > 0.9


def test_the_cap_is_a_share(fitted: FittedMatch) -> None:
    assert 0.5 < fitted.model.verifier.cap <= 1.0


def test_a_surer_first_chance_is_a_surer_match(fitted: FittedMatch) -> None:
    assert fitted.model.verifier.coefficients[PAIR.index("first")] > 0


def test_what_is_offered_is_judged_with_the_company_held_out(fitted: FittedMatch) -> None:
    together = fitted.model.verifier.together
    assert len(together) == len(SET)
    assert together[SET.index("verified")] > 0
    figures = fitted.figures["all"]
    assert 0.0 <= figures["ece_together"] <= 1.0
    assert 0.0 <= figures["offered_of_right_intents"] <= 1.0


def test_a_file_that_taught_nothing_sets_the_cap() -> None:
    rows = [*company("clinc150"), *company("banking77"), *world()]
    unseen = [row._replace(source="retail_bank") for row in company("retail_bank")]
    found = fit([*rows, *unseen])
    assert set(found.figures) == {"banking77", "clinc150", "all", "retail_bank"}
    without = fit(rows)
    assert (found.model.coefficients == without.model.coefficients).all()
    assert (found.model.verifier.coefficients == without.model.verifier.coefficients).all()


def test_one_company_is_too_few() -> None:
    found = fit([*company("clinc150"), *world()])
    assert found.figures == {}
    assert found.model.verifier.cap == DEFAULT_CAP


def test_every_fourth_unseen_utterance_asks() -> None:
    task = "intent/retail_bank"
    unseen = [Example(f"u{i}", "retail_bank", labels={task: "open"}) for i in range(8)]
    unseen.append(Example("no", "retail_bank", labels={task: "oos"}))
    rows = match_rows.selected([], [], 7, unseen)
    assert [row.dev for row in rows] == [False, False, False, True] * 2 + [True]
