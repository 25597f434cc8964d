"""A plain look-up in passages that a program hands over is read without their matters."""

from __future__ import annotations

import pytest

from router.library import Gateway
from router.triage.framing.given.handed_passages import Handed, looked_up
from tests.kits.checks.growth import in_proportion
from tests.kits.opened import gateway_of

SPILL = (
    "If acid is spilled, clear the hall, call the fire brigade and rinse burnt skin for twenty "
    "minutes. Whoever breathed the fumes is taken to hospital at once."
)
HOURS = "The store gives out gloves and goggles from 7 to 9. Its clerk is Mr Brandt, telephone 412."
PASSAGES = f"[1] {SPILL}\n[2] {HOURS}"
WHEN = "When does the store give out goggles?"
LAYOUTS = (
    f"Answer from the sources below.\n\n{PASSAGES}\n\nQuestion: {{}}",
    f"Use the following pieces of context.\n\n{SPILL}\n{HOURS}\n\nQuestion: {{}}\nHelpful Answer:",
    f"Use the retrieved context alone.\nQuestion: {{}}\n\nContext:\n{SPILL}\n{HOURS}\n\nAnswer:",
    f"<documents><doc>{SPILL}</doc>\n<doc>{HOURS}</doc></documents>\n<question>{{}}</question>",
    f"Answer from the context.\n### Context\n{SPILL}\n{HOURS}\n\n### Question\n{{}}\n\n### Answer",
    f"Passage 1: {SPILL}\n\nPassage 2: {HOURS}\n\n{{}}",
)


gateway = gateway_of("default")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_look_up_is_parted_from_its_passages(layout: str) -> None:
    parts = looked_up(layout.format(WHEN))
    assert parts is not None
    assert parts.asked == WHEN
    assert SPILL in parts.text
    assert WHEN not in parts.text


@pytest.mark.parametrize(
    "question",
    [
        "Wann ist die Ausgabe geöffnet?",
        "À quelle heure ferme le magasin ?",
        "¿Quién es el encargado y cuál es su teléfono?",
        "Quando apre il magazzino?",
        "Hoe laat gaat de uitgifte open?",
        "A que horas abre o armazém?",
        "Kto wydaje rękawice?",
    ],
)
def test_a_look_up_in_another_language_is_parted(question: str) -> None:
    assert looked_up(LAYOUTS[0].format(question)) == Handed(
        question, f"Answer from the sources below.\n\n{PASSAGES}"
    )


@pytest.mark.parametrize(
    "question",
    [
        "Should we clear the hall?",
        "What do we do now?",
        "My hand burns. When does the store open?",
        "Is it safe to go back in?",
        "How many tablets may he take?",
        "He is not waking up, who is the clerk?",
        "Müssen wir das melden?",
        "Puis-je rentrer ?",
    ],
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_who_needs_counsel_is_read_with_the_passages(layout: str, question: str) -> None:
    assert looked_up(layout.format(question)) is None


@pytest.mark.parametrize(
    "text",
    [
        f"I spilled acid over my arm and it burns, I rinsed it. {HOURS * 2}\nQuestion: {WHEN}",
        f"Context: My brother spilled acid over his face. {HOURS * 2}\nQuestion: {WHEN}",
        f"{PASSAGES}\n\nQuestion: Who is burnt?\nQuestion: {WHEN}",
        f"Question: {WHEN}",
        f"{SPILL} {HOURS}\n{WHEN}",
        f"Context: {SPILL} {HOURS}\n\nQuestion: {WHEN}",  # a person may write such headings
        f"Answer from the sources below.\n{PASSAGES}\nQuestion: {WHEN}\nMy arm is burnt.",
        f"A colleague fell in the hall after reading his results. {SPILL} {HOURS}\n{WHEN}",
        f"She lies in the archive, with blood on all documents. {SPILL}\nQuestion: {WHEN}",
    ],
)
def test_a_persons_own_words_are_no_passages(text: str) -> None:
    assert looked_up(text) is None


@pytest.mark.parametrize(
    ("begin", "piece"),
    [("Question is ", "a"), ("Question is ", "a "), ("", " "), ("", "Note: "), ("", "from it, ")],
)
def test_a_long_line_is_read_in_proportion(begin: str, piece: str) -> None:
    # A short text of 300 characters: the cube of it took a second.
    assert in_proportion(looked_up, piece, f"{PASSAGES}\n{begin}", short=300, slow_s=0.5)


def test_passages_raise_nothing_for_a_look_up(gateway: Gateway) -> None:
    outcome = gateway.route(LAYOUTS[0].format(WHEN))
    assert outcome.rung.level < 3
    assert not outcome.words_alone
    assert outcome.signals.given_text is True


def test_passages_count_for_who_needs_counsel(gateway: Gateway) -> None:
    outcome = gateway.route(LAYOUTS[0].format("My arm is burnt by acid, what should I do?"))
    assert outcome.rung.level == 3


def test_an_approved_answer_stands_back_before_passages(gateway: Gateway) -> None:
    assert gateway.route("Where is my order?").rung.level == 1
    outcome = gateway.route(LAYOUTS[0].format("Where is my order?"))
    assert outcome.rung.level > 1
