"""The dashboard's calibration: stated confidences beside what people said of the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.api.dashboard.overview_json import Judged, reliability_json
from tests.api.test_dashboard_data import lines, told
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
