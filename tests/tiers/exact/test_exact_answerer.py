"""Exact tools and small talk answer at once, and decline everything else before the ladder."""

from __future__ import annotations

from datetime import date

import pytest

from router.errors import CannotAnswer, PolicyError
from router.policy.content.small_talk import SmallTalkFile, load_small_talk, parse_small_talk
from router.policy.loading import policies_dir
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import load_yaml
from router.policy.schema import ExactAnswerer, TierSection
from router.routing.wording.matters import SHORT_LISTS
from router.types import (
    Answer,
    ChatRequest,
    JsonText,
    Message,
    Preview,
    PSource,
    Reason,
    ResponseFormat,
    Role,
    ToolSpec,
    Work,
)
from tests import ROOT
from tests.kits.changed import replace
from tests.kits.fakes import CALM, Clock
from tiers.exact import other_languages, percentages, shares, tips, units
from tiers.exact.answerer import P_RIGHT, ExactTier, build_exact
from tiers.exact.goods.forms import forms_of
from tiers.exact.phrased.clocks import clock_forms
from tiers.exact.phrased.day_sums import day_forms
from tiers.exact.phrased.everyday import everyday_forms
from tiers.exact.phrased.rates import rate_forms
from tiers.exact.tools import _solved, solved

TALK = load_small_talk(ROOT / "policies" / "answers" / "small_talk.yaml")


def _exact(**changes: object) -> ExactTier:
    section = ExactAnswerer.model_validate({"kind": "exact", "name": "exact"} | changes)
    tier = TierSection(name="small", level=1, answerers=[section])
    return build_exact(section, tier, TALK, Clock())


def test_status_counts_phrases_only_where_there_are_some() -> None:
    section = ExactAnswerer.model_validate({"kind": "exact", "name": "exact"})
    tier = TierSection(name="small", level=1, answerers=[section])
    assert "phrase" not in build_exact(section, tier, None, Clock()).status().detail
    assert _exact().status().detail.endswith(" phrases of small talk")


def _request(text: str) -> ChatRequest:
    return ChatRequest((Message("user", text),), "auto")


async def _answer(exact: ExactTier, request: ChatRequest) -> Answer:
    async def no_call(answerer: str, request: ChatRequest, role: Role) -> Answer:
        raise AssertionError("an exact tool calls no one")

    return await exact.answer(Work(request, CALM, 2**62, Role.ANSWER, "t", "r"), no_call)


async def test_a_tool_answers_with_its_own_reason() -> None:
    exact, request = _exact(), _request("What's 15% of 240?")
    assert exact.preview(request, CALM) == Preview(P_RIGHT, PSource.KNOWN, Reason.EXACT_TOOL)
    answer = await _answer(exact, request)
    assert (answer.text, answer.facts) == ("15% of 240 = 36", ("tool: percentages",))
    assert answer.usage.output_tokens == 7  # four tokens for three words, as of an approved answer


@pytest.mark.parametrize("text", ["What is 100 USD in EUR?", "how many yen is $20"])
async def test_a_sum_that_lacks_a_rate_is_asked_back_and_is_no_result(text: str) -> None:
    exact, request = _exact(), _request(text)
    assert exact.preview(request, CALM) == Preview(P_RIGHT, PSource.KNOWN, Reason.ASKED_FOR_SLOT)
    answer = await _answer(exact, request)
    assert answer.text.startswith("I know no rates of exchange")
    assert answer.reason is Reason.ASKED_FOR_SLOT
    assert answer.facts == ("tool: currency", "lacks: a rate of exchange")
    assert _exact(tools=["units"]).preview(request, CALM) is None


def _turns(*texts: str) -> ChatRequest:
    roles = ("user", "assistant")
    return ChatRequest(tuple(Message(roles[i % 2], t) for i, t in enumerate(texts)), "auto")


