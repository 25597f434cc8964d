"""A sure match of an approved answer speaks against a grave matter that is only guessed."""

from __future__ import annotations

import pytest

from router.triage.other_readings import (
    BY_A_KNOWN_QUESTION,
    GRAVE_SENTENCE,
    GRAVE_STILL,
    unlikely_grave,
)
from router.triage.reading import ModelRow
from router.types import Domain, Match, Matter, RequestType

ROW = ModelRow(
    RequestType.TRANSACTION, 0.7, Domain.CUSTOMER_SUPPORT, 0.6, Domain.LEGAL, 0.1,
    -2.0, 0.1, 0.1, 0.0, 0.1, 0.0, 0.0, grave=0.8, matter=Matter.SELF_HARM,
)  # fmt: skip
SURE = Match("cancel", 0.9, 0.9, 0.3)


def test_a_known_question_takes_the_bar_of_level_3_to_that_of_the_shelf() -> None:
    odds = 0.8 / 0.2 / BY_A_KNOWN_QUESTION
    assert unlikely_grave(ROW, SURE, {"cancel"}).grave == pytest.approx(odds / (1 + odds))
    nearly = unlikely_grave(ROW._replace(grave=GRAVE_STILL - 0.001), SURE, {"cancel"})
    assert 0.69 < nearly.grave < GRAVE_SENTENCE


@pytest.mark.parametrize(
    ("row", "match", "answers"),
    [
        (ROW, SURE, set[str]()),  # its answer is for a grave matter
        (ROW, None, {"cancel"}),
        (ROW, Match("cancel", 0.84, 0.9, 0.3), {"cancel"}),
        (ROW._replace(grave=GRAVE_STILL), SURE, {"cancel"}),
        (ROW._replace(grave=0.3), SURE, {"cancel"}),
    ],
)
def test_otherwise_the_chance_stays(row: ModelRow, match: Match | None, answers: set[str]) -> None:
    assert unlikely_grave(row, match, answers) == row
