"""Which baseline a headline names."""

from __future__ import annotations

from router.analysis.report.figures import Saving
from router.analysis.report.named_savings import leading
from tests.kits.changed import replace


def test_a_headline_tells_by_a_baseline_that_can_tell() -> None:
    """29 of 40 answers had the price of the model that was asked for: "not enough to tell" stood
    above a table that told it of all 40."""
    asked = Saving("requested_model", "asked", 29, 11, 0, 290, 190, 100, None, 0.3, None, few=True)
    level_2 = replace(asked, key="all_level_2", compared=40, not_compared=0, few=False)
    told = leading((asked, level_2), 40)
    assert told.saving is level_2
    assert "only 29 of 40 answers can be compared with the models" in told.passed_over
    assert leading((replace(asked, few=False), level_2), 40).saving is not level_2
    assert leading((asked, replace(level_2, few=True)), 40).saving is None
