"""The nearest approved answers are quoted where one of them is likely enough, never otherwise."""

from __future__ import annotations

import pytest

from router.errors import AnswererError, CannotAnswer
from router.policy.content.knowledge import parse_knowledge
from router.policy.schema import PassagesAnswerer, ResolverAnswerer, TierSection
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    Hints,
    Match,
    Message,
    PSource,
    Reason,
    ResponseFormat,
    Role,
    Usage,
    Work,
)
from tests.kits.changed import replace
from tests.kits.fakes import CALM
from tiers.own_answerer import written_tokens
from tiers.passages import SEVERAL, Passages, build_passages
from tiers.resolver import build_resolver

KNOWLEDGE = """
version: 1
name: Shop
intents:
  - id: cost
    domain: customer_support
    utterances: [what does delivery cost]
    answer: Delivery costs $4.95.
    source: Delivery guide, 1
  - id: time
    domain: customer_support
    utterances: [how long does delivery take]
    answer: Delivery takes 3 days.
    source: Delivery guide, 2
  - id: order
    domain: customer_support
    utterances: [where is my order]
    answer: Your order {order_id} is on its way.
    slots: {order_id: {from: context}}
    source: Orders
"""


def _passages(**changes: object) -> Passages:
    resolving = ResolverAnswerer(kind="resolver", name="approved", knowledge="k.yaml")
    tier = TierSection(name="small", level=1, answerers=[resolving])
    resolver = build_resolver(resolving, tier, parse_knowledge("k.yaml", KNOWLEDGE), {}, [])
    section = PassagesAnswerer.model_validate(
        {"kind": "passages", "name": "passages", "of": "approved"} | changes
    )
    return build_passages(section, tier, resolver)


def _work(
    confidence: float,
    others: tuple[tuple[str, float], ...] = (),
    best: str = "cost",
    **more: object,
) -> Work:
    signals = replace(CALM, match=Match(best, confidence, 0.7, 0.1, others))
    request = ChatRequest((Message("user", "what about delivery"),), "auto")
    return Work(replace(request, **more), signals, 2**62, Role.ANSWER, "tenant", "r1")


async def _no_call(answerer: str, request: ChatRequest, role: Role) -> Answer:
    raise AssertionError("nothing is rephrased here")


async def test_several_answers_are_quoted_with_their_sources() -> None:
    passages, work = _passages(), _work(0.5, (("time", 0.3),))
    answer = await passages.answer(work, _no_call)
    assert answer.text == (
        f"{SEVERAL}\n\nDelivery guide, 1: Delivery costs $4.95.\n\n"
        "Delivery guide, 2: Delivery takes 3 days."
    )
    assert answer.facts == ("quoted: cost (Delivery guide, 1)", "quoted: time (Delivery guide, 2)")
    assert (answer.p, answer.matched, answer.approved) == (0.8, "cost", True)
    # A baseline counts a quotation by the rule of an approved answer, which may be the same words.
    assert answer.usage == Usage(CALM.input_tokens, output_tokens=written_tokens(answer.text))


async def test_one_likely_answer_is_quoted_alone() -> None:
    answer = await _passages().answer(_work(0.9, (("time", 0.08),)), _no_call)
    assert answer.text == "Delivery costs $4.95.\n\n(Source: Delivery guide, 1)"
    assert answer.p == 0.9


@pytest.mark.parametrize(("together", "quoted"), [(0.7, True), (0.69, False)])
def test_quotation_is_as_sure_as_what_was_fitted_for_its_answers(
    together: float, quoted: bool
) -> None:
    work = _work(0.5, (("time", 0.35),))
    match = replace(work.signals.match, together=together)
    preview = _passages().preview(work.request, replace(work.signals, match=match))
    assert (None if preview is None else preview.p) == (pytest.approx(0.7) if quoted else None)


def test_quoted_answer_is_no_surer_than_by_itself() -> None:
    work = _work(0.75, (("time", 0.01),))
    match = replace(work.signals.match, together=0.9)
    preview = _passages().preview(work.request, replace(work.signals, match=match))
    assert preview is not None
    assert preview.p == 0.75


