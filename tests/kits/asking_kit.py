"""A gateway whose level 1 is a real resolver over a small knowledge file, with a small triage.

The model reads nothing into a text but "stakes_high=0.9"; what a text matches is stated here by the
words in it. Rules, conversations, slots, decision and ledger are the real ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace as changed
from functools import partial

import numpy as np

from router.policy.content.knowledge import parse_knowledge
from router.policy.content.replies import match_scope
from router.policy.schema import LookupSection, ResolverAnswerer, TierSection
from router.routing.decision import confidence_floor
from router.routing.rungs.rung_plan import RungPlan, prior_ability
from router.triage.batches.config import TriageConfig
from router.triage.engine import TriageEngine
from router.triage.service import TriageService
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.types import ChatRequest, Hints, Match, Message, Outcome, Signals
from tests.kits.fakes import ALICE, House, Houses
from tests.kits.gateway_kit import deep, low, mid
from tests.triage.test_service import StatedModel
from tiers.lookups import build_lookups
from tiers.resolver import build_resolver

WHICH = "Which order is it? The number is in your confirmation mail."
SIGN_IN = "Please sign in, and then tell me here."
NOT_YOURS = "I can't find that order among yours. Please check the number."
KNOWLEDGE = f"""\
version: 1
name: Small shop
keys:
  order_id: {{pattern: "A-[0-9]{{5}}", ask: "{WHICH}", not_found: "{NOT_YOURS}"}}
  account_id: {{ask: "{SIGN_IN}"}}
intents:
  - id: hours
    domain: customer_support
    utterances: [when are you open]
    answer: We are open all day.
    source: House rules
  - id: order_status
    domain: customer_support
    utterances: [where is my order]
    answer: "Order {{order_id}} is {{status}}."
    slots:
      order_id: {{from: context}}
      status: {{from: lookup, lookup: orders, key: order_id, field: status}}
    source: Orders
  - id: cancel_order
    domain: customer_support
    utterances: [cancel my order]
    answer: "To cancel {{order_id}}, open My orders."
    slots:
      order_id: {{from: lookup, lookup: orders, key: order_id, field: number}}
    source: Orders
  - id: balance
    domain: customer_support
    utterances: [what is my balance]
    answer: "You have {{balance}}."
    slots:
      balance: {{from: lookup, lookup: accounts, key: account_id, field: balance}}
    source: Accounts