OURS = 'I know no rates of exchange. How many EUR is 1 USD? I work out "100 USD to EUR at 0.9".'


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ("0.92", "100 USD = 92 EUR, at 0.92 EUR for 1 USD"),
        ("It's 0.92.", "100 USD = 92 EUR, at 0.92 EUR for 1 USD"),
        ("0,92", "100 USD = 92 EUR, at 0.92 EUR for 1 USD"),
        ("0.92 EUR", "100 USD = 92 EUR, at 0.92 EUR for 1 USD"),
        ("€0.92", "100 USD = 92 EUR, at 0.92 EUR for 1 USD"),
        ("1.25 USD per EUR, please", "100 USD = 80 EUR, at 1.25 USD for 1 EUR"),
        ("at 1 EUR = 1.25 USD", "100 USD = 80 EUR, at 1.25 USD for 1 EUR"),
    ],
)
async def test_a_rate_that_was_asked_for_completes_the_sum(reply: str, result: str) -> None:
    exact, request = _exact(), _turns("What is 100 USD in EUR?", OURS, reply)
    assert exact.preview(request, CALM) == Preview(P_RIGHT, PSource.KNOWN, Reason.EXACT_TOOL)
    answer = await _answer(exact, request)
    assert (answer.text, answer.facts, answer.reason) == (result, ("tool: currency",), None)


@pytest.mark.parametrize(
    "texts",
    [
        ("What is 100 USD in EUR?", OURS, "I do not know"),
        ("What is 100 USD in EUR?", OURS, "0"),
        ("What is 100 USD in EUR?", OURS, "0.92 GBP per USD"),
        ("What is 100 USD in EUR?", OURS, "0.92 or 0.93"),
        ("What is 100 USD in EUR?", OURS, "1,085"),  # as much, or a thousand times as much
        ("What is 100 USD in EUR?", OURS, "0.92 USD"),
        ("What is 100 USD in EUR?", OURS, "about 0.92"),
        ("What is 100 USD in EUR?", OURS, "What is 0.92?"),
        ("What is 200 USD in EUR?", OURS, "0.92"),
        ("What is 100 USD in EUR?", f"{OURS} Or not.", "0.92"),
        ("0.92",),
    ],
)
def test_other_replies_complete_no_sum(texts: tuple[str, ...]) -> None:
    assert _exact().preview(_turns(*texts), CALM) is None


def test_a_rate_completes_no_sum_where_the_policy_leaves_currencies_out() -> None:
    request = _turns("What is 100 USD in EUR?", OURS, "0.92")
    assert _exact(tools=["units"]).preview(request, CALM) is None


async def test_the_day_is_that_of_the_clock() -> None:
    answer = await _answer(_exact(), _request("what is today's date"))
    assert answer.text.startswith("Today is ")
    assert answer.text.endswith("(UTC).")


async def test_a_tool_that_the_policy_leaves_out_answers_nothing() -> None:
    exact = _exact(tools=["dates"])
    assert exact.preview(_request("2+2"), CALM) is None
    with pytest.raises(CannotAnswer):
        await _answer(exact, _request("2+2"))


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("hello", "greeting"),
        ("Helloooo!!!", "greeting"),
        ("Hi, how are you today?", "how_are_you"),
        ("hm", "understood"),
        ("Hmmm...", "understood"),
        ("thanks, bye", "goodbye"),
        ("OK.", "all_right"),
        ("No, not that!", "not_that"),
        ("Nein, das meine ich nicht", "not_that"),
        ("Who are you?", "who_are_you"),
        ("are you a robot", "are_you_a_robot"),
        ("What\u2019s your name", "who_are_you"),
    ],
)
async def test_small_talk_gets_approved_words(text: str, reply: str) -> None:
    exact, request = _exact(), _request(text)
    preview = exact.preview(request, CALM)
    assert preview is not None
    assert preview.because is Reason.SMALL_TALK
    assert (await _answer(exact, request)).matched == reply


