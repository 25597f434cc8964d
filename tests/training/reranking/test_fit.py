"""The fit of the reranker's chances: it finds what made the rows, and its figures count them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import yaml

from router.training.reranking import fit
from router.training.reranking.fit import DEFAULT_CAP, MOST_CAP, RankedRow
from router.triage.matching.gate import FIELD
from router.triage.reranking.reranker import Weights

TRUE = Weights(odds=0.8, prior=0.4, shift=-0.5)
FITTED = fit.Fitted(TRUE, np.zeros(len(FIELD)))


def rows(count: int, seed: int = 3) -> list[RankedRow]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        odds, priors = rng.normal(0, 2, 3), rng.dirichlet(np.ones(4))[:3]
        chances = TRUE.chances(odds, priors)
        shares = np.append(chances, 1.0 - chances.sum())
        right = int(rng.choice(4, p=shares))
        best = int(priors.argmax())
        made.append(
            RankedRow(
                odds, priors, right if right < 3 else -1, True, 0.0, priors[best], best == right
            )
        )
    return made


def test_the_fit_finds_the_weights_that_made_the_rows() -> None:
    found = fit.fit(rows(3_000)).weights
    assert abs(found.odds - TRUE.odds) < 0.1
    assert abs(found.prior - TRUE.prior) < 0.15
    assert abs(found.shift - TRUE.shift) < 0.25


def test_fitted_chances_are_right_as_often_as_they_say() -> None:
    found, judged = fit.fit(rows(2_000)), rows(9_000, seed=8)
    figures = fit.figures_of(found, judged)
    share = float(str(figures["sure_right"])) / float(str(figures["sure"]))
    assert abs(share - float(str(figures["sure_said"]))) < 0.05


def test_what_tells_the_field_is_found() -> None:
    rng, made = np.random.default_rng(5), list[RankedRow]()
    for row in rows(2_000):
        features = np.zeros(len(FIELD))
        features[0] = rng.normal()
        # Of messages far from the field no answer is right, whatever the network says.
        made.append(row._replace(features=features, right=row.right if features[0] < 0.5 else -1))
    found = fit.fit(made)
    assert found.field[0] < -0.5
    assert not found.field[1:].any()
    far = made[0]._replace(features=np.eye(len(FIELD))[0] * 2.0)
    near = made[0]._replace(features=np.zeros(len(FIELD)))
    assert found.chances(far).sum() < 0.7 * found.chances(near).sum()


def test_rows_count_by_their_weight() -> None:
    right = RankedRow(np.array([0.5]), np.array([0.3]), 0, True, 0.0, 0.3, True)
    light = [right] * 50 + [right._replace(right=-1, weight=0.01)] * 50
    heavy = [right] * 50 + [right._replace(right=-1, weight=10.0)] * 50
    chances = [
        fit.fit(some).weights.chances(right.odds, right.priors)[0] for some in (light, heavy)
    ]
    assert chances[0] > 0.8 > 0.3 > chances[1]


def test_offers_say_how_often_they_hold_the_right_answer() -> None:
    row = RankedRow(np.array([0.0]), np.array([0.3]), 0, True, 0.0, 0.3, True)
    said = TRUE.chances(row.odds, row.priors)[0]
    [shown] = fit.offers_of(FITTED, [row, row._replace(right=-1, weight=3.0)])
    assert shown == {"from": 0.17, "said": round(float(said), 3), "right": 0.25, "messages": 4.0}


def test_a_row_without_answers_counts_as_a_message_alone() -> None:
    empty = RankedRow(np.empty(0), np.empty(0), -1, True, 0.0, 0.0, False)
    figures = fit.figures_of(FITTED, [empty])
    assert (figures["messages"], figures["likeliest_right"], figures["sure"]) == (1, 0, 0)


def test_the_cap_is_the_share_of_the_surest_that_is_right() -> None:
    surest = RankedRow(np.array([9.0]), np.array([0.9]), 0, True, 0.0, 0.9, True)
    wrong = surest._replace(right=-1)
    assert fit.cap_of(FITTED, [surest] * 10) == DEFAULT_CAP  # too few to tell
    assert fit.cap_of(FITTED, [surest] * 80 + [wrong] * 20) == 0.8
    assert fit.cap_of(FITTED, [surest] * 100) == MOST_CAP


def test_a_row_that_no_gate_lets_pass_is_not_read() -> None:
    odds, priors = np.array([2.0, 1.0]), np.array([0.3, 0.2])
    row = RankedRow(odds, priors, 1, True, 0.0, 0.3, True, gate_odds=-2.0)
    assert row.read_from(-3.0, 2).right == 1
    for least, most, read in ((-3.0, 1, 1), (-1.0, 2, 0)):
        left = row.read_from(least, most)
        assert (len(left.odds), len(left.priors), left.right) == (read, read, -1)
        assert left.answerable


def test_a_grown_file_is_asked_what_it_does_not_hold(tmp_path: Path) -> None:
    intents = [
        {"id": f"a{n}", "answer": "x", "utterances": [f"way {k} to ask {n}" for k in range(40)]}
        for n in range(6)
    ]
    path = tmp_path / "shop.yaml"
    path.write_text(yaml.safe_dump({"intents": intents}), encoding="utf-8")
    company = fit.grown(path, random.Random(1))
    held = {text for answer in company.answers for text in answer.questions}
    assert len(company.answers) == 4
    assert not held & {message.text for message in company.messages}
    ids = {answer.answer_id for answer in company.answers}
    assert {message.answer_id for message in company.messages} <= ids | {""}
    assert any(not message.answer_id for message in company.messages)
