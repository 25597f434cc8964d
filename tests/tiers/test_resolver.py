"""Level 1 answers with approved text and real slots, or declines so that the ladder climbs."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from router.errors import CannotAnswer, PolicyError
from router.policy.content.knowledge import load_knowledge, parse_knowledge
from router.policy.schema import LookupSection, ResolverAnswerer, TierSection
from router.policy.sections.answering.without_model import ClarifySection, TypedSection
from router.types import (
    Answer,
    ChatRequest,
    Domain,
    Hints,
    JsonText,
    Match,
    Message,
    Reason,
    RequestType,
    ResponseFormat,
    Role,
    Sampling,
    Signals,
    ToolSpec,
    Work,
)
from tests import ROOT
from tests.kits.changed import replace
from tiers.lookups import (
    MAX_RESPONSE_BYTES,
    FileLookup,
    HttpLookup,
    build_lookups,
    url_problem,
    usable_key,
)
from tiers.resolver import Floor, Resolver, build_resolver, no_floor
from tiers.slots import MAX_SLOT_CHARACTERS, slot_value

POLICIES = ROOT / "policies"
TOO_LONG = {"gift_card_balance": "9" * 301, "gift_card_last4": "4242"}
TOOL = ToolSpec("t", "", JsonText("{}"))
SHIPPED = POLICIES / "knowledge/customer_support.yaml"
CARD_KEYS = re.compile(r"  gift_card_balance:\n    ask: .*?(?=\nintents:)", re.DOTALL)
SILENT = CARD_KEYS.sub("", SHIPPED.read_text("utf-8"))
"""The shipped file, as it were without a question for what a gift card's answer lacks."""
SCHEMA = JsonText('{"type": "object", "required": ["department", "team"]}')


def _resolver(
    text: str | None = None,
    lookups: list[str] | None = None,
    clarify: ClarifySection | None = None,
    floor: Floor = no_floor,
) -> Resolver:
    section = ResolverAnswerer(
        kind="resolver",
        name="approved",
        knowledge="k.yaml",
        lookups=["orders", "accounts"] if lookups is None else lookups,
        clarify=clarify,
    )
    tier = TierSection(name="small", level=1, answerers=[section])
    knowledge = load_knowledge(SHIPPED) if text is None else parse_knowledge("k.yaml", text)
    typed = {"orders": TypedSection(must_match={"customer": "account_id"})}
    sections = [
        LookupSection(name=name, kind="file", path=f"lookups/{name}.json", typed=typed.get(name))
        for name in ("orders", "accounts")
    ]
    answers = build_lookups(sections, POLICIES)
    return build_resolver(section, tier, knowledge, answers, sections, floor)


def _work(
    intent: str | None,
    text: str = "a question",
    *,
    context: dict[str, str] | None = None,
    wanted: ResponseFormat | None = None,
    tools: tuple[ToolSpec, ...] = (),
    n: int = 1,
) -> Work:
    match = None if intent is None else Match(intent, 0.93, 0.81, 0.2)
    read = Signals(
        RequestType.FAQ, 0.9, Domain.CUSTOMER_SUPPORT, 0.9, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0,
        match=match, input_tokens=12,
    )  # fmt: skip
    request = ChatRequest(
        (Message("user", text),),
        "auto",
        sampling=Sampling(n=n),
        response_format=wanted or ResponseFormat(),
        tools=tools,
        hints=Hints(context=context or {}),
    )
    return Work(request, read, 2**62, Role.ANSWER, "tenant", "r1")


async def _no_call(answerer: str, request: ChatRequest, role: Role) -> Answer:
    raise AssertionError("a resolver calls no one")


async def _answer(resolver: Resolver, work: Work) -> Answer:
    return await resolver.answer(work, _no_call)


async def _declined(resolver: Resolver, work: Work) -> str:
    with pytest.raises(CannotAnswer) as caught:
        await _answer(resolver, work)
    return caught.value.reason


def test_status_counts_one_as_one() -> None:
    """The banner of the server said "1 classifications"."""
    detail = _resolver().status().detail
    assert detail.endswith(" answers, 1 classification")


async def test_approved_answer_says_what_it_matched() -> None:
    answer = await _answer(_resolver(), _work("shipping_times"))
    assert answer.text.startswith("Standard delivery takes 3 to 5 working days")
    assert (answer.matched, answer.p, answer.approved) == ("shipping_times", 0.93, True)
    assert answer.facts == ("source: Delivery guide, section 1",)
    assert answer.model.startswith("resolver:alderbrook-customer-support@")
    assert answer.usage.input_tokens == 12
    assert answer.usage.output_tokens > 0
    assert not answer.usage.reported


