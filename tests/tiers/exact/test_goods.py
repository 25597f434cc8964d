"""What goods cost in German, French and Spanish: a count, everyday goods, a price of each."""

from __future__ import annotations

from datetime import date

import pytest

from router.money.priced_goods import LONGEST, priced_goods
from tiers.exact.goods import cost_of_goods
from tiers.exact.tools import solved


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("3 Stühle zu je 2.000 Euro", "3 * 2.000 € = 6.000 €"),
        ("Was kosten drei Stühle zu 2000 Euro?", "3 * 2000 € = 6000 €"),
        ("3 Lampen 49,90 € pro Stück zusammen", "3 * 49,90 € = 149,70 €"),
        ("3 chaises à 2 000 euros chacune", "3 * 2 000 € = 6 000 €"),
        ("Combien coûtent deux chaises de bureau à 99,90 € l'unité ?", "2 * 99,90 € = 199,80 €"),
        ("3 sillas a 2.000 euros cada una", "3 * 2.000 € = 6.000 €"),
        ("¿Cuánto cuestan 3 sillas de oficina a 20 € cada una?", "3 * 20 € = 60 €"),
        ("three chairs at 2,000 dollars each", "3 * $2,000 = $6,000.00"),
    ],
)
def test_goods_are_added_up_alike_in_four_languages(text: str, answer: str) -> None:
    result = solved(text, date(2026, 11, 30), opens=True)
    assert result is not None
    assert result.text == answer


@pytest.mark.parametrize(
    "text",
    [
        "3 Stühle für 2.000 Euro",  # all of them
        "3 Stühle zu je 2,000 Euro",  # 2 or 2000
        "3 Stühle zu je 2.000",  # of what
        "3 Stühle zu je 2.000 Euro bestellen",
        "3 Gewehre zu je 2.000 Euro",
        "2 filles à 2 000 euros chacune",
        "3 sillas a 2.000 euros",
    ],
)
def test_what_is_not_understood_whole_has_no_cost(text: str) -> None:
    assert cost_of_goods(text, opens=True) is None


def test_a_fragment_may_be_a_reply_and_a_question_is_none() -> None:
    assert cost_of_goods("3 Stühle zu je 20 Euro") is None
    assert cost_of_goods("Was kosten 3 Stühle zu je 20 Euro?") == "3 * 20 € = 60 €"


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        ("€", "€ euro euros eur"),
        ("$", "$ dollar dollars dollares dolares usd"),
        ("£", "£ pound pounds gbp pfund"),
    ],
)
def test_every_word_for_money_has_its_sign(sign: str, words: str) -> None:
    """A text with "dollares" was an error of the gateway's own."""
    costs = {cost_of_goods(f"3 sillas a 20 {word} cada una", opens=True) for word in words.split()}
    assert costs == {f"3 * 20 {sign} = 60 {sign}"}


def test_a_longer_text_is_not_looked_at() -> None:
    text = "3 stuhle zu je 20 euro"
    assert priced_goods(text.ljust(LONGEST)) is not None
    assert priced_goods(text.ljust(LONGEST + 1)) is None
