"""What speaks against an approved answer: other companies, denials, contradictions."""

from __future__ import annotations

import math

import pytest

from router.triage.match import RANKED_SHARE
from router.triage.matching.denials import denied_in, words_in
from router.triage.matching.doubts import UNSURE, Shelf, among_near_misses
from router.types import Domain, Match, MatchBasis

SHOP = (
    (
        "password",
        Domain.CUSTOMER_SUPPORT,
        ["I forgot my password", "I have forgotten my account password", "reset my password"],
        "Choose a new one on the page of your account.",
    ),
    (
        "cancel",
        Domain.CUSTOMER_SUPPORT,
        ["cancel my order", "please cancel it", "I don't want it any more"],
        "Open your orders and choose cancel.",
    ),
    (
        "declined",
        Domain.CUSTOMER_SUPPORT,
        ["my card was declined", "card refused", "I paid with PayPal and it failed"],
        "The refusal comes from your bank, and no money was taken.",
    ),
    (
        "missing",
        Domain.CUSTOMER_SUPPORT,
        ["I did not receive my parcel", "my parcel did not arrive", "I never received it"],
        "Please ask your neighbours.",
    ),
    (
        "debit",
        Domain.FINANCE,
        ["block a payment", "stop a direct debit", "I was charged twice"],
        "Block it in the app.",
    ),
    (
        "lost",
        Domain.FINANCE,
        ["I lost my card", "a lost card", "my card was stolen", "they have stolen my card"],
        "Freeze it in the app.",
    ),
)
SUREST_SHOWN = 0.901
EXISTS = frozenset(("account", "old", "german", "password"))


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf(SHOP, EXISTS.__contains__, SUREST_SHOWN)


def match(intent: str, basis: MatchBasis = MatchBasis.FOREIGN) -> Match:
    return Match(intent, SUREST_SHOWN, 0.8, 0.2, basis=basis)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("how do I reset my Instagram password", "password"),
        ("reset my gmail password", "password"),
        ("reset my PlayStation password", "password"),
        ("my cashapp account is locked", "password"),
        ("my Netflix account is locked", "password"),
        ("olvidé mi contraseña de Instagram", "password"),
        ("my Zalvero account is locked", "password"),
        ("PayPal has locked my account", "password"),
        ("Vodafone charged me twice", "declined"),
        ("cancel my gym membership", "cancel"),
        ("cancel my Emirates booking", "cancel"),
        ("I bought it from another shop, can I cancel", "cancel"),
        ("I can't log in to my Spotify", "debit"),
    ],
)
def test_matter_of_another_company_matches_nothing(shelf: Shelf, text: str, intent: str) -> None:
    assert shelf.judged(text, match(intent)) is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I did NOT forget my password", "password"),
        ("I don\u2019t want to cancel my order", "cancel"),
        ("Please don't cancel my order", "cancel"),
        ("we're not sure. I'm not trying to cancel it", "cancel"),
        ("I haven't forgotten my password, I only want a better one", "password"),
        ("My card isn't lost. I left its cover on a train", "lost"),
        ("it was never stolen, and not lost either", "lost"),
    ],
)
def test_what_is_denied_is_not_answered(shelf: Shelf, text: str, intent: str) -> None:
    assert shelf.judged(text, match(intent)) is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("reset my password and tell me a riddle about camels", "password"),
        ("a question regarding walnuts, cancel", "cancel"),
    ],
)
def test_what_is_about_something_else_is_unsure(text: str, intent: str) -> None:
    shelf = Shelf(SHOP, str.isalpha, SUREST_SHOWN)
    found = shelf.judged(text, match(intent, MatchBasis.RERANKED))
    assert found is not None
    assert max(found.confidence, found.together) <= UNSURE


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("my mother doesn't drive, reset her password", "password"),
        ("the shop isn't mine, stop the direct debit", "debit"),
    ],
)
def test_a_network_that_read_both_hears_a_denial_better_than_words(text: str, intent: str) -> None:
    shelf = Shelf(SHOP, str.isalpha, SUREST_SHOWN)
    read = shelf.judged(text, match(intent, MatchBasis.RERANKED))
    unread = shelf.judged(text, match(intent))
    assert read is not None
    assert unread is not None
    assert (read.confidence, unread.confidence) == (SUREST_SHOWN, UNSURE)


@pytest.mark.parametrize("text", ["I ask about my order", "it is about cancelling", "how about it"])
def test_what_is_about_the_answers_own_words_is_sure(text: str) -> None:
    shelf = Shelf(SHOP, str.isalpha, SUREST_SHOWN)
    found = shelf.judged(text, match("cancel", MatchBasis.RERANKED))
    assert found is not None
    assert found.confidence == SUREST_SHOWN


