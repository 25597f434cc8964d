"""Level 1 offers approved questions where it is nearly sure, and the next turn chooses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from router.api.http.decision_views import decision_document, routing_view
from router.errors import PolicyError
from router.policy.content.knowledge import Knowledge, knowledge_intents, parse_knowledge
from router.policy.content.languages.question_marks import with_mark
from router.policy.content.offers import agrees, chosen, misses, offer_text, offered
from router.policy.loading import policies_dir
from router.policy.sections.answering.without_model import ClarifySection
from router.routing.decision_record import parse
from router.types import Hints, Reason, Verdict
from tests.kits.asking_kit import C1, KNOWLEDGE, WHICH, asking_house, said, text_of, turns
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, Houses
from tests.kits.gateway_kit import only_row

ON = {"from": 0.5, "most": 3}
OFFER = """\
Did you mean one of these?
1. Where is my order?
2. Cancel my order
Reply with its number, or ask in other words."""
THREE = ("order_status", "cancel_order", "hours")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return parse_knowledge("k.yaml", KNOWLEDGE)


async def test_the_likeliest_questions_are_offered(houses: Houses) -> None:
    house = asking_house(houses, clarify=ON)
    outcome = await said(house, "hmm, my order", context=C1)
    assert text_of(outcome) == OFFER
    assert (outcome.rung.level, outcome.verdict) == (1, Verdict.ACCEPTED)
    assert outcome.reason is Reason.ASKED_WHICH
    assert outcome.confidence == pytest.approx(0.88)
    row = await only_row(house)
    assert row.reason == "asked_which"
    policy = house.gateway.router.default.policy
    assert differs(parse(row.record), policy) is None
    # No answer is right here, so the number is the chance of something else.
    shown = routing_view(outcome), json.loads(decision_document(row))
    assert [one["confidence_of"] for one in shown] == ["one_of_the_questions_is_meant"] * 2
    climbed = await said(house, "Write a poem about rain.", context=C1)
    assert routing_view(climbed)["confidence_of"] == "the_answer_is_right"


@pytest.mark.parametrize(
    "clarify",
    [None, {"from": 0.56, "most": 3}],
    ids=["off", "the likeliest is too unlikely"],
)
async def test_other_requests_climb(houses: Houses, clarify: object) -> None:
    house = asking_house(houses, clarify=clarify)
    assert (await said(house, "hmm, my order", context=C1)).rung.level == 2


@pytest.mark.parametrize("text", ["bye", "hi", "lol", "thanks, that helps"])
async def test_nothing_is_offered_for_a_greeting_or_a_farewell(houses: Houses, text: str) -> None:
    """Level 1 asked "How do I cancel or move a lesson?" of who said bye."""
    house = asking_house(houses, clarify=ON)
    assert (await said(house, text, context=C1)).rung.level == 2


async def test_nothing_is_offered_to_kinds_that_the_policy_names(houses: Houses) -> None:
    offering = asking_house(houses, clarify=ON)
    kind = (await said(offering, "hmm, my order", context=C1)).signals.request_type
    house = asking_house(houses, clarify={**ON, "not_for": [kind.value]})
    assert (await said(house, "hmm, my order", context=C1)).rung.level == 2


def test_who_wants_a_text_or_code_is_offered_nothing_by_default() -> None:
    kinds = {kind.value for kind in ClarifySection().not_for}
    assert {"writing", "coding", "math"} <= kinds
    assert kinds.isdisjoint({"faq", "status", "transaction"})


async def test_small_talk_is_not_offered(houses: Houses) -> None:
    quiet = KNOWLEDGE.replace("id: cancel_order\n", "id: cancel_order\n    offered: false\n")
    house = asking_house(houses, clarify=ON, knowledge=quiet)
    assert (await said(house, "hmm, my order", context=C1)).rung.level == 2


async def test_small_talk_that_is_not_sure_is_no_answer(houses: Houses) -> None:
    quiet = KNOWLEDGE.replace("id: order_status\n", "id: order_status\n    offered: false\n")
    house = asking_house(houses, knowledge=quiet)
    assert (await said(house, "perhaps my order", context=C1)).rung.level == 2


async def test_a_policy_may_offer_what_does_not_reach_the_floor(houses: Houses) -> None:
    low = {"from": 0.5, "together": 0.8, "most": 2}
    house = asking_house(houses, clarify=low, decision={"confidence_floor": 0.93})
    outcome = await said(house, "hmm, my order", context=C1)
    assert text_of(outcome) == OFFER
    assert (outcome.rung.level, outcome.verdict) == (1, Verdict.ACCEPTED)
    assert outcome.confidence == pytest.approx(0.88)
    row = await only_row(house)
    policy = house.gateway.router.default.policy
    assert differs(parse(row.record), policy) is None


async def test_what_is_too_unlikely_together_is_not_offered(houses: Houses) -> None:
    low = {"from": 0.5, "together": 0.9, "most": 2}
    house = asking_house(houses, clarify=low, decision={"confidence_floor": 0.93})
    assert (await said(house, "hmm, my order", context=C1)).rung.level == 2


async def test_what_is_likely_together_is_offered_though_each_is_unlikely(houses: Houses) -> None:
    house = asking_house(houses, clarify={"from": 0.05, "together": 0.8, "most": 3})
    outcome = await said(house, "oddly, my order", context=C1)
    assert text_of(outcome) == OFFER
    assert outcome.confidence == pytest.approx(0.9 * 0.2 / 0.201)
    assert outcome.reason is Reason.ASKED_WHICH


@pytest.mark.parametrize(
    "clarify",
    [{"from": 0.05, "together": 0.95, "most": 3}, {"from": 0.15, "together": 0.8, "most": 3}],
    ids=["together too unlikely", "the likeliest is too unlikely"],
)
async def test_what_is_unlikely_together_climbs(houses: Houses, clarify: object) -> None:
    house = asking_house(houses, clarify=clarify)
    assert (await said(house, "oddly, my order", context=C1)).rung.level == 2


async def test_a_stricter_floor_of_the_client_counts(houses: Houses) -> None:
    house = asking_house(houses, clarify=ON)
    for floor, offers in ((0.9, 3), (0.95, 0)):
        request = replace(turns("hmm, my order"), hints=Hints(confidence_floor=floor))
        outcome = await house.gateway.complete(request, ALICE)
        assert text_of(outcome).count("\n") == (offers + 1 if offers else 0)


@pytest.mark.parametrize("choice", ["2", "the second one, please", "cancel my order", "Cancel!"])
async def test_the_next_turn_chooses(houses: Houses, choice: str) -> None:
    house = asking_house(houses, clarify=ON)
    outcome = await said(house, "hmm, my order", OFFER, choice, context=C1)
    assert text_of(outcome) == WHICH
    outcome = await said(house, "hmm, my order", OFFER, choice, WHICH, "A-10001", context=C1)
    assert text_of(outcome) == "To cancel A-10001, open My orders."


async def test_other_words_are_a_new_question(houses: Houses) -> None:
    house = asking_house(houses, clarify=ON)
    outcome = await said(house, "hmm, my order", OFFER, "no, when are you open", context=C1)
    assert text_of(outcome) == "We are open all day."


async def test_a_grave_matter_beside_the_choice_climbs(houses: Houses) -> None:
    house = asking_house(houses, clarify=ON)
    outcome = await said(house, "hmm, my order", OFFER, "2, or I kill myself", context=C1)
    assert outcome.rung.level == 3
    outcome = await said(house, "hmm, I could kill myself, my order", OFFER, "2", context=C1)
    assert outcome.rung.level == 3


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("2", 1),
        ("2.", 1),
        ("number one", 0),
        ("one", 0),
        ("the first one", 0),
        ("the last", 2),
        ("3rd please", 2),
        ("that one", None),
        ("4", None),
        ("1 or 2", None),
        ("yes", None),
        ("my order", None),
        ("open", 2),
        ("I want 2 refunds", None),
        ("", None),
        ("la primera", 0),
        ("Die zweite bitte", 1),
        ("le troisième", 2),
        ("вторая", 1),
        ("prima", None),  # "great" in German
        ("the secnd", 1),
        ("frist", 0),
        ("zwei", 1),
        ("nummer 2", 1),
        ("deuxieme svp", 1),
        ("cancle my ordre", 1),
        ("cancell my order", 1),
        ("counsel my border", None),
        ("older", None),
    ],
)
def test_choices_are_read(knowledge: Knowledge, text: str, place: int | None) -> None:
    expected = None if place is None else THREE[place]
    assert chosen(text, THREE, knowledge) == expected


@pytest.mark.parametrize(
    "yes", ["yess", "yea", "jaaa", "that's it", "thats it", "this one", "yes please tell me"]
)
def test_a_yes_in_haste_chooses_the_question_alone(knowledge: Knowledge, yes: str) -> None:
    assert chosen(yes, THREE[:1], knowledge) == THREE[0]
    assert agrees(yes, THREE, knowledge)


@pytest.mark.parametrize("number", ["4", "no. 7", "22"])
def test_a_number_that_no_question_has_is_asked_again(number: str) -> None:
    assert misses(number, THREE)
    assert not misses(number, THREE[:1])
    assert not misses(f"{number} days", THREE)


def test_an_offer_is_read_back_from_its_own_words_alone(knowledge: Knowledge) -> None:
    text = offer_text(THREE, knowledge)
    assert offered(text, knowledge) == THREE
    assert offered(f" {text.replace(chr(10), '  ')} ", knowledge) == THREE
    assert offered(text.replace("my order", "the order"), knowledge) == ()
    assert offered(f"{text} Or not.", knowledge) == ()


ONE = """\
Did you mean this?
Where is my order?
Reply yes, or ask in other words."""


async def test_a_question_that_hardly_anybody_means_is_not_offered(houses: Houses) -> None:
    low = {"from": 0.05, "together": 0.3, "most": 3}
    house = asking_house(houses, clarify=low, decision={"confidence_floor": 0.93})
    outcome = await said(house, "alone, my order", context=C1)
    assert text_of(outcome) == ONE
    assert (outcome.reason, outcome.verdict) == (Reason.ASKED_WHICH, Verdict.ACCEPTED)
    assert outcome.confidence == pytest.approx(0.878, abs=5e-4)  # its part of .88
    row = await only_row(house)
    assert differs(parse(row.record), house.gateway.router.default.policy) is None


async def test_one_question_alone_is_offered_only_where_the_policy_takes_less_than_the_floor(
    houses: Houses,
) -> None:
    for clarify in (ON, {**ON, "together": 0.9}):
        house = asking_house(houses, clarify=clarify, decision={"confidence_floor": 0.93})
        outcome = await said(house, "alone, my order", context=C1)
        assert outcome.reason is not Reason.ASKED_WHICH


@pytest.mark.parametrize("choice", ["yes", "Yes, please!", "ja genau", "oui", "1", "my order"])
async def test_a_yes_chooses_the_question_that_is_offered_alone(
    houses: Houses, choice: str
) -> None:
    house = asking_house(houses, clarify=ON)
    outcome = await said(house, "alone, my order", ONE, choice, context=C1)
    assert text_of(outcome) == WHICH


@pytest.mark.parametrize("reply", ["yes", "Ja, bitte!", "yes please, A-10001", "ok"])
async def test_a_yes_to_several_questions_is_asked_which_of_them(
    houses: Houses, reply: str
) -> None:
    house = asking_house(houses, clarify=ON)
    asked = ["hmm, my order", OFFER, reply]
    for _ in range(2):
        outcome = await said(house, *asked, context=C1)
        assert text_of(outcome) == OFFER
        assert (outcome.rung.level, outcome.reason) == (1, Reason.ASKED_WHICH)
        asked += [OFFER, reply]
    chooses = await said(house, *asked[:-1], "1, A-10001", context=C1)
    assert text_of(chooses) == "Order A-10001 is on its way."


@pytest.mark.parametrize("reply", ["no", "ok thanks", "yes, but tell me a story", "maybe", ""])
async def test_what_is_no_plain_yes_is_not_asked_again(houses: Houses, reply: str) -> None:
    house = asking_house(houses, clarify=ON)
    outcome = await said(house, "hmm, my order", OFFER, reply, context=C1)
    assert outcome.reason is not Reason.ASKED_WHICH


async def test_a_yes_to_two_questions_that_were_both_asked_is_asked_which(houses: Houses) -> None:
    house = asking_house(houses, clarify=ON)
    first = await said(house, "both, my order", context=C1)
    assert text_of(first) == OFFER
    again = await said(house, "both, my order", OFFER, "yes", context=C1)
    assert (text_of(again), again.reason) == (OFFER, Reason.ASKED_WHICH)


async def test_a_yes_is_asked_which_a_few_times_and_not_for_ever(houses: Houses) -> None:
    house = asking_house(houses, clarify=ON)
    outcome = await said(house, "hmm, my order", *[OFFER, "yes"] * 6, context=C1)
    assert outcome.reason is not Reason.ASKED_WHICH


@pytest.mark.parametrize(
    "text",
    [
        *("no", "yes or no", "yes, but cancel it", "not yes", "", "no yes", "A-10001"),
        *("No, order", "no, my order", "no 1", "No. 1", "not that one, my order"),
        *("nein, order", "non, order", "nee, order", "nie, order", "não, order", "nao, order"),
    ],
)
def test_what_is_no_plain_yes_chooses_nothing(knowledge: Knowledge, text: str) -> None:
    assert chosen(text, THREE[:1], knowledge) is None


@pytest.mark.parametrize(
    ("title", "no"),
    [
        ("¿Cuánto cuesta el envío?", "no, el envío"),
        ("Quando arriva la consegna?", "no, la consegna"),
    ],
)
def test_a_no_beside_words_of_the_only_question_does_not_choose_it(title: str, no: str) -> None:
    knowledge = _titled(title)
    assert chosen(no.removeprefix("no, "), ("hours",), knowledge) == "hours"
    assert chosen(no, ("hours",), knowledge) is None


def test_a_no_that_stands_in_the_only_question_chooses_it_with_all_its_words() -> None:
    knowledge = _titled("My parcel did not arrive")
    assert chosen("my parcel did not arrive", ("hours",), knowledge) == "hours"
    assert chosen("not my parcel", ("hours",), knowledge) is None


@pytest.mark.parametrize(
    ("title", "no"), [("My parcel is not here", "not"), ("Paket nicht da", "nicht")]
)
def test_a_no_alone_chooses_nothing_from_a_list(title: str, no: str) -> None:
    assert chosen(no, ("hours", "order_status"), _titled(title)) is None
    assert chosen(f"{no} {title.split()[-1]}", ("hours", "order_status"), _titled(title)) == "hours"


@pytest.mark.parametrize("text", ["it didn't", "I don't", "ok thanks", "OK, sorry", "bene grazie"])
def test_what_declines_in_other_words_chooses_nothing(text: str) -> None:
    assert chosen(text, ("hours",), _titled("Why didn't my parcel arrive")) is None


def test_no_before_a_number_chooses_from_a_list(knowledge: Knowledge) -> None:
    assert chosen("no 1", THREE, knowledge) == THREE[0]


YES = {
    "de": ("ja", "Ja, gerne", "ja bitte", "Ja genau, danke"),
    "es": ("sí", "Sí, por favor", "vale", "si, eso es", "de acuerdo"),
    "fr": ("oui", "Oui, c'est ça", "oui, s\u2019il vous plait", "d'accord"),
    "it": ("sì", "Sì, per favore", "si grazie", "va bene"),
    "nl": ("ja", "Ja graag", "ja, alstublieft", "inderdaad"),
    "pl": ("tak", "Tak, proszę", "zgadza się", "tak, o to chodzi", "tak, prosze"),
    "pt": ("sim", "Sim, obrigado", "sim, por favor", "é isso, sim"),
}
"""The plain yes of each shipped language, as its `after_one` asks for it, and polite forms."""
SHIPPED = sorted((policies_dir() / "knowledge").glob("*/*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_polite_yes_of_every_shipped_language_chooses(path: Path, knowledge: Knowledge) -> None:
    assert path.stem in YES, "a new language needs its yes: router/policy/content/offers.py"
    plain, *polite = YES[path.stem]
    after = yaml.safe_load(path.read_text("utf-8"))["offer"]["after_one"]
    assert re.search(rf"\b{plain}\b", after, re.IGNORECASE)
    for text in (plain, *polite):
        assert chosen(text, THREE[:1], knowledge) == THREE[0], text


async def test_a_key_may_stand_beside_the_yes(houses: Houses) -> None:
    house = asking_house(houses, clarify=ON)
    for choice in ("ja, A-10001", "Yes, it's a-10001!", "oui, le A-10001"):
        outcome = await said(house, "alone, my order", ONE, choice, context=C1)
        assert text_of(outcome) == "Order A-10001 is on its way."
    outcome = await said(house, "hmm, my order", OFFER, "2, A-10001", context=C1)
    assert text_of(outcome) == "To cancel A-10001, open My orders."


def test_a_question_alone_is_read_back_from_its_own_words() -> None:
    knowledge = parse_knowledge("k.yaml", KNOWLEDGE)
    assert offer_text(THREE[:1], knowledge) == ONE
    assert offered(ONE, knowledge) == THREE[:1]
    assert offered(ONE.replace("my order", "the order"), knowledge) == ()
    worded = parse_knowledge("k.yaml", f'offer: {{before: "Meant:", after: "Say."}}\n{KNOWLEDGE}')
    # Words of ours never stand beside approved ones of the file.
    assert offer_text(THREE[:1], worded) == "Meant:\n1. Where is my order?\nSay."
    assert offered("Meant: 1. Where is my order? Say.", worded) == THREE[:1]


def test_an_offer_without_marks_is_read_back_too(knowledge: Knowledge) -> None:
    assert offered(OFFER.replace("order?", "order"), knowledge) == THREE[:2]


def test_words_for_one_question_come_together() -> None:
    with pytest.raises(PolicyError, match="before_one and after_one together"):
        parse_knowledge("k.yaml", f'offer: {{before: "Meant:", after_one: "Yes?"}}\n{KNOWLEDGE}')


def _titled(title: str) -> Knowledge:
    text = KNOWLEDGE.replace("    utterances: [when", f"    title: {title}\n    utterances: [when")
    return parse_knowledge("k.yaml", text)


def test_a_title_is_offered_in_place_of_an_utterance() -> None:
    knowledge = _titled("Opening hours")
    assert "1. Opening hours" in offer_text(["hours", "order_status"], knowledge)
    asked = dict(knowledge_intents(knowledge))
    assert asked["hours"] == ("when are you open", "Opening hours")


def test_a_title_is_offered_as_it_is_written() -> None:
    assert "1. What is open\n" in offer_text(["hours", "order_status"], _titled("What is open"))


@pytest.mark.parametrize(
    ("utterance", "offered_as"),
    [
        ("how do I return an item", "how do I return an item?"),
        ("how do I return an item?", "how do I return an item?"),
        ("my laptop is old, when do I get a new one", "my laptop is old, when do I get a new one?"),
        ("I was charged twice", "I was charged twice"),
        ("do not disturb", "do not disturb"),
        ("why", "why"),
        ("Kann ich in Raten zahlen", "Kann ich in Raten zahlen?"),
        ("Mein Paket ist weg", "Mein Paket ist weg"),
        ("Livrez-vous à l'étranger", "Livrez-vous à l'étranger ?"),
        ("Est-ce que vous livrez", "Est-ce que vous livrez ?"),
        ("Supprimer mon compte", "Supprimer mon compte"),
        ("Testet ihr Wasser", "Testet ihr Wasser?"),
        ("Sagt ihr, dass ich komme", "Sagt ihr, dass ich komme"),
        ("have you got gift cards", "have you got gift cards?"),
        ("have a nice day", "have a nice day"),
    ],
)
def test_a_question_is_offered_with_its_mark(utterance: str, offered_as: str) -> None:
    assert with_mark(utterance) == offered_as


def test_no_other_intent_may_be_asked_by_a_title() -> None:
    with pytest.raises(PolicyError, match="an utterance of one intent only"):
        _titled("Where is my order?")
