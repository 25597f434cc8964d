"""Tests level 1: it loads the shipped files, refuses wrong ones, and reads a request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.deliberation import (
    facts_in,
    filled,
    load_templates,
    quoted,
    template_for,
)
from router.policy.content.knowledge import (
    Knowledge,
    classification_task,
    classified_text,
    contains_any,
    in_scope,
    knowledge_intents,
    load_knowledge,
    parse_knowledge,
    priority_of,
)
from router.policy.content.safe_answers import (
    SafeCase,
    holding_text,
    load_safe_answers,
    parse_safe_answers,
    safe_answer,
)
from router.policy.parsing.json_schema import schema_faults
from router.policy.parsing.plain_schemas import MAX_CHECKED_CHARACTERS
from router.types import (
    Amount,
    ChatRequest,
    Domain,
    Hints,
    JsonText,
    Message,
    RequestType,
    Signals,
)
from tests import ROOT
from tests.kits.checks.growth import in_proportion

POLICIES = ROOT / "policies"
SMALL = """\
version: 1
name: Small shop
keys:
  order_id: {pattern: "A-[0-9]{5}"}
intents:
  - id: hours
    domain: customer_support
    utterances: [when are you open]
    answer: We are open all day.
    source: House rules
  - id: order_status
    domain: customer_support
    utterances: [where is my order]
    answer: "Order {order_id} is {status}."
    slots:
      order_id: {from: context}
      status: {from: lookup, lookup: orders, key: order_id, field: status}
    source: Orders
