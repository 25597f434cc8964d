"""Names odd values of a policy as mistakes with their line; none ends in a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import pytest
from pydantic import ValidationError

from router.errors import PolicyError
from router.plan.schema import Plan
from router.policy.loading import load_policy
from router.policy.price_list import PriceFile
from router.policy.schema import Policy
from router.policy.sections.base import Section

POLICY = """
version: 1
name: odd
tiers: [{name: a, level: 1, answerers: [{name: x, kind: extractor}]}]
heads: [{name: topic, path: HEAD}]
report: {planned_shares: {LEVEL: 0.5}}
endpoints: [{domain: DOMAIN, task: notes, description: Notes of a meeting., extract: {dates: date}}]
budgets: {"*": {usd_per_day: BUDGET}}
hard_rules: [{name: r, terms: [nowhere], floor: FLOOR}]
"""


@pytest.mark.parametrize(
    ("put", "words"),
    [
        ({"DOMAIN": "{}"}, ":7: endpoints[0].domain: found"),
        ({"DOMAIN": "[x]"}, ":7: endpoints[0].domain: found"),
        (
            {"BUDGET": "on"},
            ":8: budgets.*.usd_per_day: found on, which YAML reads as true; expected a number "
            "from 0 to 1000000000",
        ),
        (
            {"FLOOR": "yes"},
            ":9: hard_rules[0].floor: found yes, which YAML reads as true; expected a whole number "
            "from 1 to 9",
        ),
        ({"FLOOR": "true"}, ":9: hard_rules[0].floor: found true; expected a whole number from 1"),
        ({"FLOOR": "two"}, ":9: hard_rules[0].floor: found 'two'; expected a whole number from 1"),
        ({"FLOOR": "1.5"}, ":9: hard_rules[0].floor: found 1.5; expected a whole number from 1"),
        ({"FLOOR": "12"}, "floor: found 12; expected a whole number from 1 to 9"),
        (
            {"LEVEL": "on"},
            # The range of its value, 0 to 1, is not that of a key.
            ":6: report.planned_shares[1]: found on, which YAML reads as true; expected a whole "
            "number\n",
        ),
        ({"HEAD": "a" * 300}, ":5: heads[0].path: found"),
        ({"HEAD": "ä" * 150}, ":5: heads[0].path: found"),
        ({"HEAD": "a/" * 3_000}, ":5: heads[0].path: found"),
        # Mistakes across keys are told beside those of the schema.
        ({"DOMAIN": "{}"}, ":9: hard_rules[0].terms[0]: found 'nowhere'"),
    ],
)
def test_an_odd_value_is_a_mistake_with_its_line(
    tmp_path: Path, put: dict[str, str], words: str
) -> None:
    text = POLICY
    usual = {"DOMAIN": "travel", "HEAD": "topic.json", "BUDGET": "5", "FLOOR": "1", "LEVEL": "1"}
    for name, value in (usual | put).items():
        text = text.replace(name, value)
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    assert words in str(caught.value)


def _sections(kind: type[Section]) -> Iterator[type[Section]]:
    for below in kind.__subclasses__():
        yield below
        yield from _sections(below)


def _booleans(annotation: object) -> Iterator[object]:
    """Yields values with a boolean in each place of a number; nothing in a section of its own."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in (int, float) or (origin is Literal and 1 in arguments):
        yield from (True, False)
    elif origin is Annotated:
        yield from _booleans(arguments[0])
    elif origin in (Union, UnionType) and bool not in arguments:
        for member in arguments:
            yield from _booleans(member)
    elif origin is list:
        yield from ([value] for value in _booleans(arguments[0]))
    elif origin is dict:
        yield from ({value: 0.5} for value in _booleans(arguments[0]))
        yield from ({"general": value} for value in _booleans(arguments[1]))


def test_no_number_of_a_policy_a_price_book_or_a_plan_takes_a_boolean() -> None:
    tried = 0
    assert {Policy, PriceFile, Plan} <= set(_sections(Section))
    for section in set(_sections(Section)):
        for name, field in section.model_fields.items():
            for value in _booleans(field.annotation):
                key = field.alias or name
                with pytest.raises(ValidationError) as caught:
                    section.model_validate({key: value})
                assert any(error["loc"][:1] == (key,) for error in caught.value.errors()), key
                tried += 1
    assert tried > 300
