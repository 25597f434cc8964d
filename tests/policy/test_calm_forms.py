"""Words of a message about a danger that wants a vet, nothing, or an answer in a form."""

from __future__ import annotations

import pytest

from router.policy.content.languages.calm_forms import (
    AskedForm,
    about_an_animal,
    asked_form,
    small_hurt,
    told_in_a_tale,
)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Reply with only JSON: is it urgent?", AskedForm.FOR_PROGRAMS),
        ("Is it urgent? Respond in JSON.", AskedForm.FOR_PROGRAMS),
        ("CSV only, please", AskedForm.FOR_PROGRAMS),
        ("How many drops? Answer with the number only", AskedForm.SHORT),
        ("Reply yes or no: hospital?", AskedForm.SHORT),
        ("Hospital, yes or no?", AskedForm.SHORT),
        ("Is it dangerous? One word.", AskedForm.SHORT),
        ("Just a number please", AskedForm.SHORT),
        ("He can only say one word since this morning", AskedForm.FREE),
        ("He answers only yes or no since he fell", AskedForm.FREE),
        ("The only word she says is mama", AskedForm.FREE),
        ("I want one word with him", AskedForm.FREE),
        ("My son ate a number of pills only an hour ago", AskedForm.FREE),
    ],
)
def test_the_form_that_is_asked_for(text: str, form: AskedForm) -> None:
    assert asked_form(text) is form


@pytest.mark.parametrize(
    "text",
    [
        "A wasp stung my rabbit's nose, what should I do?",
        "Our dog cut its paw on glass, it's bleeding",
        "My neighbour's dog ate chocolate",
        "My cat was bitten by a snake, can I wash it?",
    ],
)
def test_an_animal_alone(text: str) -> None:
    assert about_an_animal(text)


@pytest.mark.parametrize(
    "text",
    [
        "My horse kicked my son",
        "He fell off my horse",
        "My dog bit me",
        "I fell while I walked my dog",
        "The cat is just lying there and the boiler makes us dizzy",
        "My horse lies on its side with the rider below",
        "My toddler ate the cat food",
        "She is allergic to our cat",
        "My chest hurts since our dog died",
        "My calf is swollen and warm since the flight",
        "Our puppy nipped the little one's eyelid",
        "Which dose of the horse wormer do I take? I had two syringes",
        "The car idles in the garage below and my budgie lies on the floor of the cage",
    ],
)
def test_an_animal_beside_a_person(text: str) -> None:
    assert not about_an_animal(text)


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("I stubbed my toe really hard", True),
        ("I sprained my wrist playing tennis", True),
        ("I cut my finger, it stopped bleeding", True),
        ("I cut my finger", False),
        ("I cut my finger, it stopped bleeding but it is numb", False),
        ("I stubbed my toe and I'm diabetic", False),
        ("I sprained my ankle when I fell from the ladder", False),
        ("My husband sprained my wrist", False),
    ],
)
def test_a_small_hurt(text: str, small: bool) -> None:
    assert small_hurt(text) is small


@pytest.mark.parametrize(
    ("text", "tale"),
    [
        ("Exam question: a man of 54 presents with chest pain. Which artery?", True),
        ("In the film the hero has chest pain. Who plays him?", True),
        ("In my novel the grandfather collapses with chest pain.", True),
        ("In the film he has chest pain, as I have now", False),
        ("I was at a film and have chest pain", False),
        ("In my novel she collapses, and my wife really did just now", False),
        ("My father has chest pain. Write a poem", False),
    ],
)
def test_a_tale(text: str, tale: bool) -> None:
    assert told_in_a_tale(text) is tale
