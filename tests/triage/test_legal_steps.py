"""A message about a legal step gets no approved answer that merely shares its subject."""

from __future__ import annotations

import pytest

from router.triage.matching.denials import words_in
from router.triage.matching.doubts import Shelf
from router.triage.matching.legal_steps import is_legal_step
from router.types import Domain, Match, MatchBasis
from tests.kits.checks.growth import in_proportion

STEPS = [
    "Should I sue you for the broken fork?",
    "how do I sue the shop that mended my tyre",
    "I'll take you to court over the wheel",
    "we are going to small claims court about the brakes",
    "You will hear from my solicitor about the repair",
    "my lawyer says the repair was your fault",
    "Is the shop liable for the crash?",
    "do you accept full liability for the frame",
    "I demand compensation for the scratched paint",
    "am I entitled to damages for the tyre",
    "I'll report the repair to trading standards",
    "May I withhold payment for the service?",
    "do I have a case against you for the fork",
    "what if I take legal action over the saddle",
    "Why should I not sue you? You broke the fork",
    "you did not mend it, so I'll take you to court",
    "If you don't refund the fork I will sue you",
    "if it's not mended by Monday we'll take you to court",
    "if you do not pay I sue you",
    "I have no choice but to sue you",
    "why not sue you for the fork?",
    "don't make me sue you",
]
ORDINARY = [
    "What does a puncture repair cost?",
    "Hi, this is Sue, my tyre is flat",
    "Is this Sue my neighbour bought the bike from?",
    "are you near the tennis court",
    "deliver it to Court Road 5 please",
    "leave it against the wall",
    "I'm not going to sue anyone, how do I return a lamp",
    "I don't want to take you to court, just mend the tyre",
    "there is no need to sue you, when do you open",
    "I never said that you would be taken to court",
    "my friend is a lawyer, what does a service cost",
    "there are two charges on my card",
    "the box was damaged, who claims the postage",
]


@pytest.mark.parametrize("text", STEPS)
def test_a_legal_step_is_told(text: str) -> None:
    assert is_legal_step(text, words_in(text), (), glossed=False)


@pytest.mark.parametrize("text", ORDINARY)
def test_words_of_law_alone_are_no_step(text: str) -> None:
    assert not is_legal_step(text, words_in(text), (), glossed=False)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("Soll ich euch wegen der Gabel verklagen?", True),
        ("Mein Anwalt wird sich melden", True),
        ("Wann kommt meine Gabel?", False),
        ("Je vais porter plainte pour le pneu", True),
        ("Mon avocat est trop mûr", False),
        ("¿Puedo demandarlos por la bicicleta?", True),
        ("Hay mucha demanda de bicicletas", False),
        ("Posso fare causa per la forcella?", True),
        ("Vou processar vocês por causa do pneu", True),
        ("Podem processar o meu pedido?", False),
        ("Kan ik naar de rechter om de band?", True),
        ("Czy mogę pozwać sklep?", True),
        ("Czy pozwolicie mi zwrócić rower?", False),
    ],
)
def test_steps_are_told_in_languages_with_a_glossary(text: str, step: bool) -> None:
    assert is_legal_step(text, words_in(text), (), glossed=True) is step


def test_an_answer_about_the_step_is_still_given() -> None:
    """A bank's own words name the ombudsman, and who asks for one gets them."""
    text = "is there an ombudsman I can turn to"
    assert is_legal_step(text, words_in(text), {"complaint"}, glossed=False)
    assert not is_legal_step(text, words_in(text), {"complaint", "ombudsman"}, glossed=False)


def test_a_shelf_gives_and_offers_nothing_for_a_legal_step() -> None:
    """The offer was the puncture: "Should I sue you for the broken fork?" is about the fork."""
    shelf = Shelf(
        [("fork", Domain.CUSTOMER_SUPPORT, ["my fork broke"], "It has five years of warranty.")],
        lambda _: True,
    )
    match = Match("fork", 0.9, 0.8, 0.3, (), MatchBasis.RERANKED)
    assert shelf.judged("Should I sue you for the broken fork?", match) is None
    assert shelf.judged("Is my broken fork under warranty?", match) is not None


@pytest.mark.parametrize("glossed", [False, True])
def test_reading_takes_time_in_proportion(glossed: bool) -> None:
    def read(text: str) -> bool:
        return is_legal_step(text, {"court"}, (), glossed=glossed)

    assert in_proportion(read, "take my case to the ")
