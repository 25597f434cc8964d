"""Tests how the readings of a conversation's turns become one set of signals. Needs no model."""

# ruff: noqa: RUF001 - look-alikes are what is tested

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from router.triage.conversation.cautious import DOMAIN_COUNTS_AT, higher_domain, more_cautious
from router.triage.conversation.memory import memory_after
from router.triage.conversation.signals import signals_of
from router.triage.facts.turn_facts import RuleFacts, find_facts
from router.triage.reading import GUESSED, NOVEL, ModelRow, TurnReading, reading_of
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import MAX_CHARS, fold
from router.triage.text.phrases import is_bare_follow_up
from router.triage.text.terms import TermFinder
from router.triage.text.turns import Turns, turns_of
from router.types import (
    RISK_DOMAINS,
    Domain,
    HeadReading,
    Match,
    Matter,
    RequestType,
    SessionMemory,
    Signals,
)
from tests.triage.test_turns import request

AMOUNTS = AmountReader({"USD": 1.0})
TERMS = TermFinder({"fraud": ["scam"], "legal": ["lawsuit"]})
PLAIN = ModelRow(
    RequestType.FAQ, 0.9, Domain.CUSTOMER_SUPPORT, 0.9, Domain.FINANCE, 0.01,
    0.0, 0.1, 0.1, 0.1, 0.2, 0.01, 0.02,
)  # fmt: skip
HEADS_AT = ModelRow._fields.index("heads")
REFUND = Match("refund", 0.95, 0.9, 0.3)


def turn(text: str, match: Match | None = None, **row: object) -> TurnReading:
    return reading_of(PLAIN._replace(**row), match, find_facts(text, AMOUNTS, TERMS))


def signals(*turns: TurnReading, memory: SessionMemory | None = None) -> Signals:
    """The signals of turns, the last one first."""
    texts = turns_of(request(*("x" for _ in turns)))
    return signals_of(texts, turns, (), memory, input_tokens=1, version="test")


def memory(**changed: object) -> SessionMemory:
    base = signals(turn("Where is my refund?", REFUND, **changed))
    return memory_after(base, None, 2)


BARE = [
    "and in women?",
    "what about children",
    "yes",
    "Yes, do it",
    "YES DO IT!!",
    "ok go ahead",
    "ok",
    "no",
    "sure, go on",
    "why?",
    "and the second one?",
    "how so",
    "please continue",
    "the other one",
    "no, not that one",
    "what about the third",
    "do that again please",
    "yes please, thanks",
    "2nd option",
    "why not?",
    "ye\u200bs",
    "ＹＥＳ",
    "ja bitte",
    "tell me more",
    "go ahead and confirm",
    "好",
]
NOT_BARE = [
    "",
    "?!",
    "thanks",
    "hello",
    "what is the time",
    "yes, delete my account",
    "ok, transfer the money",
    "do you deliver to Spain",
    "continue with the surgery",
    "yes, 5000 dollars",
    "sue them",
    "and my wife hurts him",
    "yes yes yes yes yes yes yes yes yes",
]


@pytest.mark.parametrize("text", BARE)
def test_a_turn_without_a_matter_of_its_own_is_a_bare_follow_up(text):
    assert is_bare_follow_up(fold(text))


@pytest.mark.parametrize("text", NOT_BARE)
def test_a_turn_with_a_matter_is_not_bare(text):
    assert not is_bare_follow_up(fold(text))


def test_a_follow_up_takes_its_meaning_from_the_turn_before():
    before = turn("Refund me", REFUND, request_type=RequestType.TRANSACTION, difficulty=0.7)
    turn_signals = signals(turn("yes, do it", domain=Domain.GENERAL, novelty=0.9), before)
    assert turn_signals.request_type is RequestType.TRANSACTION
    assert turn_signals.domain is Domain.CUSTOMER_SUPPORT
    assert turn_signals.difficulty == 0.7
    assert turn_signals.novelty == pytest.approx(0.05)
    assert turn_signals.inherited


def test_a_follow_up_takes_no_answer_that_was_given_already():
    asked, before = turn("are you sure?"), turn("Refund me", REFUND)
    assert signals(asked, before).match is None
    assert signals(asked, memory=memory()).match is None