@pytest.mark.parametrize(("text", "kept"), [("ok", False), ("not that", False), ("thanks", True)])
def test_what_may_reply_to_a_question_is_small_talk_in_a_first_message_only(
    text: str, kept: bool
) -> None:
    assert TALK.reply(text) is not None
    assert (TALK.reply(text, opens=False) is not None) is kept


@pytest.mark.parametrize(
    "text",
    [
        "hello, where is my order",
        "thanks for nothing, I want a refund",
        "bye bye birdie lyrics",
        "",
        "hi " * 50,
    ],
)
def test_a_greeting_with_a_question_is_no_small_talk(text: str) -> None:
    assert _exact().preview(_request(text), CALM) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"response_format": ResponseFormat("json_object")},
        {"tools": (ToolSpec("t", "", JsonText("{}")),)},
    ],
)
def test_a_request_for_another_shape_is_declined(changes: dict[str, object]) -> None:
    assert _exact().preview(replace(_request("2+2"), **changes), CALM) is None


def test_one_phrase_under_two_replies_is_a_mistake() -> None:
    text = """
version: 1
name: Talk
replies:
  - {id: a, phrases: [hello], answer: Hi.}
  - {id: b, phrases: ["Hello!"], answer: Hey.}
"""
    with pytest.raises(PolicyError, match="under one reply"):
        parse_small_talk("talk.yaml", text)


def test_shipped_small_talk_has_four_courtesies_in_nineteen_languages() -> None:
    folder = policies_dir()
    languages = {path.stem for path in (folder / "terms").glob("*.yaml")} - {"en", *SHORT_LISTS}
    text = (folder / "answers" / "small_talk.yaml").read_text("utf-8")
    tree, lines = load_yaml("small_talk.yaml", text)
    file = validated(SmallTalkFile, tree, lines)
    of = {reply.id: set(reply.languages) for reply in file.replies}
    northern = {"sv", "da", "nb"}
    assert of["thanks"] == of["goodbye"] == of["how_are_you"] == languages | northern
    assert of["greeting"] == languages | northern | {"mul"}  # "hej" greets in three of them


async def test_the_first_question_finds_the_forms_compiled() -> None:
    tools = (units._compiled, percentages._forms, tips._forms, shares._forms)
    phrased = (rate_forms, day_forms, everyday_forms, clock_forms)
    caches = (*tools, other_languages._forms, forms_of, *phrased)
    for cache in (_solved, *caches):
        cache.cache_clear()
    exact = _exact()
    await exact.start()
    await exact.close()
    assert all(cache.cache_info().currsize for cache in caches)
    compiled = [cache.cache_info().misses for cache in caches]
    exact.preview(_request("How many kilometres do I pay 15 % tip off for on 3 of them?"), CALM)
    exact.preview(_request("Wie viele Kilometer sind 3 Ellen?"), CALM)
    exact.preview(_request("Wie viel Prozent sind 3 Tage von 2 Wochen?"), CALM)
    assert [cache.cache_info().misses for cache in caches] == compiled


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("what is the date today?", "dates"),
        ("how many feet in a mile?", "units"),
        ("what is fifteen percent of eighty?", "percentages"),
        ("wie viel sind 17% von 2340?", "other_languages"),
    ],
)
def test_each_question_reaches_its_tool(text: str, tool: str) -> None:
    answer = solved(text, date(2026, 11, 24), opens=True)
    assert answer is not None
    assert answer.tool == tool


@pytest.mark.parametrize(("text", "known"), [("Hiiii there!", True), ("highly there", False)])
def test_first_word_of_small_talk_may_be_drawn_out(text: str, known: bool) -> None:
    talk = parse_small_talk("talk.yaml", ONE_REPLY)
    assert (talk.reply(text) is not None) is known


ONE_REPLY = """version: 1
name: one
replies:
  - {id: a, phrases: [hi there], answer: Hi.}
"""
