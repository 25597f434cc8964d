"""Certificates drawn again and again: what a draw is, and the figures of a small file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from router.errors import TrainingDataError
from router.evaluation.kinds import certificates
from router.evaluation.kinds.certificates import Scored
from router.evaluation.options import Kind
from router.stats.threshold_walk import GRID
from tests.evaluation.test_evaluate import intent_rows, measured, subject, write

__all__ = ["subject"]


def scored(rows: int, errors: int, strangers: int, accepted: int) -> Scored:
    """All rows are accepted at each threshold; the first ones are wrong, or accepted strangers."""
    wrong = np.zeros((rows, len(GRID)), bool)
    wrong[:errors] = True
    strange = np.zeros((strangers, len(GRID)), bool)
    strange[:accepted] = True
    return Scored(np.ones((rows, len(GRID)), bool), wrong, strange)


def test_a_draw_is_judged_by_all_rows() -> None:
    rng = np.random.default_rng(0)
    one = certificates._with_replacement(scored(2_000, 2, 400, 4), 0.02, rng)
    assert one is not None
    assert one.coverage == 1.0
    expected = (0.8 * 0.001 + 0.2 * 0.01) / (0.8 + 0.2 * 0.01)
    assert one.errors == pytest.approx((0.001, *one.errors[1:4], expected))


def test_errors_above_the_risk_are_refused() -> None:
    rng = np.random.default_rng(0)
    assert certificates._half(scored(2_000, 100, 400, 40), 0.02, rng) is None


def test_refused_certificates_count_among_the_draws_but_do_not_cover() -> None:
    rng = np.random.default_rng(0)
    good = certificates._with_replacement(scored(2_000, 2, 400, 4), 0.02, rng)
    section = certificates._section([good, None], 0.02)
    assert (section["refused"].value, section["refused"].n) == (0.5, 2)
    assert (section["coverage"].value, section["coverage"].n) == (1.0, 1)
    assert section["broken_at_0.2"].value == 0.0


def test_a_file_gives_figures_for_each_risk_and_way_to_draw(
    subject: object, tmp_path: Path
) -> None:
    path = write(tmp_path / "rows.jsonl.gz", intent_rows())
    report = measured(Kind.CERTIFICATES, subject, path)  # type: ignore[arg-type]
    assert len([name for name in report.sections if "strangers" in name]) == 4


def test_a_file_without_strangers_is_refused(subject: object, tmp_path: Path) -> None:
    rows = [row for row in intent_rows() if not row["oos"]]
    path = write(tmp_path / "rows.jsonl.gz", rows)
    with pytest.raises(TrainingDataError, match="found no row with oos 1"):
        measured(Kind.CERTIFICATES, subject, path)  # type: ignore[arg-type]
