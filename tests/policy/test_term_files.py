"""Files of grave phrases: what is refused, and how a hard rule names what they find."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from router.errors import PolicyError
from router.policy.content.term_files import list_of, load_language_terms
from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import Matter, Reason
from tests.kits.decision_kit import CALM, a_policy, facts

GOOD = """
version: 1
language: sv
groups: {child: [min son, barnet]}
phrases: {poison: ["@child + svalde + blekmedel"]}
"""


def test_a_file_gives_its_phrases_with_their_language(tmp_path: Path) -> None:
    (tmp_path / "sv.yaml").write_text(GOOD)
    terms = load_language_terms(tmp_path)
    assert [(phrase.name, phrase.parts) for phrase in terms.phrases] == [
        ("poison:sv", (("min son", "barnet"), ("svalde",), ("blekmedel",)))
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("@child", "@nobody", "a group of `groups`"),
        ("svalde", "sval*", "5 letters or more before the `*`"),
        ("poison", "poisons", "poison"),
        ("language: sv", "language: Swedish", "language"),
    ],
)
def test_a_mistake_names_what_is_expected(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    (tmp_path / "sv.yaml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(PolicyError, match=expected.replace("*", r"\*")):
        load_language_terms(tmp_path)


def test_a_list_is_the_same_in_every_language() -> None:
    assert [list_of(name) for name in ("self_harm:de", "self_harm")] == ["self_harm", "self_harm"]


@pytest.mark.parametrize(
    ("matter", "reason"),
    [
        (Matter.POISON, Reason.HIGH_RISK_MEDICAL),
        (Matter.FRAUD, Reason.HIGH_RISK_FINANCIAL),
        (Matter.LEGAL, Reason.HIGH_RISK_LEGAL),
        (Matter.ENGINEERING_SAFETY, Reason.HIGH_RISK_ENGINEERING_SAFETY),
    ],
)
def test_a_hard_rule_names_a_matter_in_any_language(matter: Matter, reason: Reason) -> None:
    rule = {"name": "grave", "terms": [matter.value], "floor": 3}
    policy = Policy.model_validate(a_policy().model_dump() | {"hard_rules": [rule]})
    signals = replace(CALM, risk_terms=(f"{matter.value}:tr",))
    first = decide(policy, signals, facts(), Asked())
    assert (first.first_rung.level, first.floor_reasons) == (3, (reason,))