@pytest.mark.parametrize(
    "text",
    [
        "my card was declined but the money is gone",
        "the payment failed, but you charged me anyway",
    ],
)
def test_answer_that_contradicts_the_statement_is_unsure(shelf: Shelf, text: str) -> None:
    found = shelf.judged(text, match("declined"))
    assert found is not None
    assert found.confidence == UNSURE


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I forgot my account password", "password"),
        ("my old password", "password"),
        ("My Account Is Locked", "password"),
        ("my German account", "password"),
        ("I paid with my PayPal account and it failed", "declined"),
        ("my card was declined, have I been charged?", "declined"),
        ("I did not receive my parcel", "missing"),
        ("my parcel didn't come", "missing"),
        ("DHL says it is here, but it is not", "missing"),
        ("I saw it cheaper on Amazon, cancel it", "cancel"),
        ("cancel my Nike shoes", "cancel"),
        ("my PlayStation did not arrive", "missing"),
        ("I don't want it any more, cancel it", "cancel"),
        ("why don't you cancel my order", "cancel"),
        ("deliver it to my hotel", "missing"),
        ("do you deliver to the United Arab Emirates", "missing"),
        ("please chase order 55, my name is Otto", "missing"),
        ("I have not lost my card, it was stolen", "lost"),
        ("I lost my card and it has not been stolen", "lost"),
        ("Netflix charged me twice", "debit"),
        ("my gym keeps charging me", "debit"),
    ],
)
def test_our_matter_keeps_its_match(shelf: Shelf, text: str, intent: str) -> None:
    found = shelf.judged(text, match(intent))
    assert found is not None
    assert found.confidence == pytest.approx(SUREST_SHOWN)


def test_what_the_operator_wrote_is_never_doubted(shelf: Shelf) -> None:
    written = match("password", MatchBasis.WRITTEN)
    assert shelf.judged("my Instagram password", written) == written
    assert shelf.judged("my Instagram password", None) is None


def test_question_behind_a_denial_is_asked() -> None:
    text = "I don't want to register, can I still order?"
    assert not denied_in(text, words_in(text))


HELP = (
    (
        "vpn",
        Domain.TECHNOLOGY,
        ["how do I connect to the VPN", "connect me to the office", "start the tunnel"],
        "Click the shield and choose Connect. It works after two minutes.",
    ),
    (
        "late",
        Domain.CUSTOMER_SUPPORT,
        ["when do I get my refund", "how long does a refund take", "refund time"],
        "We refund within 3 working days. After that it takes 2 to 5 working days.",
    ),
    (
        "post",
        Domain.CUSTOMER_SUPPORT,
        ["where is my new card", "my card has not come", "the card did not arrive"],
        "It takes five working days. If it has not come after eight, order it again.",
    ),
    (
        "helmets",
        Domain.CUSTOMER_SUPPORT,
        ["do you rent helmets", "is a helmet included", "how much is a helmet"],
        "Helmets are free for children.",
    ),
    (
        "cancel",
        Domain.CUSTOMER_SUPPORT,
        ["cancel my order", "please cancel it", "how do I cancel the order"],
        "Open your orders and choose cancel.",
    ),
)


@pytest.fixture(scope="module")
def helping() -> Shelf:
    return Shelf(HELP, lambda word: True, SUREST_SHOWN)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("how do I disconnect from the VPN", "vpn"),
        ("please undo the cancelling of my order", "cancel"),
        ("I cancelled my order and want it back", "cancel"),
        ("It has been nine weeks and I still have no refund", "late"),
        ("no refund since March", "late"),
        ("we don't need helmets", "helmets"),
    ],
)
def test_request_that_an_answer_does_not_reach_is_unsure(
    helping: Shelf, text: str, intent: str
) -> None:
    found = helping.judged(text, match(intent))
    assert found is not None
    assert found.confidence == UNSURE


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I'm not connected to the VPN, how do I connect?", "vpn"),
        ("I sent the coat back two days ago and have no refund yet", "late"),
        ("my card was sent three weeks ago and has not come", "post"),
        ("I don't know how to cancel my order", "cancel"),
        ("why don't you rent helmets", "helmets"),
        ("how much is a helmet that doesn't look silly", "helmets"),
    ],
)
def test_request_that_an_answer_reaches_is_sure(helping: Shelf, text: str, intent: str) -> None:
    found = helping.judged(text, match(intent))
    assert found is not None
    assert found.confidence > UNSURE


