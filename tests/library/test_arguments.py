"""What a Gateway refuses, and what is given beside a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from router import Gateway
from router.errors import MaxCostTooLow, NotCapable, RequestError
from router.types import ChatRequest, Hints, Message, Sampling
from tests.kits.library_kit import ASKED
from tests.kits.upstreams.fake_upstream import FakeUpstream

Opened = Callable[..., Gateway]

MESSAGES = [{"role": "user", "content": ASKED}]
NAN = float("nan")
SURROGATE = "a \ud800"


def a_body(routing: dict[str, object], **keys: object) -> dict[str, object]:
    return {"messages": MESSAGES, "routing": routing, **keys}


def test_hints_beside_a_body_keep_its_floor(opened: Opened) -> None:
    gateway = opened()
    asked = a_body({"min_tier": 3})
    assert gateway.route(asked).rung.tier == "large"
    assert gateway.route(asked, hints=Hints(tags=("a",))).rung.tier == "large"
    assert gateway.complete(asked, hints=Hints(min_tier=2)).rung.tier == "large"
    assert gateway.route(MESSAGES, hints=Hints(min_tier=3)).rung.tier == "large"


def test_hints_beside_a_body_keep_its_ceilings(opened: Opened) -> None:
    gateway = opened()
    asked = a_body({"max_cost_usd": 0.000001})
    for hints in (None, Hints(tags=("a",)), Hints(max_cost_nano_usd=10**12)):
        with pytest.raises(NotCapable, match="max_cost_usd"):
            gateway.route(asked, hints=hints)
    with pytest.raises(MaxCostTooLow):
        gateway.complete(asked, hints=Hints(tags=("a",)))


@pytest.mark.parametrize(
    ("routing", "hints", "named"),
    [
        ({"session": "a"}, Hints(session="b"), "session"),
        ({"policy": "library"}, Hints(policy="other"), "policy"),
        ({"context": {"plan": "free"}}, Hints(context={"plan": "paid"}), "context.plan"),
    ],
)
def test_hints_that_say_another_name_than_the_body_are_refused(
    opened: Opened, routing: dict[str, object], hints: Hints, named: str
) -> None:
    with pytest.raises(RequestError, match="give one of them") as refused:
        opened().route(a_body(routing), hints=hints)
    assert refused.value.param == f"routing.{named}"


def test_tags_of_hints_and_body_are_refused_where_they_are_too_many(opened: Opened) -> None:
    tags = tuple(f"h{i}" for i in range(10))
    with pytest.raises(RequestError, match="at most 16 tags"):
        opened().route(a_body({"tags": [f"b{i}" for i in range(10)]}), hints=Hints(tags=tags))


def test_a_slot_of_context_takes_the_place_of_the_bodys(opened: Opened) -> None:
    gateway = opened()
    outcome = gateway.route(a_body({"context": {"plan": "free"}}), context={"plan": "paid"})
    assert outcome.rung is not None


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"hints": {"min_tier": 2}}, r"hints: found an object; expected a `Hints`"),
        ({"hints": "high"}, r"hints: found a string; expected a `Hints`"),
        ({"identity": "acme"}, r"identity: found a string; expected an `Identity`"),
        ({"identity": None}, r"identity: found null; expected an `Identity`"),
        ({"context": "free"}, r"context: found a string; expected a mapping"),
        ({"context": {"plan": object()}}, r"routing.context.plan: found a Python object"),
        ({"context": {"plan": SURROGATE}}, r"not valid UTF-8"),
        ({"hints": Hints(tags=(SURROGATE,))}, r"not valid UTF-8"),
        ({"hints": Hints(confidence_floor=NAN)}, r"confidence_floor: found nan"),
    ],
)
@pytest.mark.parametrize("call", ["route", "complete"])
def test_arguments_of_another_type_are_refused_in_words(
    opened: Opened, call: str, given: dict[str, Any], named: str
) -> None:
    with pytest.raises(RequestError, match=named):
        getattr(opened(), call)(ASKED, **given)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (SURROGATE, "not JSON: str is not valid UTF-8"),
        ([{"role": "user", "content": SURROGATE}], "not valid UTF-8"),
        ([Message("user", SURROGATE)], "not valid UTF-8"),
        ({"messages": [{"role": "user", "content": SURROGATE}]}, "not valid UTF-8"),
        (ChatRequest((Message("user", "a"),), SURROGATE), "not valid UTF-8"),
        ({"messages": MESSAGES, "temperature": NAN}, "not JSON: temperature nan is no number"),
        ({"messages": MESSAGES, "top_p": float("inf")}, "not JSON: top_p inf is no number"),
        (
            {"messages": MESSAGES, "metadata": {"a": [1, NAN]}},
            r"not JSON: metadata.a\[1\] nan is no number",
        ),
        (
            ChatRequest((Message("user", "a"),), "auto", sampling=Sampling(temperature=NAN)),
            "temperature: found nan",
        ),
        ({"messages": MESSAGES, "stop": {"a"}}, "not JSON: Type is not JSON serializable: set"),
    ],
)
def test_what_no_client_could_send_is_refused(opened: Opened, asked: Any, named: str) -> None:
    gateway = opened()
    for call in (gateway.route, gateway.complete):
        with pytest.raises(RequestError, match=named):
            call(asked)


def test_null_in_a_body_is_no_wrong_number(opened: Opened) -> None:
    assert opened().complete({"messages": MESSAGES, "temperature": None}).answer is not None


@pytest.mark.parametrize("policy", ["default", "customer_support", ""])
def test_vectors_without_an_embedder_are_refused_in_words(
    opened: Opened, tmp_path: Any, policy: str
) -> None:
    files = {"database": tmp_path / "other.db", "documents": tmp_path / "documents.db"}
    opening = Gateway.from_policy(policy, **files, environ={}) if policy else opened()
    with opening as gateway, pytest.raises(RequestError, match="names no embedder"):
        gateway.embed(["a"])


EMBEDDING = """
version: 1
name: library
embedders:
  - name: vectors
    model: small
    base_url: "{url}"
    price: {{input_usd_per_mtok: 2, output_usd_per_mtok: 0}}
documents: {{collections: [manual], embedder: vectors}}
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: instant
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
"""


def test_embed_gives_vectors_of_texts(opened: Opened, upstream: FakeUpstream) -> None:
    gateway = opened(EMBEDDING)
    assert len(gateway.embed(["a", "bb"]).vectors) == 2
    assert len(gateway.embed(("a",)).vectors) == 1


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        ("abc", "texts: found a string; expected a list of texts"),
        (None, "texts: found null; expected a list of texts"),
        ([], "texts: found an array of 0; expected 1 to 2048 entries"),
        ([1], r"texts\[0\]: found an integer"),
        ([""], r"texts\[0\]"),
        ([SURROGATE], "not valid UTF-8"),
    ],
)
def test_what_are_no_texts_gets_no_vectors(
    opened: Opened, upstream: FakeUpstream, texts: Any, named: str
) -> None:
    with pytest.raises(RequestError, match=named):
        opened(EMBEDDING).embed(texts)
    assert not upstream.count
