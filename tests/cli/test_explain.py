"""What `tiergate route --explain` shows beside a reason: its chance, its threshold, its words."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from router.cli.policies.chances import Grounds, beside, told, told_of_rung
from router.cli.policies.explain import nearest_line, offer_lines, signal_lines, unfound
from router.policy.content.term_files import LanguageTerms
from router.routing import hard_rules
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.triage.facts.phrase_lists import OwnTerms, found_phrases
from router.triage.matching.nearest import Nearest
from router.types import (
    ChatRequest,
    DecisionMode,
    Domain,
    Foreseen,
    HeadReading,
    Hints,
    Matter,
    Reason,
    RequestType,
    Signals,
)
from tests.cli.test_route import tiergate
from tests.kits.changed import replace
from tests.kits.decision_kit import a_policy, facts
from tests.kits.fakes import CALM, ask


def test_explain_shows_the_threshold_beside_each_chance() -> None:
    """`novel` had a reason and no number, and no chance said from where on it counts."""
    told = tiergate("route", "zxq blorf wibble gnarf snork", "--explain").stdout
    line = next(line for line in told.splitlines() if line.startswith("  chances "))
    for name, level, at in (
        ("stakes high", 2, "0.34"),
        ("multi-factor", 2, "0.22"),
        ("strategic", 3, "0.50"),
        ("novelty", 2, "0.50"),
        ("toxic", 2, "0.80"),
        ("spam", 2, "0.80"),
    ):
        assert re.search(rf"{name} \d\.\d+ \(level {level} from {at}\)", line), name
    assert re.search(r"novel: its chance \d\.\d\d reaches 0\.50", told)
    risk = next(line for line in told.splitlines() if line.startswith("  risk "))
    assert "(level 3 from 0.22)" in risk
    assert "level 1  answers from a chance of 0.85 of being right on" in told


@pytest.mark.parametrize(
    ("options", "because"),
    [
        (
            ("--max-cost-usd", "0.0001"),
            "the ceiling gives way to level 3, since no rung from level 1 to 2 may take it: "
            "nothing_to_resolve, over_max_cost",
        ),
        (
            ("--model", "tier:reasoning"),
            "the client names a tier of level 3, whatever the ceiling",
        ),
    ],
)
def test_a_rung_above_the_ceiling_says_what_lifted_it(
    options: tuple[str, ...], because: str
) -> None:
    told = tiergate("route", "How long is the Rhine?", "--explain", *options).stdout
    assert "  tier     level 3" in told
    assert "  ceiling  level 2 (low_impact: no amount is at stake)" in told
    assert f"  above    {because}" in told


@pytest.mark.parametrize(
    ("instructions", "because"),
    [
        ("Translate into French.", ""),
        ("You are a helpful assistant.", "no work on a text is known at their beginning"),
        ("Tag the note. Then help them.", '"Then" makes more of them than work on a text'),
        ("Tag it. " * 300, "they are longer than 2,000 characters"),
    ],
)
def test_explain_says_why_instructions_set_no_work_on_a_text(
    tmp_path: Path, instructions: str, because: str
) -> None:
    turns = [{"role": "system", "content": instructions}, {"role": "user", "content": "Hello!"}]
    (tmp_path / "turns.json").write_text(json.dumps(turns))
    told = tiergate("route", "--messages", str(tmp_path / "turns.json"), "--explain").stdout
    line = "the user's words count in full beside the instructions: "
    assert (line in told) is bool(because)
    assert f"{line}{because}" in told or not because


def test_instructions_of_a_chat_with_several_turns_say_that_it_has_them(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Translate into French."}]
    turns += [{"role": "user", "content": "Hello!"}] * 2
    (tmp_path / "turns.json").write_text(json.dumps(turns))
    told = tiergate("route", "--messages", str(tmp_path / "turns.json"), "--explain").stdout
    assert "they set work on a text, but there are several turns, or a long one" in told


def test_a_chance_shows_on_which_side_of_its_threshold_it_is() -> None:
    assert beside(0.4996, 0.5, 2) == "0.4996 (level 2 from 0.50)"
    assert beside(0.9, 0.85, 3) == "0.90 (level 3 from 0.85)"
    assert beside(0.2, None, 2) == "0.20"


def test_a_chance_has_the_same_digits_wherever_it_is_explained() -> None:
    """One line had 0.3396 for the stakes, and the next one 0.34, which is the threshold."""
    policy = a_policy()
    at = policy.decision.high_stakes_at
    signals = replace(CALM, stakes_high=at - 0.0004)
    lines = dict(signal_lines(signals, policy.decision))
    written = f"{at - 0.0004:.4f}"
    assert f"stakes high {written} (level 2" in lines["chances"]
    assert f"times stakes high {written} is" in lines["risk"]


def test_a_question_says_what_its_chance_is_about() -> None:
    """The chance of the rung is that of the offer, not that of the match."""
    told = tiergate("route", "What would I get for my old phone?", "--explain").stdout
    assert "asked_which" in told
    lines = told.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  offers "))
    decides = re.fullmatch(
        r"  offers   (0\.\d\d) is the chance that one of these is meant \(from 0\.25 on\)"
        r", in parts below; the match was fitted apart",
        lines[at],
    )
    assert decides is not None
    rung = re.search(r">\s+1\s+approved_answers\s+(0\.\d{3})", told)
    assert rung is not None
    assert float(rung[1]) == pytest.approx(float(decides[1]), abs=0.006)
    # The questions stand below it with their parts of that chance.
    offered = [re.fullmatch(r" {11}(0\.\d\d)  (.+\w.*)", line) for line in lines[at + 1 : at + 4]]
    parts = [float(one[1]) for one in offered if one is not None]
    assert len(parts) >= 2
    assert sum(parts) == pytest.approx(float(decides[1]), abs=0.02)
    assert "level 1  " not in told


def test_one_question_in_place_of_an_unsure_answer_claims_no_common_chance() -> None:
    """A bound for questions together means nothing beside one that may lie below it."""
    foretold = Foreseen("", sure=True, asks=False, offered=(("Can I return it?", 0.79),))
    assert list(offer_lines(foretold, 0.79, 0.85)) == [
        ("offers", "the likeliest question, in place of its answer, which has 0.79 and needs 0.85"),
        ("", "0.79  Can I return it?"),
    ]
    assert list(offer_lines(None, 0.79, 0.85)) == []


def test_a_question_in_place_of_a_sure_answer_does_not_call_it_unsure() -> None:
    """Without a certificate of the domain no chance is enough, and .99 was "not sure enough"."""
    foretold = Foreseen("", sure=True, asks=False, offered=(("Can I return it?", 0.99),))
    (_, line), _ = offer_lines(foretold, 0.99, 1.01)
    assert line.endswith("as the policy has no certificate for level 1 in its domain")


NOTHING_COMPARED = (
    "none; too few of its words have English here to compare it with approved questions"
)


@pytest.mark.parametrize(
    ("near", "line"),
    [
        (
            Nearest("hours", "when are you open", 0.614),
            'none; nearest is hours ("when are you open"), similarity 0.61, but what the request '
            "says rules that answer out",
        ),
        (
            Nearest("hours", "when are you open", 0.614, uncovered=True),
            'none; nearest is hours ("when are you open"), similarity 0.61, but it rather asks '
            "what the file does not cover",
        ),
        (
            Nearest("hours", "when are you open", 0.5, compared="has the store a x", unknown=1),
            'none; nearest is hours ("when are you open"), similarity 0.50; compared as "has the '
            'store a x", where 1 word stands as it is',
        ),
        (Nearest("", "", 0.0), NOTHING_COMPARED),
        (
            Nearest("", "", 0.0, unspoken="de"),
            "none; no approved answer of this policy has words in de",
        ),
    ],
)
def test_the_line_of_a_request_without_a_match(near: Nearest, line: str) -> None:
    assert nearest_line(near) == line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hat der Laden einen Parkplatz?", r"nearest is store_locations \(.+\), similarity 0\."),
        (
            "Vendez-vous de la nourriture pour hamsters ?",
            r"similarity .+; compared as .+ words stand",
        ),
        ("Verkauft ihr Hamsterfutter?", NOTHING_COMPARED),
        ("How do I feed a hamster in winter?", r"but it rather asks what the file does not cover"),
    ],
)
def test_explain_names_the_nearest_question_in_every_language(text: str, told: str) -> None:
    """A request in another language that matches nothing had no line about approved answers."""
    lines = tiergate("route", text, "--policy", "customer_support", "--explain").stdout
    (line,) = [line for line in lines.splitlines() if line.startswith("  match ")]
    assert re.search(told, line), line


def test_a_head_with_one_class_of_its_name_is_named_once() -> None:
    read = (HeadReading("harm", (("harm", 0.06),)), HeadReading("spam", (("ham", 0.9),)))
    lines = dict(signal_lines(replace(CALM, heads=read)))
    assert lines["heads"] == "harm 0.06; spam ham 0.90"


def test_the_reasons_begin_as_the_header_does() -> None:
    told = tiergate("route", "7 zu 12,90", "--explain").stdout
    assert "  reasons  nothing_to_resolve, no_model" in told


def test_a_policy_that_observes_promises_no_person_beside_a_cry_for_help() -> None:
    signals = replace(CALM, given_text=True, text_despair=0.98)
    assert "a person looks at it besides" in dict(signal_lines(signals))["text"]
    assert "a person" not in dict(signal_lines(signals, observes=True))["text"]


def test_a_rung_behind_a_safe_answer_does_not_say_that_a_model_is_missing() -> None:
    text = "My chest hurts and my left arm is numb, what should I do about it?"
    told = tiergate("route", text, "--explain").stdout
    assert "safe_answer" in told
    assert "no_model" not in told


PENSION = "My {} is small, sir, so before anyone comes I would ask what one of your men costs"


@pytest.mark.parametrize(("word", "marked"), [("pension", ""), ("pensoin", " (mistyped)")])
def test_explain_names_the_hard_rule_and_the_phrase_behind_a_reason(word: str, marked: str) -> None:
    """The chances beside `high_risk_financial` were too low for it, and no line said "pension"."""
    shown = tiergate("route", PENSION.format(word), "--explain").stdout
    because = f'high_risk_financial: hard rule finance on the phrase "my pension"{marked}; high'
    assert because in shown
    assert f"  found    finance: my pension{marked}\n" in shown
    assert "passed over: below_floor (level 3)" in shown


def test_explain_finds_the_phrase_in_an_earlier_message(tmp_path: Path) -> None:
    file = tmp_path / "turns.json"
    texts = (
        ("user", "I want to cash in my pension, is it wise?"),
        ("assistant", "It depends."),
        ("user", "and how long would that take?"),
    )
    file.write_text(json.dumps([{"role": role, "content": text} for role, text in texts]))
    shown = tiergate("route", "--messages", file, "--explain").stdout
    assert 'hard rule finance on the phrase "my pension"' in shown
    assert "  found    finance: my pension\n" in shown


def test_explain_shows_the_order_behind_a_rule_on_actions() -> None:
    text = "Delete all customer records now"
    shown = tiergate("route", text, "--policy", "openai", "--explain", OPENAI_API_KEY="x").stdout
    assert 'policy_rule: hard rule actions on the phrase "delete all customer records now"' in shown


def test_a_rung_says_what_it_lacks_and_for_which_tools_it_stands_back(tmp_path: Path) -> None:
    """`not_capable` and `tools_offered` alone do not say what to change."""
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
    body: dict[str, object] = {
        "messages": [{"role": "user", "content": "How do I return an item?"}],
        "tools": [tool],
    }
    file = tmp_path / "asked.json"
    file.write_text(json.dumps(body))
    shown = tiergate("route", "--messages", file, "--explain").stdout
    assert "passed over: tools_offered (look_up)" in shown
    assert "passed over: not_capable (lacks tools)" in shown
    file.write_text(json.dumps({**body, "response_format": {"type": "json_object"}}))
    shown = tiergate("route", "--messages", file, "--explain").stdout
    assert "passed over: not_capable (lacks json_mode, tools)" in shown


def test_a_rung_that_reads_too_little_says_how_much_is_there() -> None:
    small, *others = facts()
    rows, signals = (
        [replace(small, context_tokens=1_000), *others],
        replace(CALM, input_tokens=1200),
    )
    grounds = Grounds.of(ask("hello"), a_policy(), signals, (), rows)
    first, second, _ = decide(a_policy(), signals, rows, Asked()).rungs
    shown = "not_capable (reads 1000 tokens, about 1200 are there)"
    assert [told_of_rung(reason, first, grounds) for reason in first.reasons] == [shown]
    # What a lower rung lacks is a reason to ask this one, which lacks nothing.
    assert second.taken
    assert told_of_rung(Reason.NOT_CAPABLE, second, grounds) == "not_capable"


def test_a_list_whose_words_are_not_in_the_texts_says_so() -> None:
    assert list(unfound(("finance", "poison:en"), ["finance: my pension"])) == [
        "poison:en: in another message, or in another form of the text"
    ]


def because(
    reason: Reason,
    signals: Signals,
    *lines: str,
    request: ChatRequest | None = None,
    ceiling: bool = False,
    **decision: object,
) -> str:
    policy = a_policy(**decision)
    grounds = Grounds.of(request or ask("hello"), policy, signals, lines)
    return told(reason, grounds, ceiling=ceiling)


RISK = replace(CALM, domain=Domain.LEGAL, domain_p=0.8, stakes_high=0.5)
GRAVE = replace(CALM, grave=0.71, matter=Matter.LEGAL, language="en", brief=True)
BUILT = replace(
    CALM, domain=Domain.TECHNOLOGY, domain_p=0.9, multi_factor=0.8, strategic=0.1,
    request_type=RequestType.DECISION, request_type_p=0.75,
)  # fmt: skip


GROUNDS: list[tuple[Reason, Signals, tuple[str, ...], str]] = [
    (Reason.HIGH_RISK_MEDICAL, replace(CALM, risk_terms=("emergency",)),
     ("emergency: chest pain",), 'hard rule emergencies on the phrase "chest pain"'),
    (Reason.POLICY_RULE, replace(CALM, risk_terms=("vip",)), (),
     "hard rule vip on the list vip"),
    (Reason.HIGH_RISK_LEGAL, GRAVE, (), "its chance of a grave matter 0.71 reaches 0.70"),
    (Reason.HIGH_RISK_LEGAL, RISK, (),
     "legal 0.80 times stakes high 0.50 is 0.40 (from 0.22)"),
    (Reason.IMPACT_LEVEL_3, replace(CALM, impact_nano_usd=12_000 * 10**9), (),
     "$12,000.00 reaches $10,000.00"),
    (Reason.IMPACT_LEVEL_2, replace(CALM, impact_nano_usd=6_000 * 10**9), (),
     "$6,000.00 reaches $5,000.00"),
    (Reason.STRATEGIC, replace(CALM, strategic=0.1, risk_terms=("strategy:en",)),
     ("strategy:en: sell, our, company",), 'the phrase "sell, our, company"'),
    (Reason.UNSAFE, replace(CALM, spam=0.9), (), "its chance of spam 0.90 reaches 0.80"),
    (Reason.UNSAFE, replace(CALM, toxic=0.9), (), "its chance of toxic 0.90 reaches 0.80"),
    (Reason.ARCHITECTURE, BUILT, (),
     "multi-factor 0.80 (from 0.22), technology 0.90 (from 0.55), decision 0.75 (from 0.50), "
     "strategic 0.10 (from 0.05)"),
    (Reason.HIGH_STAKES, replace(CALM, stakes_high=0.5), (), "its chance 0.50 reaches 0.34"),
    (Reason.MULTI_FACTOR, replace(CALM, multi_factor=0.8), (), "its chance 0.80 reaches 0.22"),
    (Reason.NOVEL, replace(CALM, novelty=0.9), (), "its chance 0.90 reaches 0.50"),
    (Reason.HIGH_RISK, replace(CALM, stakes_high=0.7, risk_domain=Domain.MEDICAL, risk_p=0.47),
     (), "medical 0.47 times stakes high 0.70 is 0.33 (from 0.22)"),
]  # fmt: skip
"""Reason, signals, words found, and what the reason rests on."""


@pytest.mark.parametrize(("reason", "signals", "lines", "rests_on"), GROUNDS)
def test_each_reason_says_what_it_rests_on(
    reason: Reason, signals: Signals, lines: tuple[str, ...], rests_on: str
) -> None:
    assert because(reason, signals, *lines) == f"{reason}: {rests_on}"


def test_each_trigger_has_grounds() -> None:
    """A trigger without any would be told as a bare word."""
    source = inspect.getsource(hard_rules._fixed_triggers)
    triggers = {Reason[name] for name in re.findall(r"yield \d, Reason\.(\w+)", source)}
    assert Reason.NOVEL in triggers
    assert triggers <= {reason for reason, *_ in GROUNDS}


def test_a_danger_that_a_phrase_names_is_told_once() -> None:
    signals = replace(CALM, brief=True, risk_terms=("poison:en",))
    rests_on = because(Reason.HIGH_RISK_MEDICAL, signals, "poison:en: boy … drunk")
    assert rests_on == 'high_risk_medical: the phrase "boy … drunk"'


def test_no_trigger_is_named_where_none_counts() -> None:
    mode = DecisionMode.EXPECTED_LOSS.value
    assert because(Reason.HIGH_RISK_LEGAL, RISK, mode=mode) == "high_risk_legal"


def test_hints_say_their_levels_with_the_sum_that_the_client_states() -> None:
    hints = Hints(min_tier=2, stakes_nano_usd=20_000 * 10**9)
    request = replace(ask("hello"), hints=hints)
    assert because(Reason.HINT_MIN_TIER, CALM, request=request) == "hint_min_tier: level 2"
    stated = because(Reason.IMPACT_LEVEL_3, CALM, request=request)
    assert stated == "impact_level_3: $20,000.00, which the client states, reaches $10,000.00"


def test_a_low_impact_says_below_which_sum_it_is() -> None:
    signals = replace(CALM, impact_nano_usd=50 * 10**9)
    shown = because(Reason.LOW_IMPACT, signals, ceiling=True, level_3_not_below_usd=100)
    assert shown == "low_impact: $50.00 is at stake, less than $100.00"


def test_no_further_words_are_searched_than_are_read() -> None:
    """A reviewer takes a few lines, and each costs a search."""
    asked = list[str]()

    def mend(text: str) -> str:
        asked.append(text)
        return text

    own = OwnTerms({"finance": ["pension"], "legal": ["lawsuit"]})
    lines = found_phrases(["a pension"], ("finance", "legal"), LanguageTerms(()), own, mend)
    assert next(iter(lines)) == "finance: pension"
    assert asked == []
    assert list(lines) == []
    assert asked == ["a pension"]


def test_a_forgiven_typing_error_of_an_own_term_is_marked() -> None:
    own = OwnTerms({"finance": ["foreclosure", "pension"]})
    lines = found_phrases(["it is a forclosure"], ("finance",), LanguageTerms(()), own)
    assert list(lines) == ["finance: foreclosure (mistyped)"]