def test_a_follow_up_to_a_question_for_a_value_asks_the_same_still():
    turns = Turns("ok", ("Refund me",), asked_back=True)
    readings = (turn("ok"), turn("Refund me", REFUND))
    assert signals_of(turns, readings, (), None, input_tokens=1, version="test").match == REFUND


def test_a_follow_up_looks_past_earlier_follow_ups():
    first = turn("Is this legal?", domain=Domain.LEGAL, request_type=RequestType.DECISION)
    turn_signals = signals(turn("and why?"), turn("yes"), first)
    assert (turn_signals.domain, turn_signals.request_type) == (Domain.LEGAL, RequestType.DECISION)


def test_a_follow_up_takes_its_meaning_from_the_session():
    turn_signals = signals(turn("yes, do it", domain=Domain.GENERAL), memory=memory(difficulty=0.8))
    assert turn_signals.domain is Domain.CUSTOMER_SUPPORT
    assert turn_signals.difficulty == 0.8
    assert turn_signals.inherited


def test_a_follow_up_to_nothing_is_novel():
    turn_signals = signals(turn("yes, do it", REFUND))
    assert turn_signals.novelty >= NOVEL
    assert turn_signals.match is None
    assert not turn_signals.inherited


def test_a_follow_up_by_the_model_keeps_its_own_match():
    other = Match("sizes", 0.9, 0.8, 0.2)
    asked = turn("does it come in blue", other, request_type=RequestType.FOLLOW_UP)
    turn_signals = signals(asked, turn("Refund me", REFUND, difficulty=0.4))
    assert turn_signals.match == other
    assert turn_signals.request_type is RequestType.FAQ
    assert turn_signals.difficulty == 0.4


def test_a_long_turn_is_no_follow_up_whatever_the_model_says():
    asked = turn("does it come in blue " * 4, request_type=RequestType.FOLLOW_UP)
    assert signals(asked, turn("Refund me")).request_type is RequestType.FOLLOW_UP


def test_assent_with_a_sum_is_no_bare_follow_up():
    assert not turn("yes, $5,000").bare


def test_stakes_stay_as_high_as_they_were():
    turn_signals = signals(
        turn("And the weather?"), turn("My chest", stakes_high=0.9, strategic=0.8)
    )
    assert turn_signals.stakes_high == 0.9
    assert turn_signals.strategic == 0.8
    assert turn_signals.inherited


def test_a_domain_that_needs_care_stays():
    turn_signals = signals(
        turn("And the weather?", domain=Domain.GENERAL), turn("x", domain=Domain.LEGAL)
    )
    assert turn_signals.domain is Domain.LEGAL


def test_an_unlikely_domain_does_not_stay():
    unsure = turn("x", domain=Domain.LEGAL, domain_p=0.4)
    assert signals(turn("y"), unsure).domain is Domain.CUSTOMER_SUPPORT


def test_an_ordinary_domain_does_not_stay():
    turn_signals = signals(turn("x", domain=Domain.TECHNOLOGY), turn("y", domain=Domain.GENERAL))
    assert turn_signals.domain is Domain.TECHNOLOGY
    assert not turn_signals.inherited


def test_the_largest_sum_of_the_conversation_counts():
    turn_signals = signals(turn("and $20 more"), turn("refund $7,500"))
    assert turn_signals.impact_nano_usd == 7_500 * 10**9
    assert [amount.text for amount in turn_signals.amounts] == ["$7,500", "$20"]


def test_terms_of_all_turns_count():
    assert signals(turn("a scam"), turn("a lawsuit")).risk_terms == ("fraud", "legal")


QUOTING = "Summarise this.\n> They ask for $40,000."


def test_a_quoted_sum_is_listed_without_being_at_stake():
    turn_signals = signals(turn(QUOTING))
    assert turn_signals.impact_nano_usd == 0
    assert [amount.quoted for amount in turn_signals.amounts] == [True]


@pytest.mark.parametrize("then", ["now do what it says", "approve it please", "go ahead"])
def test_a_later_turn_that_acts_on_a_quoted_sum_puts_it_at_stake(then):
    assert signals(turn(then), turn(QUOTING)).impact_nano_usd == 40_000 * 10**9
    remembered = memory_after(signals(turn(QUOTING)), None, 2)
    assert signals(turn(then), memory=remembered).impact_nano_usd == 40_000 * 10**9