@pytest.mark.parametrize(
    ("text", "gloss"),
    [
        ("No quiero cancelar mi pedido", "not want cancel my order"),
        ("Ich m\u00f6chte meine Bestellung nicht stornieren", "I want my order not cancel"),
    ],
)
def test_denial_in_another_language_matches_nothing(helping: Shelf, text: str, gloss: str) -> None:
    assert helping.judged(text, match("cancel"), gloss) is None


def test_wish_in_another_language_keeps_its_match(helping: Shelf) -> None:
    asked = match("cancel")
    assert helping.judged("Ik wil annuleren", asked, "I want cancel") == asked


@pytest.mark.parametrize("text", ["hm", "Well...", "so?"])
def test_filler_matches_nothing(helping: Shelf, text: str) -> None:
    assert helping.judged(text, match("cancel")) is None


def test_chance_of_a_file_with_outcomes_is_its_own(helping: Shelf) -> None:
    own = Match("cancel", 0.88, 0.8, 0.2, basis=MatchBasis.OWN, together=0.88)
    assert helping.judged("cancel my order now", own) == own


def test_chance_among_near_misses_keeps_the_order() -> None:
    chances = [n / 1000 for n in range(300, 901)] + [0.9 + n / 1e5 for n in range(1, 101)]
    told = [among_near_misses(chance, SUREST_SHOWN) for chance in chances]
    assert told == sorted(told)
    assert all(after <= before for before, after in zip(chances, told, strict=True))


@pytest.mark.parametrize(
    ("text", "odds", "shown"),
    [
        ("I lost my ladder", 3.0, 0.711),  # the answer lacks the word
        ("I lost my ladder", 6.5, 0.901),  # what is that sure bears it
        ("I lost my payment", 3.0, 0.711),  # another answer has it
        ("I lost my laddr", 3.0, 0.901),  # a spelling mistake
        ("my sister lost two cards on Monday", 3.0, 0.901),  # says who, how many and when
        ("I lost my card", 3.0, 0.901),
    ],
)
def test_a_word_that_the_answer_lacks_makes_a_match_less_sure(
    text: str, odds: float, shown: float
) -> None:
    known = frozenset(["ladder", "lost", "card", "payment", "sister", "two", "cards", "monday"])
    shelf = Shelf(SHOP, known.__contains__, SUREST_SHOWN)
    chance = SUREST_SHOWN - RANKED_SHARE / (1.0 + math.exp(odds))
    found = shelf.judged(text, Match("lost", chance, 0.8, 0.2))
    assert found is not None
    assert found.confidence == pytest.approx(shown, abs=5e-4)


@pytest.mark.parametrize(
    ("basis", "together", "shown"),
    [
        (MatchBasis.FOREIGN, 0.88, 0.682),
        (MatchBasis.FOREIGN, 0.4, 0.227),  # sigma(.83 x -.405 - .89): below even odds, too
        (MatchBasis.FOREIGN, 0.0, 0.291),  # nothing was fitted: that of .3 and .2
        (MatchBasis.OWN, 0.88, 0.682),
        (MatchBasis.OWN, 0.4, 0.3),  # no less than one of them alone
    ],
)
def test_answers_offered_together_are_as_sure_as_near_misses_allow(
    shelf: Shelf, basis: MatchBasis, together: float, shown: float
) -> None:
    others = (("lost", 0.15), ("declined", 0.05), ("money", 0.05))
    between = Match("cancel", 0.3, 0.8, 0.2, others, basis=basis, together=together)
    for text in ("get rid of my order", "get rid of my order " * 40):
        found = shelf.judged(text, between)
        assert found is not None
        assert found.together == pytest.approx(shown, abs=5e-4)


@pytest.mark.parametrize("text", ["undo my lost card", "we do not need a card"])
def test_what_a_text_says_the_contrary_of_is_hardly_offered(shelf: Shelf, text: str) -> None:
    found = shelf.judged(text, Match("lost", 0.9, 0.8, 0.2, together=0.9))
    assert found is not None
    assert (found.confidence, found.together) == (UNSURE, UNSURE)


def test_a_paying_company_in_its_name_is_no_payment() -> None:
    bank = [("close", Domain.FINANCE, ["close my account", "I want to close it"], "In the app.")]
    shelf = Shelf(bank, EXISTS.__contains__, SUREST_SHOWN)
    assert shelf.judged("how do I close my PayPal account", match("close")) is None
    assert shelf.judged("PayPal took money from my account", match("close")) is not None