@pytest.mark.parametrize(
    ("text", "confidence", "instead"),
    [
        ("How long does delivery take?", 0.538, "Did you mean this?\nHow long does delivery take"),
        ("Do you deliver babies?", 0.538, ""),
        ("How long does delivery take?", 0.85, "None"),  # it reaches the floor
    ],
)
async def test_answer_below_the_floor_says_what_to_ask_in_its_place(
    text: str, confidence: float, instead: str
) -> None:
    work = _work("shipping_times", text)
    match = Match("shipping_times", confidence, 0.81, 0.2)
    unsure = replace(work, signals=replace(work.signals, match=match))
    answer = await _answer(_resolver(floor=lambda *_: 0.85), unsure)
    assert answer.text.startswith("Standard delivery takes")
    assert str(answer.instead).startswith(instead) if instead else answer.instead == ""


async def test_slots_are_filled_from_context_through_a_lookup() -> None:
    answer = await _answer(_resolver(), _work("order_status", context={"order_id": "A-10443"}))
    assert "Your order A-10443 is currently: being packed." in answer.text


async def test_each_of_several_choices_is_the_approved_answer() -> None:
    resolver, work = _resolver(), _work("shipping_times", n=2)
    answer = await _answer(resolver, work)
    assert [choice.text for choice in answer.choices] == [answer.text] * 2
    said = ["", ""]
    async for together in resolver.stream(work, _no_call):
        for delta in together:
            said[delta.index] += delta.text
    assert said == [answer.text] * 2


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (_work(None), Reason.NOTHING_TO_RESOLVE),
        (_work("no_such_intent"), Reason.NOTHING_TO_RESOLVE),
        (_work("ticket_routing/delivery"), Reason.NOTHING_TO_RESOLVE),
        (_work("shipping_times", "Classify this ticket: x"), Reason.NOTHING_TO_RESOLVE),
        (_work("ticket_routing/nowhere", "Classify this ticket: x"), Reason.NOTHING_TO_RESOLVE),
        (_work("shipping_times", wanted=ResponseFormat("json_object")), Reason.NOTHING_TO_RESOLVE),
        (_work("no_such_intent", n=2), Reason.NOTHING_TO_RESOLVE),
        (_work("shipping_times", tools=(TOOL,)), Reason.TOOLS_OFFERED),
        (_work("gift_card_balance"), Reason.SLOT_UNFILLED),
        (_work("gift_card_balance", context={"gift_card_balance": ""}), Reason.SLOT_UNFILLED),
        (_work("order_status", context={"order_id": "A-99999"}), Reason.SLOT_UNFILLED),
        (_work("refund_status", context={"order_id": "A-10443"}), Reason.SLOT_UNFILLED),
        (_work("gift_card_balance", context=TOO_LONG), Reason.SLOT_UNFILLED),
    ],
)  # fmt: skip
async def test_resolver_declines_with_a_reason(work: Work, reason: Reason) -> None:
    assert await _declined(_resolver(SILENT), work) == reason


async def test_lookup_that_the_answerer_may_not_use_fills_nothing() -> None:
    work = _work("order_status", context={"order_id": "A-10443"})
    assert await _declined(_resolver(lookups=["accounts"]), work) == Reason.SLOT_UNFILLED


def test_declining_is_known_without_a_lookup() -> None:
    resolver = _resolver(SILENT)
    cases = [_work("gift_card_balance"), _work("order_status", context={"order_id": "A-10443"})]
    said = [resolver.declines(work.request, work.signals) for work in cases]
    assert said == [Reason.SLOT_UNFILLED, None]


def test_what_a_request_may_get_is_worked_out_once() -> None:
    looked: list[float] = []

    def floor(request: ChatRequest, signals: Signals) -> float:
        looked.append(signals.stakes_high)
        return 0.9

    resolver = _resolver(clarify=ClarifySection.model_validate({"from": 0.3}), floor=floor)
    work = _work("shipping_times")
    preview = resolver.asks(work.request, work.signals)
    once = len(looked)
    assert resolver.declines(work.request, work.signals) is None
    assert resolver.asks(work.request, work.signals) is preview
    assert len(looked) == once > 0
    graver = replace(work.signals, stakes_high=0.9)
    assert resolver.declines(work.request, graver) == Reason.KEPT_OFF_SHELF


