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
            {"BUDGET": "'1_000'"},
            ":8: budgets.*.usd_per_day: found '1_000'; expected a number from 0",
        ),
        ({"BUDGET": "' 7 '"}, ":8: budgets.*.usd_per_day: found ' 7 '; expected a number from 0"),
        (
            {"BUDGET": "\u0663"},
            ":8: budgets.*.usd_per_day: found '\u0663'; expected a number from 0",
        ),
        (
            {"BUDGET": "1_000"},
            ":8: budgets.*.usd_per_day: found 1_000, which YAML 1.1 reads as 1000 and YAML 1.2 as "
            "text; expected a number in digits alone, or text in quotes",
        ),
        (
            {"FLOOR": "010"},
            ":9: hard_rules[0].floor: found 010, which YAML 1.1 reads as 8 and YAML 1.2 as 10; "
            "expected a number",
        ),
        ({"BUDGET": "-010"}, "found -010, which YAML 1.1 reads as -8 and YAML 1.2 as -10;"),
        ({"BUDGET": "1:30"}, "found 1:30, which YAML 1.1 reads as 90 and YAML 1.2 as text;"),
        ({"BUDGET": "0b11"}, "found 0b11, which YAML 1.1 reads as 3 and YAML 1.2 as text;"),
        ({"BUDGET": "-1_0.5"}, "found -1_0.5, which YAML 1.1 reads as -10.5 and YAML 1.2 as text;"),
        ({"BUDGET": "0" + "1" * 5_000}, ":8: budgets.*.usd_per_day: found"),
        ({"BUDGET": "0b" + "1" * 20_000}, ":8: budgets.*.usd_per_day: found"),
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


@pytest.mark.parametrize(
    ("text", "usd"),
    [("1000", 1000), ("1e3", 1000), ("1.0e+3", 1000), ("'2.5'", 2.5), ("007", 7), ("00", 0)],
)
def test_a_number_that_no_reader_takes_for_another_one_is_taken(
    tmp_path: Path, text: str, usd: float
) -> None:
    path = tmp_path / "even.yaml"
    head = "version: 1\nname: even\ntiers: [{name: a, level: 1, answerers: "
    tiers = "[{name: x, kind: exact}]}]\n"
    path.write_text(f'{head}{tiers}budgets: {{"*": {{usd_per_day: {text}}}}}\n', encoding="utf-8")
    assert load_policy(path, {}).policy.budgets["*"].usd_per_day == usd


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
