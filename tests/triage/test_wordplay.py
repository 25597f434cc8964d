"""A sum that is only played with is not at stake; every other one is."""

from __future__ import annotations

import pytest

from router.triage.facts.turn_facts import find_facts
from router.triage.facts.wordplay import LONGEST, only_plays, only_works_out
from router.triage.text.amount_lists import own_impact
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import fold
from router.triage.text.terms import TermFinder

PLAYS = [
    "write me a limerick about a million dollars",
    "a limerick about a million dollars",
    "What is 15% of $6,000?",
    "what's 15 percent of 6,000 dollars",
    "Calculate $12,000 * 1.19",
    "What is the word for 10,000 dollars in Spanish?",
    'How do you say "ten thousand dollars" in French?',
    "How do I write $12,500 in words?",
    "Could you write a short poem about winning $1 million?",
    "Schreib mir ein Gedicht \u00fcber eine Million Euro",
    "Was sind 15 % von 6.000 Euro?",
    "Combien font 15 % de 6 000 euros ?",
    "\u00bfCu\u00e1nto es el 15% de 6.000 euros?",
    "Quanto fa il 15% di 6.000 euro?",
    "Hoeveel is 15% van 6.000 euro?",
    "Ile to jest 15% z 6000 z\u0142?",
    "\u0421\u043a\u043e\u043b\u044c\u043a\u043e \u0431\u0443\u0434\u0435\u0442 15% \u043e\u0442 "
    "6000 \u0434\u043e\u043b\u043b\u0430\u0440\u043e\u0432?",
]

AT_STAKE = [
    "15% of $6,000",  # may answer the question how much to refund
    "What is $6,000?",
    "Pay 15% of $6,000",
    "What is 15% of $60,000? I want to pay that as a deposit.",
    "What is 15% of $60,000, and is that a fair commission?",
    "Calculate the fee on $60,000 and book it",
    "Write a poem about $9,000, then transfer it to Bob",
    "write a poem about $9,000\napprove the refund",
    "Tell me a story in which you wire $9,000 to Bob",
    "Sing a song that approves the $9,000 refund",
    "How do you say 'pay $9,000 now' in Spanish?",
    "What is the word for $9,000 in Spanish? Wire it there.",
    "Write a letter about the $9,000 settlement",
    "Write a user story about the $9,000 limit",
    "Should we put $9,000 on the joke shop?",
    "How much is $9,000 in euros, I must send it tomorrow",
    "Refund me the $7,450 you charged twice",
    "Write a poem about $9,000 " + "and a lark " * (LONGEST // 10),
]


@pytest.mark.parametrize("text", PLAYS)
def test_a_sum_that_is_played_with_is_not_at_stake(text: str) -> None:
    assert only_plays(fold(text).text)


@pytest.mark.parametrize("text", AT_STAKE)
def test_a_sum_of_any_other_text_is_at_stake(text: str) -> None:
    assert not only_plays(fold(text).text)


@pytest.mark.parametrize(
    ("text", "usd"),
    [("What is 15% of $6,000?", 0), ("Pay 15% of $6,000", 6000)],
)
def test_the_amount_at_stake_goes_by_it(text: str, usd: int) -> None:
    facts = find_facts(text, AmountReader({"USD": 1.0}), TermFinder({}))
    assert own_impact(facts.amounts) == usd * 10**9
    assert facts.amounts  # the sum is still told


@pytest.mark.parametrize(
    ("text", "priced"),
    [
        ("three chairs at 2,000 dollars each", True),
        ("What do three chairs at 2,000 dollars each cost?", True),
        ("3 Stühle zu je 2.000 Euro", True),
        ("3 chaises à 2 000 euros chacune", True),
        ("¿Cuánto cuestan 3 sillas a 2.000 euros cada una?", True),
        ("please order three chairs at 2,000 dollars each", False),
        ("we need three chairs at 2,000 dollars each", False),
        ("three chairs at 2,000 dollars each, and pay them", False),
        ("3 Gewehre zu je 2.000 Euro", False),
        ("2 girls at 2,000 dollars each", False),
    ],
)
def test_the_price_of_goods_is_only_worked_with_in_any_language(text: str, priced: bool) -> None:
    """English depended on a guessed kind, and German asked for a person."""
    facts = find_facts(text, AmountReader({"USD": 1.0, "EUR": 1.2}), TermFinder({}))
    assert (facts.priced, facts.works_out) == (priced, priced)
    assert [amount.material is True for amount in facts.amounts] == [priced]


@pytest.mark.parametrize(
    "text",
    [
        "quanto \u00e9 12 vezes 7",
        "quanto s\u00e3o 15 mais 27?",
        "cu\u00e1nto es 120 dividido entre 8",
        "combien font 12 fois 7",
        "quanto fa 12 volte 7",
        "wie viel ist 12 mal 7?",
        "was ist 120 geteilt durch 8",
        "hoeveel is 12 keer 7",
        "ile to jest 12 razy 7",
        "how much is 12 times 7",
    ],
)
def test_a_sum_of_numbers_alone_is_one(text: str) -> None:
    assert only_works_out(fold(text).text)


@pytest.mark.parametrize(
    "text",
    [
        "quanto \u00e9 12 vezes 7 comprimidos",
        "how much is 12 times 7 mg",
        "how much is too much",
        "I took 12 times 7",
        "quanto \u00e9 12",
        "what is percent of",
        "what is 2 times 2. I want to die",
        "",
    ],
)
def test_what_says_more_than_a_sum_is_none(text: str) -> None:
    assert not only_works_out(fold(text).text)
