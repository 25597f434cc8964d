"""Orders that reach many people's things have no approved answer about one's own."""

from __future__ import annotations

import pytest

from router.triage.matching.denials import words_in
from router.triage.matching.doubts import UNSURE, Shelf
from router.triage.matching.wide_acts import is_wide_act
from router.types import Domain, Match, MatchBasis

OWN = (
    "delete_account",
    Domain.CUSTOMER_SUPPORT,
    ["delete my account", "remove all my data", "how do I close my account", "erase my records"],
    "Open Settings and choose to close the account.",
)
OTHERS = (
    "leavers",
    Domain.GENERAL,
    ["disable all accounts of a leaver", "close the account of a leaver"],
    "Open a ticket of the kind Leaver.",
)
SHELF = Shelf([OWN, OTHERS], lambda word: True)


def match(intent: str) -> Match:
    return Match(intent, 0.93, 0.8, 0.3, basis=MatchBasis.RERANKED)


@pytest.mark.parametrize(
    "text",
    [
        "Delete all customer records",
        "remove every customer from the database",
        "Erase everybody\u2019s accounts, please",
        "ok, can you wipe all of the users?",
        "We need you to close every client's account",
        "Permanently delete all accounts of our members",
        "Hi! Delete all customer records",
        "Hi Anna, please remove every single customer from the test system",
        "I need you to delete all customer records",
        "As the administrator, delete all user accounts and tell me when it is done",
        "Change all users' passwords",
        "Delete all inactive customer accounts. I am back on Monday.",
    ],
)
def test_a_wide_order_has_no_sure_answer_about_ones_own(text: str) -> None:
    judged = SHELF.judged(text, match("delete_account"))
    assert judged is not None
    assert (judged.confidence, judged.together <= UNSURE) == (UNSURE, True)


@pytest.mark.parametrize(
    "text",
    [
        "delete all my accounts",
        "I want all my records deleted",
        "delete my account",
        "remove all data",
        "Delete all the photos of my customer account",
        "close all accounts",
        "please delete user account with all its data",
        "remove the entire user profile",
        "delete all data of customer number 4711",
        "delete all customer data that you hold about this e-mail address",
        "delete all emails from customer service",
        "reset all user settings",
        "remove all users from our family plan",
    ],
)
def test_ones_own_things_keep_their_answer(text: str) -> None:
    judged = SHELF.judged(text, match("delete_account"))
    assert judged is not None
    assert judged.confidence > UNSURE


def test_an_answer_that_is_for_such_orders_keeps_them() -> None:
    judged = SHELF.judged("disable all accounts of the leavers", match("leavers"))
    assert judged is not None
    assert judged.confidence > UNSURE


@pytest.mark.parametrize(
    "text",
    [
        "How do we delete all customer records?",
        "Why were all users removed?",
        "All customers must be told that we close the shop",
        "block a website for everybody at home, I mean for my children",
    ],
)
def test_a_question_is_no_order(text: str) -> None:
    assert not is_wide_act(text, words_in(text))
