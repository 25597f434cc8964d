"""Level 1 asks for what its answer lacks, and the next turn fills it in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.content.knowledge import parse_knowledge
from router.policy.content.leaning import leans
from router.policy.content.replies import with_names
from router.routing.decision_record import parse
from router.types import Committed, Delta, Outcome, Reason, Verdict
from tests.kits.asking_kit import (
    C1,
    KNOWLEDGE,
    NOT_YOURS,
    SIGN_IN,
    WHICH,
    asking_house,
    said,
    text_of,
    turns,
)
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, Houses
from tests.kits.gateway_kit import drain, only_row

STATUS = "Order A-10001 is on its way."
ASK = "Where is my order?"


async def test_known_intent_without_its_key_is_asked_for(houses: Houses) -> None:
    house = asking_house(houses)
    outcome = await said(house, ASK, context=C1)
    assert text_of(outcome) == WHICH
    assert (outcome.rung.level, outcome.verdict) == (1, Verdict.ACCEPTED)
    assert outcome.reason is Reason.ASKED_FOR_SLOT
    row = await only_row(house)
    assert row.reason == "asked_for_slot"
    assert row.reasons[0] == "asked_for_slot"
    policy = house.gateway.router.default.policy
    assert differs(parse(row.record), policy) is None


async def test_a_dry_run_says_that_level_1_would_ask(houses: Houses) -> None:
    house = asking_house(houses)
    routed = house.gateway.router.route_now(turns(ASK, context=C1), ALICE)
    assert routed.decision.first_rung.reasons[0] is Reason.ASKED_FOR_SLOT


@pytest.mark.parametrize(
    "reply",
    [
        "A-10001",
        "it's A-10001",
        "order no. A-10001 thanks",
        "a-10001",
        "Sure! My order number is A-10001.",
        "it was for my mother's birthday, A-10001",
    ],
)
async def test_the_next_turn_fills_it(houses: Houses, reply: str) -> None:
    outcome = await said(asking_house(houses), ASK, WHICH, reply, context=C1)
    assert text_of(outcome) == STATUS
    assert outcome.rung.level == 1


async def test_a_client_may_wrap_or_trim_the_question(houses: Houses) -> None:
    wrapped = " " + WHICH.replace(" The", "\n\nThe") + "\n"
    outcome = await said(asking_house(houses), ASK, wrapped, "A-10001", context=C1)
    assert text_of(outcome) == STATUS


async def test_other_words_than_the_files_own_are_no_question(houses: Houses) -> None:
    outcome = await said(asking_house(houses), ASK, "Which order?", "A-10001", context=C1)
    assert outcome.rung.level == 2


async def test_two_numbers_are_asked_again(houses: Houses) -> None:
    outcome = await said(asking_house(houses), ASK, WHICH, "A-10001 or A-10002", context=C1)
    assert text_of(outcome) == WHICH


@pytest.mark.parametrize(
    "number", ["A-10002", "A-99999", "1001"], ids=["another's", "none", "of another form"]
)
async def test_a_number_that_is_not_theirs_is_not_found(houses: Houses, number: str) -> None:
    house = asking_house(houses)
    outcome = await said(house, ASK, WHICH, number, context=C1)
    assert text_of(outcome) == NOT_YOURS
    assert outcome.reason is Reason.KEY_NOT_FOUND
    assert outcome.verdict is Verdict.ACCEPTED
    assert (await only_row(house)).reason == "key_not_found"


@pytest.mark.parametrize("number", ["10001", "a 10001, thanks", "A10001"])
async def test_who_is_asked_may_leave_the_beginning_out(houses: Houses, number: str) -> None:
    outcome = await said(asking_house(houses), ASK, WHICH, number, context=C1)
    assert text_of(outcome) == STATUS


@pytest.mark.parametrize("number", ["10002", "a 10002"])
async def test_a_number_in_short_opens_no_row_of_another(houses: Houses, number: str) -> None:
    outcome = await said(asking_house(houses), ASK, WHICH, number, context=C1)
    assert text_of(outcome) == NOT_YOURS


async def test_the_number_may_be_typed_again(houses: Houses) -> None:
    asked = (ASK, WHICH, "A-10002", NOT_YOURS, "sorry, A-10001")
    assert text_of(await said(asking_house(houses), *asked, context=C1)) == STATUS


async def test_a_number_in_the_first_message_needs_no_question(houses: Houses) -> None:
    outcome = await said(asking_house(houses), "where is A-10001", context=C1)
    assert text_of(outcome) == STATUS


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("when will A-10001 get here", "when will my order get here"),
        ("order #a-10001: where is it?", "my order: where is it?"),
        ("status of my order no. A-10001", "status of my order"),
        ("XA-10001 is no key", "XA-10001 is no key"),
    ],
)
def test_the_model_reads_a_name_in_place_of_a_key(text: str, read: str) -> None:
    assert with_names(text, parse_knowledge("k.yaml", KNOWLEDGE)) == read


async def test_who_is_not_signed_in_is_asked_to(houses: Houses) -> None:
    house = asking_house(houses)
    assert text_of(await said(house, "where is A-10001")) == SIGN_IN
    done = await said(house, "where is A-10001", SIGN_IN, "done, I'm signed in", context=C1)
    assert text_of(done) == STATUS
    chain = (ASK, SIGN_IN, "ok done", WHICH, "A-10001")
    assert text_of(await said(house, *chain[:3], context=C1)) == WHICH
    assert text_of(await said(house, *chain, context=C1)) == STATUS


AGAIN = "You are still not signed in. My orders shows everything."
PATIENT = KNOWLEDGE.replace(f'ask: "{SIGN_IN}"', f'ask: "{SIGN_IN}", ask_again: "{AGAIN}"')


async def test_the_same_question_is_not_asked_twice_in_a_row(houses: Houses) -> None:
    house = asking_house(houses, knowledge=PATIENT)
    assert text_of(await said(house, "where is A-10001")) == SIGN_IN
    assert text_of(await said(house, "where is A-10001", SIGN_IN, "where is A-10001")) == AGAIN
    done = ("where is A-10001", SIGN_IN, "ok", AGAIN, "done")
    assert text_of(await said(house, *done, context=C1)) == STATUS


@pytest.mark.parametrize("text", ["why?", "no, the other one", "are you sure?"])
async def test_an_answer_is_not_given_again_to_words_that_ask_for_another(
    houses: Houses, text: str
) -> None:
    house = asking_house(houses)
    told = await said(house, "when are you open", "We are open all day.", text)
    assert told.rung.level == 2
    assert told.signals.match is None


async def test_a_question_stays_open_while_its_value_is_missing(houses: Houses) -> None:
    house = asking_house(houses, knowledge=PATIENT)
    assert text_of(await said(house, ASK, SIGN_IN, "why?")) == AGAIN


async def test_a_question_that_leans_on_the_one_before_is_read_with_it(houses: Houses) -> None:
    house = asking_house(houses)
    open_all_day = "We are open all day."
    alone = await said(house, "and what does it cost?")
    assert alone.rung.level == 2
    leaning = await said(house, "when are you open", open_all_day, "and what does it cost?")
    assert text_of(leaning) == open_all_day
    further = (open_all_day, "how long does it take?", "a model's words", "is it free?")
    assert text_of(await said(house, "when are you open", *further)) == open_all_day
    thanked = (open_all_day, "Great, thanks!", "You are welcome.", "and what does it cost?")
    assert text_of(await said(house, "when are you open", *thanked)) == open_all_day
    unsure = await said(house, "perhaps my order", "a model's words", "and when will it come?")
    assert unsure.rung.level == 2


async def test_a_leaning_question_takes_the_number_from_an_earlier_turn(houses: Houses) -> None:
    house = asking_house(houses)
    chain = (ASK, WHICH, "A-10001", STATUS, "and when will it come?")
    assert text_of(await said(house, *chain, context=C1)) == STATUS
    again = (ASK, WHICH, "A-10001", STATUS, "please cancel")
    cancelled = await said(house, *again, context=C1)
    assert text_of(cancelled) == "To cancel A-10001, open My orders."
    missed = (ASK, WHICH, "A-10002", NOT_YOURS, "and when will it come?")
    assert text_of(await said(house, *missed, context=C1)) == WHICH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("and when will it come then?", True),
        ("what's the rate", True),
        ("and who pays the postage?", True),
        ("when do I get it back?", True),
        ("Great, thanks! And what does it cost?", True),
        ("and when do I get my money?", True),
        ("and how long until the money is on my card?", True),
        ("where is my money?", False),
        ("and can I freeze my card?", False),
        ("that's it", False),
        ("it is broken", False),
        ("is it possible to cancel an order?", False),
        ("what is the price of delivery?", False),
        ("and customs?", False),
        ("why?", False),
    ],
)
def test_only_a_question_without_a_matter_leans(text: str, expected: bool) -> None:
    assert leans(text) is expected


async def test_a_question_with_a_matter_of_its_own_stands_for_itself(houses: Houses) -> None:
    house = asking_house(houses)
    own = await said(house, "when are you open", "We are open all day.", "is it hot in Rome?")
    assert own.rung.level == 2


async def test_a_key_of_the_context_alone_is_not_read_from_text(houses: Houses) -> None:
    house = asking_house(houses)
    assert text_of(await said(house, "what is my balance")) == SIGN_IN
    typed = await said(house, "what is my balance", SIGN_IN, "C-1")
    assert typed.rung.level == 2
    given = await said(house, "what is my balance", SIGN_IN, "done", context=C1)
    assert text_of(given) == "You have $5.00."


async def test_who_says_to_be_signed_in_is_not_left_without_an_answer(houses: Houses) -> None:
    house = asking_house(houses, knowledge=PATIENT)
    balance = "what is my balance"
    for words in ("I am signed in", "I'm logged in now", "done"):
        assert text_of(await said(house, balance, SIGN_IN, words)) == AGAIN
    still = await said(house, balance, SIGN_IN, "I am signed in", AGAIN, "yes I am")
    assert text_of(still) == AGAIN


async def test_an_answer_names_the_value_that_the_context_lacks(houses: Houses) -> None:
    outcome = await said(asking_house(houses), "what is my balance")
    assert outcome.answer is not None
    assert "lacks: account_id, in routing.context" in outcome.answer.facts
    outcome = await said(asking_house(houses), ASK, context=C1)
    assert outcome.answer is not None
    assert "lacks: order_id, in routing.context or in the user's words" in outcome.answer.facts


async def test_a_change_of_subject_is_followed(houses: Houses) -> None:
    house = asking_house(houses)
    outcome = await said(house, ASK, WHICH, "when are you open", context=C1)
    assert text_of(outcome) == "We are open all day."
    outcome = await said(house, ASK, WHICH, "cancel A-10001", context=C1)
    assert text_of(outcome) == "To cancel A-10001, open My orders."


async def test_a_grave_matter_in_the_reply_climbs(houses: Houses) -> None:
    house = asking_house(houses)
    outcome = await said(house, ASK, WHICH, "A-10001, I want to kill myself", context=C1)
    assert outcome.rung.level == 3
    outcome = await said(house, ASK, WHICH, "A-10001, it cost $90,000", context=C1)
    assert outcome.rung.level == 3


async def test_an_unsure_intent_is_not_asked_about(houses: Houses) -> None:
    assert (await said(asking_house(houses), "perhaps my parcel", context=C1)).rung.level == 2


@pytest.mark.parametrize("typed", [None, "anyone"])
async def test_only_the_policy_lets_a_key_be_typed(houses: Houses, typed: str | None) -> None:
    outcome = await said(asking_house(houses, typed=typed), "where is A-10002", context=C1)
    if typed is None:
        assert (outcome.rung.level, outcome.reason) == (2, Reason.SLOT_UNFILLED)
    else:
        assert text_of(outcome) == "Order A-10002 is at the warehouse."


async def test_rows_of_the_tenant_alone(houses: Houses) -> None:
    house = asking_house(houses, typed={"must_match": {"customer": "tenant"}})
    # What a client names its tenant does not count.
    outcome = await said(house, "where is A-10001", context={"tenant": "C-1"})
    assert text_of(outcome) == NOT_YOURS


@pytest.mark.parametrize("part", [f', not_found: "{NOT_YOURS}"', f', ask: "{WHICH}"'])
async def test_without_approved_words_the_request_climbs(houses: Houses, part: str) -> None:
    house = asking_house(houses, knowledge=KNOWLEDGE.replace(part, ""))
    asked = "where is A-10002" if "not_found" in part else "where is my parcel"
    outcome = await said(house, asked, context=C1)
    assert (outcome.rung.level, outcome.reason) == (2, Reason.SLOT_UNFILLED)


async def test_another_ones_number_and_none_look_the_same(houses: Houses) -> None:
    house = asking_house(houses)
    shown = []
    for number in ("A-10002", "A-99999"):
        outcome = await said(house, ASK, WHICH, number, context=C1)
        assert outcome.answer is not None
        shown.append((outcome.answer, outcome.reason, outcome.verdict, outcome.confidence))
    assert shown[0] == shown[1]


async def test_a_streamed_question_has_its_reason_in_the_headers(houses: Houses) -> None:
    house = asking_house(houses, verify_faq={"default": "none"})
    for texts, reason in (
        ((ASK,), Reason.ASKED_FOR_SLOT),
        ((ASK, WHICH, "A-10002"), Reason.KEY_NOT_FOUND),
    ):
        events = await drain(house, turns(*texts, context=C1, stream=True))
        first, last = events[0], events[-1]
        assert isinstance(first, Committed)
        assert isinstance(last, Outcome)
        assert first.reason is last.reason is reason
        words = "".join(event.text for event in events if isinstance(event, Delta))
        assert words == text_of(last)


@given(
    st.text(alphabet="ab{}<>%$ \n\u202eé", max_size=40),
    st.sampled_from(["where is it", "A-10001", "what is my balance", "open"]),
)
async def test_no_words_of_the_user_are_in_an_answer(noise: str, asked: str) -> None:
    """Level 1 answers only with the file's words and with rows, whatever the user types around."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        async with Houses(Path(folder)) as houses:
            house = asking_house(houses)
            outcome = await said(house, ASK, WHICH, f"{noise} {asked} {noise}", context=C1)
    if outcome.rung.level == 1:
        assert text_of(outcome) in (
            STATUS,
            WHICH,
            NOT_YOURS,
            "You have $5.00.",
            "We are open all day.",
        )