async def test_request_that_asks_twice_gets_no_single_approved_answer() -> None:
    work = _work("delete_account", "Cancel my subscription and delete my data")
    assert work.signals.match is not None
    assert _resolver().declines(work.request, work.signals) is None
    asked = (("subscription_cancel", 0.9), ("delete_account", 0.9))
    signals = replace(work.signals, match=replace(work.signals.match, asked=asked))
    assert await _declined(_resolver(), replace(work, signals=signals)) == Reason.ASKS_TWICE


@pytest.mark.parametrize(
    ("context", "reason"),
    [({}, Reason.ASKED_WHICH), ({"account_id": "C-2001", "order_id": "A-10443"}, None)],
)
async def test_two_asks_are_asked_back_where_an_answer_lacks_a_value(
    context: dict[str, str], reason: Reason | None
) -> None:
    work = _work("order_status", "Cancel my order and tell me where my parcel is", context=context)
    assert work.signals.match is not None
    asked = (("cancel_order", 0.9), ("order_status", 0.8))
    signals = replace(work.signals, match=replace(work.signals.match, asked=asked))
    resolver = _resolver(clarify=ClarifySection.model_validate({"from": 0.3}))
    preview = resolver.asks(work.request, signals)
    assert (None if preview is None else preview.because) == reason
    if preview is not None:
        assert preview.p == pytest.approx(0.72)  # both are meant
        answer = await _answer(resolver, replace(work, signals=signals))
        assert answer.facts == ("offered: cancel_order", "offered: order_status")
    else:
        assert resolver.declines(work.request, signals) == Reason.ASKS_TWICE


async def test_slot_value_is_never_read_as_a_template() -> None:
    context = {"gift_card_balance": "{gift_card_last4}", "gift_card_last4": "\x1b[31m42\n\u202e17"}
    answer = await _answer(_resolver(), _work("gift_card_balance", context=context))
    assert answer.text == "There is {gift_card_last4} left on the gift card ending in [31m42 17."


async def test_typed_key_opens_the_rows_of_the_one_who_asks() -> None:
    context = {"account_id": "C-2001"}
    work = _work("order_status", "Where is order A-10443?", context=context)
    answer = await _answer(_resolver(), work)
    assert "A-10443 is currently: being packed" in answer.text
    work = _work("order_status", "Where is order A-10451?", context=context)
    answer = await _answer(_resolver(), work)
    assert (answer.reason, answer.approved) == (Reason.KEY_NOT_FOUND, True)


async def test_what_is_missing_is_asked_for() -> None:
    answer = await _answer(_resolver(), _work("account_balance"))
    assert answer.reason is Reason.ASKED_FOR_SLOT
    assert answer.text.startswith("I can look that up once you are signed in.")
    assert answer.matched == "account_balance"


async def test_ticket_is_routed_as_json() -> None:
    work = _work("ticket_routing/delivery", "Classify this ticket: my parcel was stolen")
    answer = await _answer(_resolver(), work)
    parsed = json.loads(answer.text)
    assert parsed == {"department": "delivery", "priority": "urgent", "confidence": 0.93}
    assert answer.matched == "ticket_routing/delivery"


async def test_class_that_does_not_fit_the_schema_asked_for_is_declined() -> None:
    wanted = ResponseFormat("json_schema", "t", SCHEMA)
    work = _work("ticket_routing/delivery", "Classify this ticket: x", wanted=wanted)
    assert await _declined(_resolver(), work) == Reason.ANSWER_INVALID


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ("A-1", "A-1"),
        ("  two\n words\t", "two words"),
        ("\u200b\x00", None),
        ("", None),
        ("x" * MAX_SLOT_CHARACTERS, "x" * MAX_SLOT_CHARACTERS),
        ("x" * (MAX_SLOT_CHARACTERS + 1), None),
    ],
)
def test_slot_value_is_one_clean_line(value: str, clean: str | None) -> None:
    assert slot_value(value) == clean


