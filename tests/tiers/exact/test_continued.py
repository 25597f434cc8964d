"""A reply goes on with the sum that was just worked out, where it is one of bare numbers."""

from __future__ import annotations

import pytest

from router.policy.schema import ExactAnswerer, TierSection
from router.types import Answer, ChatRequest, Message, Role, Work
from tests.kits.fakes import CALM, Clock
from tiers.exact.answerer import ExactTier, build_exact
from tiers.exact.continued import continued


def _talk(*texts: str) -> ChatRequest:
    roles = ("user", "assistant")
    return ChatRequest(tuple(Message(roles[i % 2], t) for i, t in enumerate(texts)), "auto")


def _exact() -> ExactTier:
    section = ExactAnswerer.model_validate({"kind": "exact", "name": "exact"})
    return build_exact(section, TierSection(name="s", level=1, answerers=[section]), None, Clock())


@pytest.mark.parametrize(
    ("asked", "ours", "reply", "answer"),
    [
        ("what is 7 + 8?", "7 + 8 = 15", "and with 5 more?", "15 + 5 = 20"),
        ("What's 6 times 7?", "6 * 7 = 42", "times two", "42 * 2 = 84"),
        ("What is 20% of 500?", "20% of 500 = 100", "and half of that?", "100 / 2 = 50"),
        ("100 minus 20", "100 - 20 = 80", "now take away another 8", "80 - 8 = 72"),
        ("compute 250 + 250", "250 + 250 = 500", "10% of that?", "10% of 500 = 50"),
        ("what is 1200 * 10?", "1200 * 10 = 12,000", "divided by 4", "12000 / 4 = 3,000"),
        ("17 + 3", "17 + 3 = 20", "squared", "20^2 = 400"),
        ("Was ist 12 plus 8?", "12 plus 8 = 20", "und noch 10 dazu?", "20 + 10 = 30"),
        ("Was ist 10 geteilt durch 4?", "10 geteilt durch 4 = 2,5", "mal 2", "2.5 * 2 = 5"),
        ("Combien font 4 fois 9 ?", "4 fois 9 = 36", "et la moitié ?", "36 / 2 = 18"),
        ("¿Cuánto es 9 por 9?", "9 por 9 = 81", "¿y 5 más?", "81 + 5 = 86"),
    ],
)
async def test_a_reply_goes_on_with_our_result(
    asked: str, ours: str, reply: str, answer: str
) -> None:
    exact, request = _exact(), _talk(asked, ours, reply)

    async def no_call(answerer: str, request: ChatRequest, role: Role) -> Answer:
        raise AssertionError("an exact tool calls no one")

    assert exact.preview(request, CALM) is not None
    answered = await exact.answer(Work(request, CALM, 2**62, Role.ANSWER, "t", "r"), no_call)
    assert answered.text == answer


def test_sums_go_on_several_times() -> None:
    talk = ["hi", "Hello!", "5 plus 6", "5 + 6 = 11", "plus 7", "11 + 7 = 18", "and plus 8"]
    assert continued(talk) == "18 + 8"
    talk[2], talk[3] = "5 pills plus 6 pills", "5 + 6 = 11"
    assert continued(talk) is None


@pytest.mark.parametrize(
    ("asked", "ours", "reply"),
    [
        ("3 shirts at $20 each?", "3 * $20 = $60", "and with 5 more?"),
        ("3 pens at 2 each, how much?", "3 * 2 = 6", "and with 5 more?"),
        ("What is 10 / 3?", "10 / 3 is about 3.33", "times 3"),
        ("What is 3 km in m?", "3 km = 3,000 m", "times two"),
        ("what is 7 + 8?", "That is 15.", "plus 5"),
        ("what is 7 + 8?", "7 + 8 = 15", "and 7?"),
        ("what is 7 + 8?", "7 + 8 = 15", "5 more questions"),
        ("what is 7 + 8?", "7 + 8 = 15", "I need half"),
        ("what is 7 + 8?", "7 + 8 = 15", "thanks"),
        ("what is the answer?", "6 * 7 = 42", "times two"),
    ],
)
def test_another_reply_goes_on_with_no_sum(asked: str, ours: str, reply: str) -> None:
    assert continued([asked, ours, reply]) is None
    assert _exact().preview(_talk(asked, ours, reply), CALM) is None