"""
ORDERS = {
    "A-10001": {"customer": "C-1", "number": "A-10001", "status": "on its way"},
    "A-10002": {"customer": "C-2", "number": "A-10002", "status": "at the warehouse"},
}
OF_THE_CUSTOMER = {"must_match": {"customer": "account_id"}}
MATCHES = {
    "where": ("order_status", 0.95),
    "cancel": ("cancel_order", 0.95),
    "balance": ("balance", 0.95),
    "open": ("hours", 0.95),
    "perhaps": ("order_status", 0.6),
    "hmm": ("order_status", 0.55),
}
OTHERS = (("cancel_order", 0.33), ("hours", 0.06))
BETWEEN = Match(
    "order_status", 0.12, 0.5, 0.1, (("cancel_order", 0.08), ("hours", 0.001)), together=0.9
)
"""Of a request in unusual words: each intent is unlikely, one of them is not."""
ALONE = Match("order_status", 0.88, 0.9, 0.3, (("cancel_order", 0.002),), together=0.88)
BOTH = Match(
    "order_status",
    0.97,
    0.9,
    0.3,
    (("cancel_order", 0.96),),
    asked=(("order_status", 0.97), ("cancel_order", 0.96)),
)
"""Of a request that asks twice."""
C1 = {"account_id": "C-1"}


class StatedMatches:
    """Matches the intent of the first word that it knows, and no question with a number in it."""

    def nearest(self, vector: np.ndarray) -> float:
        return 0.0

    def written(self, text: str) -> None:
        return None

    def match(self, embeddings: np.ndarray, texts: Sequence[str]) -> list[Match | None]:
        return [self._of(text.lower()) for text in texts]

    def _of(self, text: str) -> Match | None:
        if "oddly" in text:
            return BETWEEN
        if "both" in text:
            return BOTH
        if "alone" in text:
            return ALONE
        for word, (intent, confidence) in MATCHES.items():
            if word in text and not (word == "where" and "a-1" in text):
                return Match(intent, confidence, 0.9, 0.3, OTHERS if word == "hmm" else ())
        return Match("hours", 0.05, 0.1, 0.0)


def asking_house(
    houses: Houses,
    *,
    typed: object = OF_THE_CUSTOMER,
    knowledge: str = KNOWLEDGE,
    clarify: object = None,
    **sections: object,
) -> House:
    """Returns a house whose level 1 has the knowledge file; levels 2 and 3 are scripted."""
    house = houses(
        [low(), mid(text="a model's words"), deep(text="a deliberation's words")],
        hard_rules=[{"name": "self_harm", "terms": ["self_harm"], "floor": 3}],
        terms=[{"name": "self_harm", "domain": "medical", "terms": ["kill myself"]}],
        **sections,
    )
    rows = {"orders.json": ORDERS, "accounts.json": {"C-1": {"balance": "$5.00"}}}
    for name, content in rows.items():
        (houses.folder / name).write_text(json.dumps(content))
    known = parse_knowledge("k.yaml", knowledge, ["orders", "accounts"])
    lookups = [
        LookupSection.model_validate(
            {"name": "orders", "kind": "file", "path": "orders.json", "typed": typed}
        ),
        LookupSection(name="accounts", kind="file", path="accounts.json"),
    ]
    section = ResolverAnswerer.model_validate(
        {
            "kind": "resolver",
            "name": "faq",
            "knowledge": "k.yaml",
            "lookups": ["orders", "accounts"],
            "clarify": clarify,
        }
    )
    tier = TierSection(name="resolve", level=1, answerers=[section])
    opened = build_lookups(lookups, houses.folder)
    runtime = house.gateway.router.default
    deciding = runtime.policy.decision

    def floor(request: ChatRequest, signals: Signals) -> float:
        return confidence_floor(deciding, signals, request.hints.confidence_floor)

    resolver = build_resolver(section, tier, known, opened, lookups, floor)
    old = runtime.plans[0]
    plan = RungPlan(
        resolver,
        old.section,
        resolver.facts,
        prior_ability(1),
        declines=resolver.declines,
        asks=resolver.asks,
        offering=resolver.offering,
    )
    terms = TermFinder({"self_harm": ["kill myself"]})
    from_ = 1.0 if section.clarify is None else section.clarify.from_
    config = TriageConfig(terms, AmountReader({"USD": 1.0}), StatedMatches(), offers_from=from_)
    triage = TriageService(
        TriageEngine(StatedModel()), config, scope=partial(match_scope, knowledge=known)
    )
    served = changed(runtime, plans=(plan, *runtime.plans[1:]), triage=triage)
    house.gateway.router.swap({"test": served})
    return house


def turns(*texts: str, context: Mapping[str, str] | None = None, **more: object) -> ChatRequest:
    """Returns a conversation: user, assistant, user ..., with the last turn's context."""
    roles = ("user", "assistant")
    messages = tuple(Message(roles[i % 2], text) for i, text in enumerate(texts))
    return ChatRequest(messages, "auto", hints=Hints(context=context or {}), **more)  # type: ignore[arg-type]


async def said(house: House, *texts: str, context: Mapping[str, str] | None = None) -> Outcome:
    """Returns the outcome of one turn of a conversation."""
    return await house.gateway.complete(turns(*texts, context=context), ALICE)


def text_of(outcome: Outcome) -> str:
    assert outcome.answer is not None
    return outcome.answer.text