@pytest.mark.parametrize(
    ("key", "usable"),
    [
        ("A-1", True),
        ("..", False),
        ("", False),
        ("a\nb", False),
        ("k" * 128, True),
        ("k" * 129, False),
    ],
)
def test_key_is_short_text_that_steps_nowhere(key: str, usable: bool) -> None:
    assert usable_key(key) is usable


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://shop.example/orders/{key}", ""),
        ("http://127.0.0.1:8000/orders?id={key}", ""),
        ("http://localhost/o/{key}", ""),
        ("http://[::1]:80/o/{key}", ""),
        ("http://shop.example/orders/{key}", "https"),
        ("https://{key}.example/", "path or query"),
        ("https://shop.example/{key}/{key}", "once"),
        ("https://me:pw@shop.example/{key}", "user"),
        ("ftp://localhost/{key}", "https"),
        ("http://127.0.0.1.evil.example/{key}", "https"),
        ("https://a:b:c/{key}", "URL"),
    ],
)
def test_lookup_address_is_fixed_by_the_operator(url: str, problem: str) -> None:
    said = url_problem(url)
    assert problem in said
    assert bool(said) is bool(problem)


def test_wrong_lookup_address_stops_the_start() -> None:
    with pytest.raises(PolicyError, match="orders"):
        HttpLookup("orders", "http://shop.example/{key}", 100)


async def test_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('{"a": {"n": 1, "ok": true, "list": []}}')
    lookup = FileLookup("rows", path)
    assert await lookup.row("a") == {"n": "1"}
    path.write_text('{"a": {"n": 2}}')
    os.utime(path, ns=(1, 1))
    assert await lookup.row("a") == {"n": "2"}
    assert await lookup.row("b") is None


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1}', "\x00"])
async def test_file_that_holds_no_rows_leaves_the_slot_unfilled(text: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(text)
    with pytest.raises(CannotAnswer) as caught:
        await FileLookup("rows", path).row("a")
    assert caught.value.reason == Reason.SLOT_UNFILLED


async def test_missing_file_leaves_the_slot_unfilled(tmp_path: Path) -> None:
    with pytest.raises(CannotAnswer):
        await FileLookup("rows", tmp_path / "none.json").row("a")


class _Shop:
    """A small real HTTP program: what it does follows from the key."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.port = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.paths.append(request.raw_path)
        key = request.raw_path.rpartition("/")[2]
        if key == "slow":
            await asyncio.sleep(3)
        if key == "moved":
            return web.Response(status=302, headers={"Location": "/orders/A-1"})
        if key == "big":
            return web.Response(body=b'{"a": "' + b"x" * MAX_RESPONSE_BYTES + b'"}')
        if key == "most":
            return web.Response(body=b'{"a": "' + b"x" * (MAX_RESPONSE_BYTES - 9) + b'"}')
        texts = {"garbage": "<html>", "list": "[1]", "packed": "{}"}
        statuses = {"unknown": 404, "broken": 500}
        body = texts.get(key, '{"status": "sent", "count": 3}')
        return web.Response(text=body, status=statuses.get(key, 200))


@pytest.fixture
async def shop() -> AsyncIterator[_Shop]:
    program = _Shop()
    runner = web.ServerRunner(web.Server(program))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    program.port = runner.addresses[0][1]
    yield program
    await runner.cleanup()


async def _http_row(shop: _Shop, key: str) -> object:
    timeout_ms = 1_000 if key == "slow" else 60_000
    lookup = HttpLookup("orders", f"http://127.0.0.1:{shop.port}/orders/{{key}}", timeout_ms)
    try:
        return await lookup.row(key)
    finally:
        await lookup.close()


async def test_row_comes_over_http(shop: _Shop) -> None:
    assert await _http_row(shop, "A-1") == {"status": "sent", "count": "3"}


async def test_key_is_sent_percent_encoded(shop: _Shop) -> None:
    await _http_row(shop, "../admin?x=1#f%2e\u00e9")
    assert shop.paths == ["/orders/..%2Fadmin%3Fx%3D1%23f%252e%C3%A9"]


async def test_unknown_key_is_no_row(shop: _Shop) -> None:
    assert await _http_row(shop, "unknown") is None


@pytest.mark.parametrize("key", ["slow", "moved", "big", "garbage", "list", "broken"])
async def test_anything_but_a_row_leaves_the_slot_unfilled(key: str, shop: _Shop) -> None:
    with pytest.raises(CannotAnswer) as caught:
        await _http_row(shop, key)
    assert caught.value.reason == Reason.SLOT_UNFILLED
    assert len(shop.paths) == 1  # a redirect is not followed


async def test_answer_of_the_greatest_length_is_read(shop: _Shop) -> None:
    assert await _http_row(shop, "most") is not None


async def test_dead_address_leaves_the_slot_unfilled() -> None:
    lookup = HttpLookup("orders", "http://127.0.0.1:1/{key}", 60_000)
    with pytest.raises(CannotAnswer):
        await lookup.row("A-1")
    await lookup.close()
