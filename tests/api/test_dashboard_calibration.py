"""The dashboard's calibration: stated confidences beside what people said of the answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.api.compose.overview import judged_in
from router.api.dashboard.overview_json import Judged, reliability_json
from tests.api.test_dashboard_data import lines, told
from tests.kits.books.feedback_kit import learning, said
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.changed import replace
from tests.kits.checks.chromium import Browser
from tests.kits.dashboard_kit import dashboard_server


@pytest.mark.slow
def test_judged_answers_of_unmeasured_models_count_as_assumed(tmp_path: Path) -> None:
    with dashboard_server(tmp_path) as server:
        answered = [line for line in lines(server) if line["verdict"] == "accepted"]
        for source in ("prior", "match"):
            first = next(one for one in answered if one["confidence_source"] == source)
            body = {"decision_id": str(first["decision_id"]), "correct": True}
            assert server.post("/v1/feedback", body).status_code == 200
        said = told(server, "confidence")["reliability"]
        assert (said["outcomes"], said["assumed"]) == (2, 1)  # type: ignore[index,call-overload]


@pytest.mark.parametrize(("reason", "judged"), [("lowest_expected_loss", 1), ("asked_which", 0)])
async def test_what_is_said_of_a_question_back_calibrates_no_answer(
    tmp_path: Path, reason: str, judged: int
) -> None:
    async with learning(tmp_path) as books:
        await books.ledger.finish(replace(request("one", attempt("one")), reason=reason))
        await books.feedback.add(said("one", correct=True))
        found = judged_in(books.ledger.database)(0, None)
    assert len(found) == judged


def test_calibration_counts_assumed_confidences_apart_with_intervals() -> None:
    judged = [Judged(0.97, n < 8, assumed=n < 6) for n in range(10)]
    said = reliability_json(judged)
    assert said["assumed"] == 6
    [bin_] = said["bins"]  # type: ignore[misc]
    low, high = bin_.pop("interval")
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert bin_ == {
        "low": 0.9,
        "count": 10,
        "assumed": 6,
        "confidence": pytest.approx(0.97),
        "right": 0.8,
    }


JUDGED = """
const asked = window.fetch;
window.fetch = async (address, options) => {
  const answer = await asked(address, options);
  if (!/dashboard.confidence/.test(String(address))) return answer;
  return new Response(JSON.stringify({...await answer.json(), reliability: RELIABILITY}));
};
"""
STACKED = """[...document.querySelectorAll('[aria-label="Outcomes by confidence"]')].map(
  (box) => box.classList.contains('stacked'))"""


@pytest.mark.browser
def test_the_table_of_calibration_stays_a_table_beside_its_diagram(
    browser: Browser, tmp_path: Path
) -> None:
    judged = [Judged((n % 50 + 50) / 100, n % 3 > 0, assumed=n % 2 > 0) for n in range(4_000)]
    told_ = JUDGED.replace("RELIABILITY", json.dumps(reliability_json(judged)))
    with dashboard_server(tmp_path) as server:
        page = browser.open(f"{server.url}/dashboard#/confidence", width=1_280, before=told_)
        page.wait_for("mean distance")
        for width in (1_280, 1_200, 1_100):
            page.sized(width, 800)
            page.run("new Promise((done) => setTimeout(done, 500))")  # the boxes are looked at
            assert page.run(STACKED) == [False], width
