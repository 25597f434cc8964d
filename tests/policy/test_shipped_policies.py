"""Every policy that ships loads, is documented, and lets ordinary support talk pass."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import date
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from router.api.compose.core import Core, Settings
from router.cli.policies.key_reference import models, reference
from router.money.price_book import PriceBook, is_known
from router.policy.loading import (
    LoadedPolicy,
    find_policy,
    load_policy,
    policies_dir,
    policy_names,
)
from router.policy.places import json_schema
from router.policy.schema import Policy
from router.policy.warnings import WarningKind, warnings
from router.triage.text.folding import Folded, fold
from router.triage.text.terms import TermFinder
from tests import ROOT
from tests.kits.server_kit import tiergate

NAMES = (
    *("default", "demo", "customer_support", "enterprise_decisions", "openai", "anthropic"),
    *("email_pipeline", "content_moderation", "it_help_desk", "retail_bank", "code_questions"),
)
ENDPOINTS = "domain_endpoints"
"""Names the policy that answers no chat, but endpoints by domain."""
LISTS = (
    "medical_emergency",
    "medical",
    "self_harm",
    "legal",
    "finance",
    "fraud",
    "engineering_safety",
)


@cache
def load(name: str) -> LoadedPolicy:
    return load_policy(find_policy(name, policies_dir()), {})


@cache
def schema() -> dict[str, object]:
    return dict(json.loads(json_schema()))


@pytest.fixture(params=NAMES)
def loaded(request: pytest.FixtureRequest) -> LoadedPolicy:
    return load(request.param)


@pytest.fixture
def policy(loaded: LoadedPolicy) -> Policy:
    return loaded.policy


def shipped() -> list[Path]:
    """The files of the repository: a reader's own policy may stand beside them."""
    listed = ["git", "ls-files", "--", "*.yaml"]
    found = subprocess.run(listed, cwd=policies_dir(), capture_output=True, text=True, check=True)
    return [policies_dir() / name for name in found.stdout.split() if "/" not in name]


def test_all_shipped_policies_are_tested() -> None:
    known = policy_names(policies_dir())
    names = [path.stem for path in shipped() if path.stem in known]
    assert sorted(names) == sorted((*NAMES, ENDPOINTS))


@pytest.mark.parametrize("name", [*NAMES, ENDPOINTS])
def test_policy_is_called_like_its_file(name: str) -> None:
    assert load(name).policy.name == name


@pytest.mark.parametrize("name", [*NAMES, ENDPOINTS])
def test_policy_begins_with_the_comment_for_editors(name: str) -> None:
    text = (policies_dir() / f"{name}.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=policy.schema.json\n")


@pytest.mark.parametrize("name", [*NAMES, ENDPOINTS])
def test_policy_fits_the_json_schema(name: str) -> None:
    written = yaml.safe_load((policies_dir() / f"{name}.yaml").read_text())
    jsonschema.Draft202012Validator(schema()).validate(written)


def test_json_schema_refuses_an_unknown_key() -> None:
    written = yaml.safe_load((policies_dir() / "default.yaml").read_text())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "colour": "blue"}, schema())


def test_committed_json_schema_is_current() -> None:
    assert (policies_dir() / "policy.schema.json").read_text(encoding="utf-8") == json_schema()


def test_committed_reference_is_current() -> None:
    assert (ROOT / "docs" / "reference" / "policy.md").read_text(encoding="utf-8") == reference()


def test_every_key_of_every_section_stands_in_the_reference() -> None:
    text = reference()
    missing = [
        f"{model.__name__}.{name}"
        for model in models()
        for name, field in model.model_fields.items()
        if f"- **`{field.alias or name}`** (" not in text
    ]
    assert missing == []


