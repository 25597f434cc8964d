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


@pytest.mark.parametrize("verb", ["radera*", "@stems"])
def test_a_verb_of_an_order_has_no_open_end(tmp_path: Path, verb: str) -> None:
    groups = "groups: {stems: [radera*], "
    actions = f'actions: {{phrases: ["{verb} + alla kunder*"]}}\n'
    (tmp_path / "sv.yaml").write_text(GOOD.replace("groups: {", groups, 1) + actions)
    with pytest.raises(PolicyError, match=r"forms that order, without `\*`, for 'radera\*'"):
        load_language_terms(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("@child", "@nobody", "a group of `groups`"),
        ("svalde", "sval*", "5 letters or more before the `*`"),
        ("poison", "poisons", "poison"),
        ("language: sv", "language: Swedish", "language"),
        ("groups: {", "groups: {gone: [borta], ", "a phrase with `@gone`, or no such group"),
        ('medel"]', 'medel", blekmedel + svalde + @child]', "in poison, and in poison again"),
        ('medel"]', 'medel"], legal: [svalde + blekmedel + @child]', "and in legal again"),
    ],
)
def test_a_mistake_names_what_is_expected(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    (tmp_path / "sv.yaml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(PolicyError, match=expected.replace("*", r"\*")):
        load_language_terms(tmp_path)


@pytest.mark.parametrize(
    ("twice", "expected"),
    [
        ("idioms: [dö av skratt]\nacross: [dö av skratt]\n", "2 times in idioms, across"),
        ("actions: {phrases: [radera + allt, radera + allt]}\n", "2 times in actions.phrases"),
        ("actions: {phrases: [ut], done: [a + ute, a + ute]}\n", "2 times in actions.done"),
        ("strategy: [sälja + firman, firman + sälja]\n", "strategy, and in strategy again"),
    ],
)
def test_a_saying_or_an_order_stands_once(tmp_path: Path, twice: str, expected: str) -> None:
    (tmp_path / "sv.yaml").write_text(GOOD + twice)
    with pytest.raises(PolicyError, match=expected):
        load_language_terms(tmp_path)


@pytest.mark.parametrize(
    "other",
    [
        "idioms: [dö + skratt, skratt + dö]\n",  # other sayings: their parts have an order
        "actions: {phrases: [radera + stoppa, stoppa + radera]}\n",  # their verbs differ
        "strategy: [firman + sälja, firman + sälja - @child]\n",  # one of them is said of less
    ],
)
def test_what_means_something_else_stands_beside_it(tmp_path: Path, other: str) -> None:
    (tmp_path / "sv.yaml").write_text(GOOD + other)
    assert load_language_terms(tmp_path).phrases


def test_phrases_of_strategy_are_a_list_beside_the_matters(tmp_path: Path) -> None:
    (tmp_path / "sv.yaml").write_text(f"{GOOD}strategy: [vårt företag + sälja, '@child + ärva']\n")
    names = [(phrase.name, phrase.parts) for phrase in load_language_terms(tmp_path).phrases[1:]]
    assert names == [
        ("strategy:sv", (("vårt företag",), ("sälja",))),
        ("strategy:sv", (("min son", "barnet"), ("ärva",))),
    ]


def test_a_mistake_in_strategy_is_named(tmp_path: Path) -> None:
    (tmp_path / "sv.yaml").write_text(f"{GOOD}strategy: ['@firm + sälja']\n")
    with pytest.raises(PolicyError, match="of strategy"):
        load_language_terms(tmp_path)


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({"risk_terms": ("strategy:de",)}, 3),
        ({"risk_terms": ("strategy:de",), "brief": False}, 3),  # an earlier turn held it
        ({"risk_terms": ("strategy",)}, 1),  # a list of the policy that has this name
    ],
)
def test_a_phrase_of_strategy_in_a_message_goes_to_level_3(
    change: dict[str, object], level: int
) -> None:
    signals = replace(CALM, **change)
    first = decide(a_policy(), signals, facts(), Asked())
    assert first.floor == level
    assert (Reason.STRATEGIC in first.floor_reasons) is (level == 3)


def test_orders_have_words_around_them_and_phrases(tmp_path: Path) -> None:
    own = "actions: {polite: [snälla], asks: [hur], phrases: ['radera + alla data', '@child + ut']}"
    (tmp_path / "sv.yaml").write_text(f"{GOOD}{own}\n")
    actions = load_language_terms(tmp_path).actions
    assert [(one.name, one.polite, one.asks, one.verb_last) for one in actions] == [
        ("actions:sv", ("snälla",), ("hur",), False)
    ]
    assert actions[0].phrases == (
        (("radera",), ("alla data",)),
        (("min son", "barnet"), ("ut",)),
    )


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [("['@verb + alla']", "of actions"), ("['radera + all*']", "5 letters"), ("[]", "phrases")],
)
def test_a_mistake_in_orders_is_named(tmp_path: Path, phrases: str, expected: str) -> None:
    (tmp_path / "sv.yaml").write_text(f"{GOOD}actions: {{phrases: {phrases}}}\n")
    with pytest.raises(PolicyError, match=expected):
        load_language_terms(tmp_path)


def test_a_hard_rule_may_name_the_orders() -> None:
    rule = {"name": "actions", "terms": ["actions"], "floor": 2}
    policy = Policy.model_validate(a_policy().model_dump() | {"hard_rules": [rule]})
    signals = replace(CALM, risk_terms=("actions:de",))
    assert decide(policy, signals, facts(), Asked()).floor == 2


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