def test_a_later_turn_about_something_else_leaves_a_quoted_sum_quoted():
    assert signals(turn("where is my parcel"), turn(QUOTING)).impact_nano_usd == 0


def test_a_session_remembers_its_largest_sum():
    remembered = memory_after(signals(turn("refund $7,500")), None, 2)
    assert signals(turn("thanks"), memory=remembered).impact_nano_usd == 7_500 * 10**9


chances = st.floats(0, 1)
memories = st.builds(
    SessionMemory,
    domain=st.sampled_from(Domain),
    domain_p=chances,
    risk_domain=st.sampled_from(RISK_DOMAINS),
    risk_p=chances,
    request_type=st.sampled_from(RequestType),
    stakes_high=chances,
    impact_nano_usd=st.integers(0, 10**15),
    strategic=chances,
    multi_factor=chances,
    risk_terms=st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(tuple),
    difficulty=st.floats(-5, 5),
    grave=chances,
    matter=st.sampled_from(Matter),
)
rows = st.builds(
    ModelRow,
    st.sampled_from(RequestType),
    chances,
    st.sampled_from(Domain),
    chances,
    st.sampled_from(RISK_DOMAINS),
    chances,
    st.floats(-5, 5),
    *[chances] * 6,
    st.lists(
        st.builds(
            HeadReading,
            st.sampled_from(["department", "priority"]),
            st.lists(st.tuples(st.sampled_from(["x", "y"]), chances), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    grave=chances,
    matter=st.sampled_from(Matter),
    knowledge=chances,
)
texts = st.sampled_from(["yes, do it", "refund $70", "a scam", "What is this about?", ""])


@given(memories, rows, texts)
def test_no_request_lowers_what_a_session_has_seen(remembered, row, text):
    reading = reading_of(row, None, find_facts(text, AMOUNTS, TERMS))
    turn_signals = signals(reading, memory=remembered)
    after = memory_after(turn_signals, remembered, 1)
    for seen in (turn_signals, after):
        assert seen.risk_p >= remembered.risk_p
        assert seen.stakes_high >= remembered.stakes_high
        assert seen.impact_nano_usd >= remembered.impact_nano_usd
        assert seen.strategic >= remembered.strategic
        assert seen.grave >= remembered.grave
        assert seen.multi_factor >= remembered.multi_factor
        assert set(seen.risk_terms) >= set(remembered.risk_terms)
    assert after.last_tier_number == 1


@given(rows, rows)
def test_the_more_cautious_reading_is_below_neither(one, other):
    both = more_cautious(one, other)
    assert all(both[i] >= max(one[i], other[i]) for i in range(5, HEADS_AT))
    assert both.grave >= max(one.grave, other.grave)
    assert both.knowledge <= min(one.knowledge, other.knowledge)
    said = {reading.name: dict(reading.classes) for reading in both.heads}
    for reading in (*one.heads, *other.heads):
        assert all(said[reading.name][label] >= p for label, p in reading.classes)


@given(st.sampled_from(Domain), chances, st.sampled_from(Domain), chances)
def test_a_risk_domain_is_never_left_for_an_ordinary_one(now, now_p, before, before_p):
    risky = (Domain.MEDICAL, Domain.LEGAL, Domain.FINANCE, Domain.ENGINEERING_SAFETY)
    found, _ = higher_domain((now, now_p), (before, before_p))
    if before in risky and before_p >= DOMAIN_COUNTS_AT:
        assert found in risky


def test_talk_to_the_router_counts_as_novel_even_where_an_answer_matches():
    assert turn("Refund? Use the cheapest model.", REFUND).row.novelty == NOVEL


def test_text_beyond_the_limit_in_all_makes_the_request_novel():
    turns = turns_of(request("y" * (MAX_CHARS - 4), "x" * 5))
    assert turns.beyond
    found = signals_of(turns, [turn("x"), turn("y")], (), None, input_tokens=1, version="")
    assert (found.novelty, found.unread) == (1.0, True)


def test_one_turn_beyond_the_limit_is_novel():
    both = [turn("x" * length, REFUND) for length in (MAX_CHARS + 1, MAX_CHARS)]
    assert [(t.unread, round(t.row.novelty, 9)) for t in both] == [(True, 1.0), (False, 0.05)]


def test_older_turns_count_with_their_sums():
    turns = turns_of(request(*["x"] * 12))
    older = find_facts("we lost $80,000 to a scam", AMOUNTS, TERMS)
    rules = RuleFacts(older.amounts, older.risk_terms, older.unread)
    found = signals_of(turns, [turn("x")] * 9, [rules], None, input_tokens=1, version="")
    assert found.impact_nano_usd == 80_000 * 10**9
    assert found.risk_terms == ("fraud",)


@pytest.mark.parametrize(
    "text", ["#NAME?", "#REF!", "N/A", "null", "${name}", "{{question}}", "??"]
)
def test_a_placeholder_matches_nothing_and_is_novel(text):
    found = turn(text, REFUND)
    assert found.match is None
    assert found.row.novelty >= NOVEL


@pytest.mark.parametrize("text", ["name", "What is #NAME? in my sheet", "null and void", "50"])
def test_words_of_a_person_are_no_placeholder(text):
    assert turn(text, REFUND).match == REFUND


def test_only_short_messages_are_brief_in_a_session_too() -> None:
    short, long, document = (turn("this heat is killing me " * times) for times in (1, 10, 40))
    read, no = [signals(one) for one in (short, long, document)], (False, False)
    assert [(one.brief, one.letter) for one in read] == [(True, True), (False, True), no]
    assert not signals(short, long).brief
    for first, brief, letter in ((short, True, True), (long, False, True), (document, *no)):
        remembered = memory_after(signals(first), None, 1)
        later = signals(short, memory=remembered)
        assert (later.brief, later.letter) == (brief, letter)
        kept = memory_after(later, remembered, 1)
        assert (kept.brief, kept.letter) == (brief, letter)
    unknown = replace(memory(), brief=False, letter=False)  # as one of an older version is read
    assert not signals(short, memory=unknown).letter


CALM = "I bought a shirt and it was too small for me. " * 20


def test_a_calm_document_beside_a_short_message_hides_no_danger_that_it_names() -> None:
    calm, tale = turn(CALM), turn(CALM + "It was a scam")
    danger = turn("it is a scam")
    assert (calm.brief, tale.risk_terms, danger.risk_terms) == (False, ("fraud",), ("fraud",))
    said = {
        "alone": [danger],
        "after a document": [danger, calm],
        "before a document": [calm, danger],
        "a document alone": [calm],
        "a tale, then few words": [turn("thanks"), tale],
    }
    found = {name: signals(*turns) for name, turns in said.items()}
    briefly = [name for name, one in found.items() if one.briefly]
    assert briefly == ["alone", "after a document", "before a document"]
    assert [name for name, one in found.items() if one.brief] == ["alone"]


def test_the_likeliest_grave_matter_stands_in_a_short_message() -> None:
    def graver(text: str, grave: float) -> TurnReading:
        read = turn(text)
        return replace(read, row=read.row._replace(grave=grave))

    short, long = graver("it hurts", 0.9), graver(CALM, 0.3)
    assert signals(short, long).briefly
    assert not signals(replace(short, row=short.row._replace(grave=0.2)), long).briefly
    remembered = memory_after(signals(short, long), None, 3)
    assert signals(turn("no"), memory=remembered).briefly
    assert not signals(turn("no"), memory=memory_after(signals(long), None, 3)).briefly


GERMAN = "Wie lange dauert es, bis der neue Ausweis bei der Gemeinde abgeholt werden kann?"


def test_a_language_that_the_heads_cannot_read_leaves_a_guess() -> None:
    assert turn(GERMAN, request_type_p=0.9).row.request_type_p == GUESSED
    assert [turn(GERMAN, domain_p=p).row.domain_p for p in (0.3, 0.9)] == [0.3, GUESSED]
    assert turn("How long does the new pass take?").row.domain_p == PLAIN.domain_p


def test_a_domain_of_high_risk_stays_in_any_language() -> None:
    assert all(turn(GERMAN, domain=d, domain_p=0.8).row.domain_p == 0.8 for d in RISK_DOMAINS)
