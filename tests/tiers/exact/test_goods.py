"""What goods cost in German, French and Spanish: a count, everyday goods, a price of each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.money.priced_goods import LONGEST, priced_goods
from tests.kits.examples import examples
from tiers.exact.goods.reader import cost_of_goods
from tiers.exact.tools import solved


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("3 Stühle zu je 2.000 Euro", "3 * 2.000 € = 6.000 €"),
        ("Was kosten drei Stühle zu 2000 Euro?", "3 * 2.000 € = 6.000 €"),
        ("3 Lampen 49,90 € pro Stück zusammen", "3 * 49,90 € = 149,70 €"),
        ("3 chaises à 2 000 euros chacune", "3 * 2\u202f000 € = 6\u202f000 €"),
        ("Combien coûtent deux chaises de bureau à 99,90 € l'unité ?", "2 * 99,90 € = 199,80 €"),
        ("Was kosten 3 Stühle zu je 900 €?", "3 * 900 € = 2.700 €"),
        ("3 Stühle à 49,90 €", "3 * 49,90 € = 149,70 €"),
        ("3 sillas a 2.000 euros cada una", "3 * 2.000 € = 6.000 €"),
        ("Was kosten 3 Meter Stoff zu je 14,50 Euro pro Meter?", "3 * 14,50 € = 43,50 €"),
        ("Was kosten 3 kg Äpfel zu 2,50 Euro pro kg?", "3 * 2,50 € = 7,50 €"),
        ("Combien coûtent 3 mètres de tissu à 14,50 euros le mètre ?", "3 * 14,50 € = 43,50 €"),
        ("3 meters of cloth at $14 per meter", "3 * $14 = $42"),
        ("¿Cuánto cuestan 3 sillas de oficina a 20 € cada una?", "3 * 20 € = 60 €"),
        ("three chairs at 2,000 dollars each", "3 * $2,000 = $6,000"),
        ("How much are 2 A4 frames at $20 each?", "2 * $20 = $40"),
        ("Was kosten 3 DIN A4 Rahmen zu je 20 Euro?", "3 * 20 € = 60 €"),
        ("Was kosten 5 kg Äpfel zu 3 Euro je kg?", "5 * 3 € = 15 €"),
        ("5 kg Birnen zu 3 Euro das Kilo", "5 * 3 € = 15 €"),
        ("4 cadres à 72 euros pièce, livraison comprise", "4 * 72 € = 288 €"),
        ("4 frames at $72 each, delivery included, what is the total?", "4 * $72 = $288"),
        (
            "3 Rahmen zu 48 Euro mit einem 200-Euro-Schein, was bekomme ich zurück?",
            "200 € - 3 * 48 € = 56 €",
        ),
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
        "Combien coûtent 4 cadres à 72 euros pièce, livraison comprise ?",  # how dear is that
        "Museumsglas für A3 zu je 20 Euro",
        "2 A9 Rahmen zu je 20 Euro",
        "Was kosten 3 kg Äpfel zu 2,50 Euro pro Pfund?",
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


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Was kosten 3 Schleudern zu je 25 Euro?", "3 * 25 € = 75 €"),
        ("Combien coûtent 3 ruches à 45 € pièce ?", "3 * 45 € = 135 €"),
        ("¿Cuánto cuestan 3 colmenas a 45 € cada una?", "3 * 45 € = 135 €"),
        (
            "what do 3 queens at $38 and 2 nucs at $210 cost together?",
            "3 * $38 + 2 * $210 = $534",
        ),
        ("a table at $200 and 4 stools at $50 each, what's the total?", "$200 + 4 * $50 = $400"),
        (
            "Was kosten 2 Königinnen zu je 38 € und 3 Ableger à 1.200 € zusammen?",
            "2 * 38 € + 3 * 1.200 € = 3.676 €",
        ),
        (
            "Combien font 2 reines à 38 € et 3 ruches à 210 € en tout ?",
            "2 * 38 € + 3 * 210 € = 706 €",
        ),
        ("¿Cuánto son 2 reinas a 38 € y 3 colmenas a 210 €?", "2 * 38 € + 3 * 210 € = 706 €"),
        ("I need 15 trays at $8.40 each, what's the total?", "15 * $8.40 = $126"),
        ("Ich brauche 15 Tabletts zu je 8,40 €, was macht das?", "15 * 8,40 € = 126 €"),
        ("Il me faut 15 plateaux à 8,40 € pièce, ça fait combien ?", "15 * 8,40 € = 126 €"),
        ("Necesito 15 bandejas a 8,40 € cada una, ¿cuánto es?", "15 * 8,40 € = 126 €"),
        ("Was sind 3 mal 38 Euro?", "3 * 38 € = 114 €"),
        ("Combien font 3 fois 38 euros ?", "3 * 38 € = 114 €"),
        ("¿Cuánto es 3 por 38 euros?", "3 * 38 € = 114 €"),
    ],
)
def test_a_question_for_the_total_may_name_any_goods(text: str, answer: str) -> None:
    result = solved(text, date(2026, 11, 30))
    assert result is not None
    assert result.text == answer


@pytest.mark.parametrize(
    "text",
    [
        "I need 15 trays at $8.40 each",  # asks for nothing
        "Ich brauche 15 Tabletts zu je 8,40 €",
        "3 Schleudern zu 25 Euro",  # it may be the price of all
        "3 ruches à 45 €",
        "3 por 38 euros",  # three for 38
        "what do 3 queens at $38 and 2 nucs at 210 € cost together?",
        "what do 3 queens for $38 and 2 nucs for $210 cost together?",
        "what do 3 queens and 2 nucs cost together?",
        "what do 3 queens at $38 and 2 nucs at $210 cost with shipping?",
        "what do 3 of your queens at $38 and 2 nucs at $210 cost?",
        "Was kosten 3 Schleudern zu je 25 Euro mit Rabatt?",
        "Was kosten 3 Schleudern zu je 25 Euro, und sind sie auf Lager?",
        "Was kosten 3 kg Honig zu je 25 Euro?",
        "Was kosten 3 Mädchen zu je 25 Euro?",
        "Combien coûtent 3 fusils à 45 € pièce ?",
        "¿Cuánto cuestan 3 pasaportes a 45 € cada uno?",
    ],
)
def test_what_a_sum_cannot_tell_is_no_total(text: str) -> None:
    assert solved(text, date(2026, 11, 30), opens=True) is None


def test_a_product_without_a_question_may_be_a_reply() -> None:
    assert cost_of_goods("3 mal 38 Euro") is None
    assert cost_of_goods("3 mal 38 Euro", opens=True) == "3 * 38 € = 114 €"


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


@pytest.mark.parametrize(
    "text",
    [
        "a couple of tubes at $7 each, how much?",
        "how much is a couple of chairs at $85?",
        "a few tubes at $7 each, what do I pay?",
        "a pair of tyres at $45 each, what do I pay?",
        "how much are a pair of pedals at $45 each and a chain at $32?",
        "how much are two bells at $5 and a few tubes at $7?",
        "was kosten ein paar Schläuche zu je 7 Euro?",
        "was kosten zwei Klingeln zu je 5 Euro und ein paar Schläuche zu je 7 Euro?",
        "combien font deux sonnettes à 5 € et une paire de pneus à 45 € pièce ?",
        "¿cuánto cuestan dos timbres a 5 euros y un par de ruedas a 45 euros cada una?",
    ],
)
def test_an_article_before_several_things_counts_nothing(text: str) -> None:
    assert solved(text, date(2026, 11, 30), opens=True) is None


@pytest.mark.parametrize(
    ("text", "sum_"),
    [
        ("how much are a saddle at $45 and 2 tubes at $7 each?", "$45 + 2 * $7 = $59"),
        ("two pairs of tyres at $45 each, what do I pay?", "2 * $45 = $90"),
    ],
)
def test_an_article_before_one_thing_counts_one(text: str, sum_: str) -> None:
    answer = solved(text, date(2026, 11, 30))
    assert answer is not None
    assert answer.text == sum_


CENTS = st.integers(1, 9_999_999).map(lambda cents: Decimal(cents) / 100)


@given(
    st.sampled_from(
        [
            "Was kosten {} Bretter zu je {} € plus {} € Versand?",
            "Combien coûtent {} planches à {} € plus {} € de livraison ?",
            "¿Cuánto cuestan {} tablas a {} € más {} € de envío?",
        ]
    ),
    st.integers(2, 99_999),
    CENTS,
    CENTS,
)
@examples(100)
def test_costs_agree_with_decimal(form: str, count: int, price: Decimal, fee: Decimal) -> None:
    apart = "\u202f" if form.startswith("C") else "."
    marks = str.maketrans({",": apart, ".": ","})
    told = cost_of_goods(
        form.format(count, *[f"{sum_:,}".translate(marks) for sum_ in (price, fee)])
    )
    assert told is not None
    total = told.partition(" = ")[2].removesuffix(" €").translate({ord(apart): None, ord(","): "."})
    assert Decimal(total) == count * price + fee
