"""Files of grave phrases: what is refused, and how a hard rule names what they find."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from router.errors import PolicyError
from router.policy.content.term_files import doubtful_terms, list_of, load_language_terms
from router.policy.places import policies_dir
from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import Matter, Reason
from tests.kits.decision_kit import CALM, a_policy, facts
from tests.kits.server_kit import tiergate

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
        ('medel"]', 'medel - @child - svalde"]', "one group or phrase behind ` - `"),
        ('medel"]', 'medel - @child + svalde"]', "one group or phrase behind ` - `"),
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


@pytest.mark.parametrize(
    ("old", "new", "place", "why"),
    [
        ("groups: {", "groups: {gone: [borta], ", "groups.gone", "no phrase has @gone"),
        (
            'medel"]',
            'medel", blekmedel + svalde + @child]',
            "phrases.poison[1]",
            "'blekmedel + svalde + @child' stands in poison before",
        ),
        (
            'medel"]',
            'medel"], legal: [svalde + blekmedel + @child]',
            "phrases.legal[0]",
            "'svalde + blekmedel + @child' stands in poison before; "
            "what it finds is a matter of poison and of legal",
        ),
        (
            'medel"]}\n',
            'medel"]}\nstrategy: [sälja + firman, firman + sälja]\n',
            "strategy[1]",
            "'firman + sälja' stands in strategy before",
        ),
        (
            'medel"]}\n',
            'medel"]}\nidioms: [dö av skratt]\nacross: [dö av skratt]\n',
            "across[0]",
            "'dö av skratt' stands in idioms before",
        ),
        (
            'medel"]}\n',
            'medel"]}\nactions: {phrases: [radera + allt, radera + allt]}\n',
            "actions.phrases[1]",
            "'radera + allt' stands in actions.phrases before",
        ),
        (
            'medel"]}\n',
            'medel"]}\nactions: {phrases: [ut], done: [a + ute, a + ute]}\n',
            "actions.done[1]",
            "'a + ute' stands in actions.done before",
        ),
    ],
)
def test_a_line_that_nobody_may_have_meant_is_told_and_no_mistake(
    tmp_path: Path, old: str, new: str, place: str, why: str
) -> None:
    # Files of earlier versions, copied beside an operator's own policy, have such lines.
    file = tmp_path / "sv.yaml"
    file.write_text(GOOD.replace(old, new, 1))
    assert load_language_terms(tmp_path).phrases
    assert [
        (doubtful.file, doubtful.key_path, doubtful.why) for doubtful in doubtful_terms(tmp_path)
    ] == [(file, place, why)]


def test_a_doubtful_line_is_told_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "sv.yaml").write_text(GOOD + "strategy:\n- sälja + firman\n- firman + sälja\n")
    assert [doubtful.line for doubtful in doubtful_terms(tmp_path)] == [GOOD.count("\n") + 3]


def test_shipped_files_have_no_doubtful_line() -> None:
    assert doubtful_terms(policies_dir() / "terms") == ()


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


@pytest.mark.process
def test_check_tells_a_phrase_of_an_earlier_version_that_stands_twice(tmp_path: Path) -> None:
    shutil.copytree(policies_dir(), tmp_path / "policies")
    file = tmp_path / "policies" / "terms" / "sv.yaml"
    phrases = "phrases:\n  fraud:\n  - kort + chef\n  - chef + kort\n"
    file.write_text(f"version: 1\nlanguage: sv\n{phrases}", "utf-8")
    run = tiergate("check", tmp_path / "policies" / "openai.yaml", "--json")
    (checked,) = json.loads(run.stdout)["policies"]
    told = [w for w in checked["warnings"] if w["kind"] == "doubtful_term"]
    assert [(w["file"], w["line"]) for w in told] == [(str(file), 6)]
    assert told[0]["key_path"] == "terms/sv.yaml:6: phrases.fraud[1]"