def test_every_key_of_every_section_is_described() -> None:
    silent = [
        f"{model.__name__}.{name}"
        for model in models()
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert silent == []


def test_no_provider_key_stands_in_a_shipped_policy() -> None:
    for path in shipped():
        for value in re.findall(r"api_key: *(\S+)", path.read_text()):
            assert re.fullmatch(r"\$\{[A-Z_]+\}", value)


def test_levels_have_the_same_tier_names_in_every_policy(policy: Policy) -> None:
    assert [tier.name for tier in policy.tiers] in (
        ["resolve", "local", "reasoning"],
        ["resolve", "llm", "reasoning"],
    )
    assert [tier.level for tier in policy.tiers] == [1, 2, 3]


def test_every_term_list_is_a_floor_at_level_3(policy: Policy) -> None:
    floors = {name for rule in policy.hard_rules if rule.floor == 3 for name in rule.terms}
    assert floors >= set(LISTS)
    named = {terms.name for terms in policy.terms} | {"violence", "poison"}
    # A threat on a forum asks for a moderator, and a chat with one for no dearer model.
    assert floors == named - {"threats"}


def test_policy_has_ten_examples(policy: Policy) -> None:
    assert len(policy.examples) >= 10
    assert {example.tier for example in policy.examples} == {tier.name for tier in policy.tiers}
    assert any(example.messages for example in policy.examples)


@pytest.mark.process
def test_every_example_goes_where_its_policy_says() -> None:
    run = tiergate("check", *NAMES, "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    policies = json.loads(run.stdout)["policies"]
    assert len(policies) == len(NAMES)
    assert [e for policy in policies for e in policy["examples"] if not e["passed"]] == []


def test_shipped_policy_warns_of_nothing_but_priors_and_approved_answers(
    loaded: LoadedPolicy,
) -> None:
    book = PriceBook.of(loaded, date(2026, 11, 20))
    rungs = loaded.policy.rungs()
    priced = {section.name for _, section in rungs if is_known(book.answerer(section, cores=2))}
    allowed = {WarningKind.PRIOR_ONLY, WarningKind.APPROVED_ANSWERS_ONLY}
    assert [w for w in warnings(loaded.policy, priced) if w.kind not in allowed] == []


def test_demo_is_default_at_stated_list_prices_without_haste() -> None:
    default = load("default").policy.model_dump()
    demo = load("demo").policy.model_dump()
    prices = [a.price.list_price_usd for _, a in load("demo").policy.rungs()]
    assert prices == [0.01, 0.01, 0.01, 0.5, 0.01, 5.0]
    assert demo["cache"]["exact"] is False
    for written in (default, demo):
        for key in ("name", "description", "cache"):
            del written[key]
        for tier in written["tiers"]:
            for answerer in tier["answerers"]:
                del answerer["price"], answerer["deadline_s"]
                answerer.pop("alone", None)  # the demo lets the embedded model answer
    assert demo == default


@cache
def _support_talk() -> tuple[tuple[str, str, Folded], ...]:
    knowledge = yaml.safe_load((policies_dir() / "knowledge/customer_support.yaml").read_text())
    return tuple(
        (intent["id"], utterance, fold(utterance))
        for intent in knowledge["intents"]
        for utterance in intent["utterances"]
    )


def finder(policy: Policy) -> TermFinder:
    return TermFinder({terms.name: terms.terms for terms in policy.terms})


def test_support_talk_hits_no_term_list(policy: Policy) -> None:
    find = finder(policy).find
    hits = [(intent, said, find(folded)) for intent, said, folded in _support_talk()]
    assert [hit for hit in hits if hit[2]] == []


@pytest.mark.parametrize(
    "said",
    [
        "there is a charge on my card that I do not know",
        "my card was declined",
        "cancel my order please",
        "I want to claim my gift card",
        "how do I file a warranty claim",
        "the app is not responding",
        "is the smoke detector in stock, and does it need a battery",
        "can I pay by bank transfer",
        "please refund the $40 for the broken lamp",
        "What does insulin do in the body?",
        "Explain what a trade mark is.",
        "Write a regular expression for e-mail addresses.",
    ],
)
def test_ordinary_talk_hits_no_term_list(said: str) -> None:
    assert finder(load("default").policy).find(fold(said)) == ()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("My father has CHEST PAIN and sweats", "medical_emergency"),
        ("she can\u2019t breathe properly since lunch", "medical_emergency"),
        ("may I double the dose of my medication tonight", "medical"),
        ("I want to end my life", "self_harm"),
        ("they say we are in breach of contract", "legal"),
        ("is the non compete of my old employer valid", "legal"),
        ("should I put my life savings into one stock", "finance"),
        ("the vendor has changed their bank details, pay now", "fraud"),
        ("can we override the interlock during the test", "engineering_safety"),
        ("is this load bearing wall safe to open", "engineering_safety"),
    ],
)
def test_dangerous_talk_hits_its_term_list(said: str, name: str) -> None:
    assert name in finder(load("default").policy).find(fold(said))


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_vendor_prices_come_from_the_book_with_their_day(name: str) -> None:
    book = PriceBook.of(load(name), date(2026, 11, 20))
    for _, answerer in load(name).policy.rungs():
        price = book.answerer(answerer)
        assert price.input_nano_usd is not None
        assert re.fullmatch(r"shipped@[0-9a-f]{12} 2026-11-20", price.version)


def test_a_server_prices_local_models_by_their_cores_and_requested_models_by_the_book() -> None:
    runtime = Core(Settings(), [load("default")], {}).router.default
    facts = runtime.by_name["smollm2"].facts
    assert (facts.cores, facts.price.per_second_nano_usd) == (2, 2 * 13_889)  # $0.05 a core-hour
    assert facts.price.version.startswith("shipped@")
    asked = runtime.price_of("gpt-4o")
    assert asked is not None
    assert asked.output_nano_usd == 10 * 10**9
    assert runtime.price_of("auto") is None


def test_both_policies_with_threats_have_the_same() -> None:
    """Each file stands for itself, so the list is in both."""
    lists = [
        [terms.terms for terms in load(name).policy.terms if terms.name == "threats"]
        for name in ("email_pipeline", "content_moderation")
    ]
    assert len(lists[0]) == 1
    assert lists[0] == lists[1]
