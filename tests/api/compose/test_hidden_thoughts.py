"""`tiergate doctor` names answerers whose calls without usage may be booked below the bill."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.api.compose.checkup import Checkup
from router.api.compose.examined.finding import State
from router.triage.triage_model import DEFAULT_FOLDER
from router.types import AttemptState, Usage
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.books.open_ledgers import write_ledger
from tests.kits.changed import replace

THOUGHT = Usage(100, 0, 0, 90, 60, True)
GUESSED = Usage(100, 0, 0, 9, 0, False)

POLICY = """\
version: 1
name: ours
tiers:
  - name: fast
    level: 2
    answerers:
      - {{name: nano, kind: upstream, model: {model}, base_urls: ["http://127.0.0.1:1/v1"]{more}}}
"""


def notes(folder: Path, *usages: Usage, model: str = "own-1", more: str = "") -> list[str]:
    """Returns what doctor says of reasoning, after calls with these usages."""
    place, policy = folder / "ledger.db", folder / "ours.yaml"
    policy.write_text(POLICY.format(model=model, more=more), encoding="utf-8")
    if usages:
        calls = [
            replace(attempt(f"r{n}"), usage=usage, estimated=not usage.reported)
            for n, usage in enumerate(usages)
        ]
        write_ledger(place, [request(call.request_id, call) for call in calls])
    checkup = Checkup(
        place, "127.0.0.1", 0, DEFAULT_FOLDER, {}, quick=True, policies=(str(policy),)
    )
    told = [one for one in checkup.findings() if one.part == "reasoning of nano"]
    assert all(one.state is State.NOTE for one in told)
    return [one.found for one in told]


def test_a_model_that_reasons_and_has_guessed_costs_is_named(tmp_path: Path) -> None:
    (told,) = notes(tmp_path, THOUGHT, THOUGHT, GUESSED)
    assert told.startswith("2 calls of its latest counted reasoning, and 1 call without usage may")
    assert "state `hidden_reasoning: true`" in told


@pytest.mark.parametrize(
    ("usages", "changed"),
    [
        ((), {}),  # no ledger yet
        ((GUESSED,), {}),  # it may not reason at all
        ((THOUGHT,), {}),  # each call said what it used
        ((THOUGHT, GUESSED), {"more": ", hidden_reasoning: true"}),
        ((THOUGHT, GUESSED), {"more": ", hidden_reasoning: false"}),
        ((THOUGHT, GUESSED), {"model": "gpt-5.5"}),  # known, and booked at its hold
    ],
)
def test_nothing_is_said_where_nothing_is_booked_below_the_bill(
    tmp_path: Path, usages: tuple[Usage, ...], changed: dict[str, str]
) -> None:
    assert notes(tmp_path, *usages, **changed) == []


def test_a_guess_at_the_hold_is_never_too_low(tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"
    held = replace(attempt("r1"), usage=Usage(), estimated=True, state=AttemptState.UNKNOWN_COST)
    thought = replace(attempt("r0"), usage=THOUGHT)
    write_ledger(place, [request("r0", thought), request("r1", held)])
    assert notes(tmp_path) == []
