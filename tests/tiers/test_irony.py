"""Praise right after a trouble is no compliment: nobody is told "I am glad it helped"."""

from __future__ import annotations

import pytest

from router.policy.content.small_talk import load_small_talk
from router.policy.schema import ExactAnswerer, TierSection
from router.types import ChatRequest, Message, Preview
from tests import ROOT
from tests.kits.fakes import CALM, Clock
from tiers.exact.answerer import build_exact
from tiers.irony import may_be_irony, praises_a_trouble


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("my parcel came a week late and empty", "oh wonderful, great service, really, thanks"),
        ("the kettle I ordered leaks", "wow, brilliant support. you really excel"),
        ("I have been waiting three weeks", "fantastic service, I am so impressed"),
        ("you sent me the wrong size again", "bravo, great job"),
        ("my card doesn't work", "you guys are really helpful"),
        ("The lamp broke after one day.", "What a great company"),
    ],
)
def test_praise_after_a_trouble_may_be_irony(before: str, said: str) -> None:
    assert may_be_irony(said, before)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("how do I return an item?", "you're great"),
        ("my parcel arrived broken", "perfect, thank you!"),
        ("my parcel arrived broken", "great, thanks a lot"),
        ("my card doesn't work", "that worked, great service"),
        ("my item is faulty", "good job, that helped"),
        ("how do I report a broken item?", "great service"),
        ("hi", "I love your shop"),
    ],
)
def test_thanks_and_praise_of_an_answer_are_none(before: str, said: str) -> None:
    assert not may_be_irony(said, before)


def test_small_talk_says_nothing_to_irony() -> None:
    section = ExactAnswerer.model_validate({"kind": "exact", "name": "exact"})
    talk = load_small_talk(ROOT / "policies" / "answers" / "small_talk.yaml")
    tier = TierSection(name="s", level=1, answerers=[section])
    exact = build_exact(section, tier, talk, Clock())

    def request(before: str) -> ChatRequest:
        said = Message("user", before), Message("assistant", "?"), Message("user", "well done")
        return ChatRequest(said, "auto")

    assert exact.preview(request("how do I pay?"), CALM) is not None
    ironic = request("my parcel never came")
    assert praises_a_trouble(ironic)
    assert exact.preview(ironic, CALM) is None


def test_that_is_it_to_an_offer_is_no_farewell() -> None:
    section = ExactAnswerer.model_validate({"kind": "exact", "name": "exact"})
    talk = load_small_talk(ROOT / "policies" / "answers" / "small_talk.yaml")
    tier = TierSection(name="s", level=1, answerers=[section])
    exact = build_exact(section, tier, talk, Clock())

    def preview(ours: str, said: str) -> Preview | None:
        turns = Message("user", "hi"), Message("assistant", ours), Message("user", said)
        return exact.preview(ChatRequest(turns, "auto"), CALM)

    offer = "Did you mean this?\nMy item arrived broken\nReply yes, or ask in other words."
    assert preview(offer, "that's it") is None
    assert preview(offer, "that's all, bye") is not None
    assert preview("Is there anything else?", "that's it") is not None