"""


@pytest.fixture(scope="module")
def shipped() -> Knowledge:
    return load_knowledge(POLICIES / "knowledge/customer_support.yaml", ["orders", "accounts"])


def _request(text: str, *, system: str = "", **hints: object) -> ChatRequest:
    messages = (Message("system", system),) if system else ()
    return ChatRequest((*messages, Message("user", text)), "auto", hints=Hints(**hints))  # type: ignore[arg-type]


def signals(domain: Domain = Domain.GENERAL, **said: object) -> Signals:
    known = {
        "request_type": RequestType.FAQ,
        "request_type_p": 0.9,
        "domain": domain,
        "domain_p": 0.9,
        "difficulty": 0.0,
        "stakes_high": 0.0,
        "impact_nano_usd": 0,
        "multi_factor": 0.0,
        "strategic": 0.0,
        "novelty": 0.0,
        "toxic": 0.0,
        "spam": 0.0,
    }
    return Signals(**(known | said))  # type: ignore[arg-type]


def test_shipped_knowledge_has_sixty_intents_or_more(shipped: Knowledge) -> None:
    assert len(shipped.intents) >= 60
    assert shipped.label == "alderbrook-customer-support"


def test_shipped_safe_answers_cover_every_risk_domain() -> None:
    answers = load_safe_answers(POLICIES / "answers/safe_answers.yaml")
    risky = (Domain.MEDICAL, Domain.LEGAL, Domain.FINANCE, Domain.ENGINEERING_SAFETY)
    assert all(answers.of(domain) is not answers.general for domain in risky)


def test_every_domain_has_a_deliberation_template() -> None:
    templates = load_templates(POLICIES / "deliberation")
    assert set(templates) == set(Domain)
    assert templates[Domain.BUSINESS_STRATEGY].name == "strategy"


@pytest.mark.parametrize(
    ("old", "new", "line", "key_path", "expected"),
    [
        ("id: order_status", "id: hours", 11, "intents[1].id", "see line 6"),
        ("where is my order", "When are you open?", 13, "intents[1].utterances[0]", "hours has it"),
        ("{status}.", "{state}.", 11, "intents[1]", "{state} in the answer"),
        ("{status}.", "{status}{.", 11, "intents[1]", "braces"),
        ("lookup: orders,", "lookup: ordres,", 17, "intents[1].slots.status.lookup", "`orders`"),
        ("key: order_id, ", "", 17, "intents[1].slots.status", "needs lookup, key and field"),
        ("[0-9]{5}", "[0-9]+", 4, "keys.order_id.pattern", "without *, +"),
        ("[0-9]{5}", "(a{1,9}){1,9}", 4, "keys.order_id.pattern", "repeated groups"),
        ("domain: customer_support", "domain: suport", 7, "intents[0].domain", "one of"),
        ("    source: House rules\n", "", 6, "intents[0].source", "required"),
    ],
)
def test_wrong_knowledge_names_its_mistake(
    old: str, new: str, line: int, key_path: str, expected: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_knowledge("k.yaml", SMALL.replace(old, new, 1), ["orders"])
    told = [m for m in caught.value.mistakes if m.key_path == key_path]
    assert told, caught.value.mistakes
    assert told[0].line == line
    assert expected in told[0].expected


def test_mistakes_between_intents_do_not_hide_those_within() -> None:
    wrong = SMALL.replace("id: order_status", "id: hours").replace("version: 1", "version: 2")
    with pytest.raises(PolicyError) as caught:
        parse_knowledge("k.yaml", wrong, ["orders"])
    assert {m.key_path for m in caught.value.mistakes} == {"version", "intents[1].id"}


def test_missing_knowledge_file_is_a_policy_mistake(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="readable file"):
        load_knowledge(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("request_", "task"),
    [
        (_request("x", context={"task": "ticket_routing"}), "ticket_routing"),
        (_request("x", tags=("classify:ticket_routing",)), "ticket_routing"),
        (_request("x", tags=("ticket_routing",)), None),
        (_request("Classify this ticket: the lamp broke"), "ticket_routing"),
        (_request("please  route this\nticket\n\nthe lamp broke"), "ticket_routing"),
        (_request("the lamp broke. classify this ticket"), None),
        (_request("classify this tickets"), None),
        (_request("the lamp broke", system="You route. Classify this ticket."), "ticket_routing"),
        (_request("the lamp broke", system="Never say: I cannot route this ticket"), None),
        (_request("where is my order"), None),
        (_request(""), None),
    ],
)
def test_classification_applies_when_it_is_asked_for(
    request_: ChatRequest, task: str | None, shipped: Knowledge
) -> None:
    assert classification_task(request_, shipped) == task


def test_words_that_ask_are_not_classified(shipped: Knowledge) -> None:
    request = _request("Classify this ticket: \nThe lamp broke.")
    assert classified_text(request, "ticket_routing", shipped) == "The lamp broke."


def test_classes_are_matched_among_their_task_alone(shipped: Knowledge) -> None:
    names = [name for name, _ in knowledge_intents(shipped)]
    classes = [name for name in names if in_scope(name, "ticket_routing")]
    assert "ticket_routing/delivery" in classes
    assert set(names) - set(classes) == set(shipped.intents)


@pytest.mark.parametrize(
    ("text", "department", "priority"),
    [
        ("the heater CAUGHT  FIRE", "product_support", "urgent"),
        ("a fishy mail", "fraud_security", "urgent"),
        ("my lawyer will write", "returns", "high"),
        ("I can\u2019t sign in", "account_access", "high"),
        ("I can't sign in", "website_app", "normal"),
        ("just wondering", "returns", "low"),
        ("the lamp is dark", "returns", "normal"),
    ],
)
def test_first_rule_that_holds_gives_the_priority(
    text: str, department: str, priority: str, shipped: Knowledge
) -> None:
    rules = shipped.content.classifications["ticket_routing"].priorities
    assert priority_of(text, department, rules)[0] == priority


@pytest.mark.parametrize(
    ("domain", "text", "opening"),
    [
        (Domain.MEDICAL, "is 400 mg ibuprofen too much", "This is a question about health"),
        (Domain.MEDICAL, "I have CHEST\npain", "This may be an emergency"),
        (Domain.MEDICAL, "I can\u2019t breathe", "This may be an emergency"),
        (Domain.GENERAL, "my chest hurts", "This may be an emergency"),
        (Domain.MEDICAL, "breaststroke and backstrokes", "This is a question about health"),
        (Domain.LEGAL, "may I end the lease", "This touches legal rights"),
        (Domain.SCIENCE_MATH, "prove it", "We could not confirm"),
        (Domain.ENGINEERING_SAFETY, "I smell gas", "Get everybody out now"),
    ],
)
def test_safe_answer_takes_the_wording_that_is_due(domain: Domain, text: str, opening: str) -> None:
    answers = load_safe_answers(POLICIES / "answers/safe_answers.yaml")
    said = safe_answer(SafeCase(domain, text, "rev_7", ("amount: $5",)), answers)
    assert said.startswith(opening)
    assert "rev_7" in said
    assert "{" not in said


def test_facts_follow_an_ordinary_safe_answer_only() -> None:
    answers = load_safe_answers(POLICIES / "answers/safe_answers.yaml")
    facts = ("amount: $2M",)
    assert "- amount: $2M" in safe_answer(SafeCase(Domain.LEGAL, "the clause", "r", facts), answers)
    assert "$2M" not in safe_answer(SafeCase(Domain.LEGAL, "I was arrested", "r", facts), answers)


def test_safe_answers_without_review_reference_are_refused() -> None:
    with pytest.raises(PolicyError, match="review_id"):
        parse_safe_answers("s.yaml", "version: 1\nname: s\ngeneral: {default: Sorry.}")


def test_holding_text_is_the_domains_then_the_general_one_then_ours() -> None:
    general = "general: {default: 'D {review_id}', holding: 'G {review_id}'}"
    legal = "legal: {default: 'D {review_id}', holding: 'L {review_id}'}"
    both = parse_safe_answers("s.yaml", f"version: 1\nname: s\n{general}\n{legal}")
    assert holding_text(Domain.LEGAL, "r1", both) == "L r1"
    assert holding_text(Domain.MEDICAL, "r1", both) == "G r1"
    assert "r1" in holding_text(Domain.MEDICAL, "r1")


def test_holding_text_without_review_reference_is_refused() -> None:
    with pytest.raises(PolicyError, match="review_id"):
        parse_safe_answers(
            "s.yaml", "version: 1\nname: s\ngeneral: {default: 'D {review_id}', holding: Wait.}"
        )


def test_looking_for_terms_takes_time_in_proportion_to_the_text() -> None:
    terms = tuple(f"chest pain number {number}" for number in range(60))
    assert in_proportion(lambda text: contains_any(text, terms), "chest pai ")


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (signals(Domain.TECHNOLOGY, request_type=RequestType.DECISION), "architecture"),
        (signals(Domain.TECHNOLOGY, strategic=0.7), "architecture"),
        (signals(Domain.TECHNOLOGY, request_type=RequestType.CODING), "general"),
        (signals(Domain.BUSINESS_STRATEGY), "strategy"),
        (signals(Domain.LEGAL), "legal"),
        (signals(Domain.CUSTOMER_SUPPORT), "general"),
    ],
)
def test_template_follows_the_domain(read: Signals, name: str) -> None:
    assert template_for(read, load_templates(POLICIES / "deliberation")).name == name


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id: synthesis", "id: evidence", "synthesis last"),
        ("\n      {previous}", "\n      {prevoius}", "{previous}, not"),
        ("schema: *answer", "schema: {type: objct, required: [a], properties: {a: {}}}", "Schema"),
        ("domains: [strategy]", "domains: [strategie]", "one of"),
        ("required: [decision, rationale", "required: [decisions, rationale", "not decisions"),
    ],
)
def test_wrong_template_names_its_mistake(
    old: str, new: str, expected: str, tmp_path: Path
) -> None:
    text = (POLICIES / "deliberation/strategy.yaml").read_text()
    old = old.replace("[strategy]", "[business_strategy]")
    assert old in text
    (tmp_path / "a.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(PolicyError) as caught:
        load_templates(tmp_path)
    assert expected in str(caught.value)
    assert all(m.line > 0 for m in caught.value.mistakes)


def test_two_templates_for_one_domain_are_refused(tmp_path: Path) -> None:
    text = (POLICIES / "deliberation/general.yaml").read_text()
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(text.replace("name: general", "name: other"))
    with pytest.raises(PolicyError, match="general has it"):
        load_templates(tmp_path)


def test_filled_text_is_never_filled_again() -> None:
    values = {"question": "{facts} {previous}", "facts": "f", "previous": "p"}
    assert filled("{question} {facts}", values) == "{facts} {previous} f"


def test_quotation_cannot_be_left() -> None:
    assert all(line.startswith("> ") for line in quoted("a\nb\r\nc\u2028d", 100).split("\n"))


def test_long_quotation_keeps_head_and_tail() -> None:
    kept = quoted("a" * 500 + "b" * 500, 100)
    assert kept.startswith("> aaa")
    assert kept.endswith("bbb")
    assert len(kept) < 130


def test_facts_are_found_in_the_users_words() -> None:
    request = _request("Shall we pay $12,000 to Harlow Stone Ltd by 3 March 2027?")
    read = signals(
        risk_terms=("payment_fraud", "payment_fraud:en"),
        amounts=(Amount("$12,000", "USD", 12_000),),
    )
    assert facts_in(request, read) == (
        "amount: $12,000",
        "date: 3 March 2027",
        "party: Harlow Stone Ltd",
        "risk: payment fraud",
    )


def test_a_sum_that_is_due_each_year_is_noted_with_its_year() -> None:
    amounts = (Amount("$666,000", "USD", 666_000, period="year"),)
    found = facts_in(_request("It is $666,000 a year."), signals(amounts=amounts))
    assert found == ("amount: $666,000 per year",)


@pytest.mark.parametrize(
    ("value", "schema", "fits"),
    [
        ({"a": 1}, '{"required": ["a"]}', True),
        ({}, '{"required": ["a"]}', False),
        ([1, 2], '{"maxItems": 1}', False),
        ("x", '{"enum": ["y"]}', False),
        ({"b": 1}, '{"properties": {"a": {}}, "additionalProperties": false}', False),
        ({"b": 1}, '{"patternProperties": {"b": {}}, "additionalProperties": false}', True),
        ([1, 2, {}], '{"uniqueItems": true}', True),
        ([{"a": 1, "b": 2}, 1, {"b": 2, "a": 1}], '{"uniqueItems": true}', False),
        ([1, True, 0, False, "1"], '{"uniqueItems": true}', True),
        ([1, 1], '{"uniqueItems": false}', True),
        ({}, '{"properties": {"$schema": {}}, "required": ["$schema"]}', False),
        ({"$schema": 1}, '{"properties": {"$schema": {"type": "string"}}}', False),
        (1, '{"$ref": "#"}', True),  # never ends: cannot be kept
        (1, '{"type": 3}', True),  # broken: cannot be kept
        (1, '{"$ref": "http://127.0.0.1:9/x"}', True),  # refers outside: nothing is fetched
    ],
)
def test_value_is_held_to_its_schema(value: object, schema: str, fits: bool) -> None:
    assert (schema_faults(value, JsonText(schema)) == ()) is fits


def test_pattern_of_a_clients_schema_is_never_run() -> None:
    assert schema_faults("b", JsonText('{"type": "string", "pattern": "^a$"}')) == ()


@pytest.mark.parametrize("draft", ["draft-04", "draft-07", "2019-09", "2020-12"])
def test_no_part_of_a_schema_brings_its_patterns_back(draft: str) -> None:
    """Matching `^(a+)+$` with sixty letters would practically never end."""
    below = "" if draft.startswith("20") else "#"
    dialect = "draft/" * draft.startswith("20") + draft
    part = {"$schema": f"http{'s' * (not below)}://json-schema.org/{dialect}/schema{below}"}
    schema = {"properties": {"a": {**part, "pattern": "^(a+)+$"}}}
    assert schema_faults({"a": "a" * 16 + "!"}, JsonText(json.dumps(schema))) == ()


def test_references_that_double_are_followed_to_a_bound() -> None:
    """Forty of them would take a billion times a thousand steps, and block all other requests."""
    parts: dict[str, object] = {
        f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(40)
    }
    schema = {"$defs": {**parts, "a40": {"type": "string"}}, "$ref": "#/$defs/a0"}
    assert schema_faults(1, JsonText(json.dumps(schema))) != ()  # the first step finds it
    assert schema_faults("x", JsonText(json.dumps(schema))) == ()


@pytest.mark.parametrize(("objects", "checked"), [(16_000, True), (18_000, False)])
def test_large_answers_are_checked_up_to_the_bound(objects: int, checked: bool) -> None:
    value = [{"a": "x", "b": "y"}] * objects + [{"a": 1, "b": "y"}]
    one = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    schema = JsonText(json.dumps({"type": "array", "items": one, "minItems": 1}))
    assert (schema_faults(value, schema) != ()) is checked


@pytest.mark.parametrize(
    ("part", "fits"),
    [
        ({"type": "string"}, False),
        ({"type": 3}, True),
        ({"items": 3}, True),
        ({"$ref": 3}, True),
        ({"items": {"multipleOf": 0}}, True),
    ],
)
def test_schema_too_long_to_be_checked_itself_holds_where_it_is_sound(
    part: dict[str, object], fits: bool
) -> None:
    many = {f"p{i}": {"type": "string", "description": "a" * 40} for i in range(500)}
    schema = JsonText(json.dumps({"properties": {"a": part, **many}}))
    assert len(schema) > MAX_CHECKED_CHARACTERS
    assert (schema_faults({"a": [1]}, schema) == ()) is fits