@pytest.mark.parametrize(("chance", "quoted"), [(0.7, True), (0.69, False)])
async def test_the_bar_holds_on_both_sides(chance: float, quoted: bool) -> None:
    passages, work = _passages(), _work(chance)
    preview = passages.preview(work.request, work.signals)
    assert (preview is not None) is quoted
    if preview is not None:
        assert (preview.p_source, preview.because) == (PSource.MATCH, Reason.QUOTED)
        return
    with pytest.raises(CannotAnswer) as caught:
        await passages.answer(work, _no_call)
    assert caught.value.reason == Reason.NOTHING_TO_RESOLVE


def test_a_question_whose_words_no_answer_holds_gets_no_quotation() -> None:
    work = _work(0.5, (("time", 0.3),))
    asked = (Message("user", "What is the delivery capital of France?"),)
    assert _passages().preview(work.request, work.signals) is not None
    assert _passages().preview(replace(work.request, messages=asked), work.signals) is None


def test_an_answer_whose_slot_has_no_value_is_not_quoted() -> None:
    work = _work(0.8, (("time", 0.1),), best="order")
    asked = replace(work.request, messages=(Message("user", "my order, please"),))
    assert _passages().preview(asked, work.signals) is None
    given = replace(asked, hints=Hints(context={"order_id": "A-1"}))
    assert _passages().preview(given, work.signals) is not None


def test_a_request_for_json_is_not_quoted() -> None:
    work = _work(0.9, response_format=ResponseFormat("json_object"))
    assert _passages().preview(work.request, work.signals) is None


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ("Delivery costs $4.95. It is $1 per person.", "Delivery costs $4.95."),
        ("It is $1 per person.", "Delivery costs $4.95.\n\n(Source: Delivery guide, 1)"),
    ],
)
async def test_a_model_rephrases_only_what_the_passages_say(draft: str, said: str) -> None:
    asked: list[tuple[str, Role]] = []

    async def call(answerer: str, request: ChatRequest, role: Role) -> Answer:
        asked.append((answerer, role))
        return Answer((Choice(draft, "stop"),), "m", Usage())

    answer = await _passages(rephrase="small").answer(_work(0.9), call)
    assert (answer.text, asked) == (said, [("small", Role.REFINE)])
    assert answer.refined == (said == "Delivery costs $4.95.",)


async def test_rephrased_words_have_the_answers_that_they_hold_as_sources() -> None:
    async def call(answerer: str, request: ChatRequest, role: Role) -> Answer:
        return Answer((Choice("Delivery takes 3 days.", "stop"),), "m", Usage())

    work = _work(0.5, (("time", 0.3),))
    answer = await _passages(rephrase="small").answer(work, call)
    cited = [(note.id, note.collection, note.place, note.cited) for note in answer.sources]
    assert cited == [
        ("cost", "approved answers", "Delivery guide, 1", False),
        ("time", "approved answers", "Delivery guide, 2", True),
    ]


async def test_a_model_that_fails_costs_no_answer() -> None:
    async def call(answerer: str, request: ChatRequest, role: Role) -> Answer:
        raise AnswererError("away")

    answer = await _passages(rephrase="small").answer(_work(0.9), call)
    assert answer.text.startswith("Delivery costs")


BOTH = (("cost", 0.9), ("time", 0.9))


def _asking(*asked: tuple[str, float]) -> Work:
    work = _work(0.9)
    assert work.signals.match is not None
    match = replace(work.signals.match, asked=asked)
    return replace(work, signals=replace(work.signals, match=match))


async def test_request_that_asks_twice_gets_both_answers() -> None:
    passages, work = _passages(), _asking(*BOTH)
    answer = await passages.answer(work, _no_call)
    assert "Delivery costs $4.95." in answer.text
    assert "Delivery takes 3 days." in answer.text
    assert answer.p == pytest.approx(0.81)  # both must be right
    preview = passages.preview(work.request, work.signals)
    assert preview is not None
    assert preview.p == pytest.approx(0.81)


@pytest.mark.parametrize(
    "asked",
    [
        (("cost", 0.9), ("order", 0.9)),  # whose slot has no value
        (("cost", 0.8), ("time", 0.8)),  # together not likely enough
        (("cost", 0.9), ("gone", 0.9)),
    ],
)
async def test_half_an_answer_is_none(asked: tuple[tuple[str, float], ...]) -> None:
    passages, work = _passages(), _asking(*asked)
    assert passages.preview(work.request, work.signals) is None
    with pytest.raises(CannotAnswer):
        await passages.answer(work, _no_call)
