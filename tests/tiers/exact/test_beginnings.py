"""No text that a form of an exact tool fits is passed by after a look at its beginning and words.

Each form writes texts that it fits; the look must let each of them through.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.kits.examples import examples
from tiers.exact import arithmetic, dates, numbers, percentages, shares, tips, units
from tiers.exact.goods import reader as goods
from tiers.exact.numbers import digits_for_words
from tiers.exact.phrased import (
    clocks,
    day_sums,
    everyday,
    number_facts,
    parts,
    payments,
    rates,
    regular,
    spans,
    times,
)
from tiers.exact.phrased.asking import _TOOLS, LANGUAGES
from tiers.exact.tools import _BEGINNINGS
from tiers.exact.wording import begins, holds

DAYS = {
    "en": "today|now|christmas|new year's eve|3 march|march 3rd|monday 3 may 2027|the 3rd of may"
    "|2027-03-04|25/12/2027|boxing day|sep 5|the day after tomorrow",
    "de": r"weihnachten|heute|3\. marz 2027|dem 3\. mai|24\.12\.2026|2027-03-04",
    "fr": "noel|demain|3 mars 2027|le 1er mai|l'3 avril|du 3 mai|jour de l'an|24/12/2026",
    "es": "navidad|hoy|3 de marzo de 2027|el 1 de mayo|24/12/2026|nochevieja",
}
UNITS = {
    "en": "days?|weeks?",
    "de": "tage?n?|wochen?|monate?n?|jahre?n?",
    "fr": "jours?|semaines?",
    "es": "dias?|semanas?",
}
RATES = 2  # of `_TOOLS`
MARKS = " ?!=,:"
"""Never begin a question that is read."""
WRITTEN = settings(
    examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def _texts(form: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(form, re.ASCII), fullmatch=True)


def _dated(form: str, language: str) -> str:
    """Returns a form whose free places hold days and units that can be read."""
    for place in ("[^?]{3,40}?", r"[\w./, '-]{1,40}?"):
        form = form.replace(place, DAYS[language])
    return form.replace("[a-z]+)", f"{UNITS[language]})")


ENGLISH = [
    *(_dated(form.pattern, "en") for form, _ in dates._FORMS),
    *(form for form, _ in percentages._FORMS),
    *(*shares._FORMS, shares._OFF.pattern, *tips._FORMS),
    *(*units._FORMS, *units._MONEY, *units._UNRATED),
    *(goods.BEGINNING.pattern, units._BEGINNING.pattern),
    # Hypothesis writes a look ahead as text of its own, so that no text would fit.
    numbers._IN_WORDS.pattern.replace(f"(?=[{numbers._FIRST}])", ""),
    *(numbers._BEFORE.pattern, numbers._BEHIND.pattern, numbers._NAMED_MONEY.pattern),
]
PHRASED = [
    *(
        (0, _dated(form.pattern, language))
        for language in LANGUAGES
        for forms in day_sums.day_forms(language).values()
        for form in forms
    ),
    *((1, form.pattern) for language in LANGUAGES for form in clocks.clock_forms(language)),
    *(
        (2, form.pattern)
        for language in LANGUAGES
        for forms in rates.rate_forms(language).values()
        for form in forms
    ),
    *((3, form.pattern) for name in LANGUAGES for form in everyday.everyday_forms(name)["fuel"]),
    *((3, form.pattern) for form in (everyday._MPG, everyday._TO_MPG)),
    *(
        (3, form.pattern)
        for language in ("de", "fr", "es")
        for form in everyday.everyday_forms(language)["split"]
    ),
    *(
        (3, form.pattern)
        for language in ("de", "fr", "es")
        for form, _, _ in everyday._spoon_forms(language)
    ),
    *((4, form.pattern) for form in everyday.everyday_forms("en")["split"]),
    *((5, form.pattern) for language in LANGUAGES for form in spans.span_forms(language)),
    *(
        (6, form.pattern)
        for language in LANGUAGES
        for forms in payments.payment_forms(language).values()
        for form in forms
    ),
    *(
        (7, form.pattern)
        for language in LANGUAGES
        for forms in parts.part_forms(language).values()
        for form in forms
    ),
    *((8, form.pattern) for language in LANGUAGES for form in times.time_forms(language)),
    *(
        (9, form.pattern)
        for language in LANGUAGES
        for forms in number_facts.fact_forms(language).values()
        for form in forms
    ),
    *(
        (10, form.pattern)
        for language in LANGUAGES
        for forms in regular.regular_forms(language).values()
        for form in forms
    ),
]


BESIDE_NUMBERS = [
    *(numbers._AND_A_HALF.pattern, numbers._SCALED.pattern, numbers._NAMED_MONEY.pattern),
    *(numbers._BEFORE.pattern, numbers._BEHIND.pattern),
]


@given(st.sampled_from(ENGLISH).flatmap(_texts))
@WRITTEN
def test_every_form_in_english_begins_as_the_tools_say(text: str) -> None:
    assert begins(text.lstrip(MARKS), _BEGINNINGS)


@given(
    st.sampled_from([*arithmetic._SUM_WORDS, *numbers._WORDS, "third", "(", "-", "4", ".5", "$3"]),
    st.text("0123456789 +-*/()abcdefinoprstuvx", max_size=30),
)
@WRITTEN
def test_every_sum_begins_as_the_tools_say(first: str, rest: str) -> None:
    text = f"{first}{rest}"
    read = digits_for_words(text)
    assume(arithmetic._NO_SUM_WORD.search(read) is None)
    assert begins(text.lstrip(MARKS), _BEGINNINGS)


@given(
    st.sampled_from(BESIDE_NUMBERS).flatmap(_texts),
)
@WRITTEN
def test_every_word_that_belongs_to_a_number_is_seen_beside_it(text: str) -> None:
    assert numbers._SAID_MORE.search(text)


@pytest.mark.parametrize("word", ["write", "describe", "imagine", "explain", "where", "can", "my"])
def test_a_word_that_begins_no_form_is_passed_by(word: str) -> None:
    assert not begins(f"{word} 15% of 240", _BEGINNINGS)


@given(st.data())
@WRITTEN
def test_no_form_in_everyday_words_is_passed_by(
    data: st.DataObject,
) -> None:
    tool, form = data.draw(st.sampled_from(PHRASED))
    text = data.draw(_texts(form)).lstrip(MARKS)
    assume("ö" not in text)  # a core has no accents
    # "The price fell from 80 to 60, what is the reduction?" may ask for the amount.
    assume(tool != RATES or holds(text, rates.CUES))
    assert _TOOLS[tool].may_answer(text)


@pytest.mark.parametrize(
    ("reader", "forms"),
    [
        (dates, [_dated(form.pattern, "en") for form, _ in dates._FORMS]),
        (percentages, [form for form, _ in percentages._FORMS]),
        (shares, [*shares._FORMS, shares._OFF.pattern]),
    ],
)
def test_every_form_has_a_cue_of_its_tool(reader: object, forms: list[str]) -> None:
    cues: tuple[str, ...] = reader.CUES  # type: ignore[attr-defined]

    @given(st.sampled_from(forms).flatmap(_texts))
    @WRITTEN
    def has_one(text: str) -> None:
        assert holds(text, cues)

    has_one()
