"""The end of a chat, and the goodbyes that are none."""

from __future__ import annotations

import pytest

from router.triage.facts.farewells import (
    MOST_WORDS,
    MOST_WORDS_AWAY,
    only_closes,
    only_is_away,
)
from router.triage.text.folding import fold


@pytest.mark.parametrize(
    "text",
    [
        "we're done here, goodbye",
        "We are done here. Good-bye!",
        "ok thanks, that's all for today - bye bye",
        "No more questions, thank you. Have a nice day",
        "goodbye",
        "I see",
        "oh ok, I understand, thanks",
    ],
)
def test_words_that_close_a_chat_or_an_answer_close_it(text: str) -> None:
    assert only_closes(fold(text).words)


@pytest.mark.parametrize(
    "text",
    [
        "goodbye everyone",
        "I'm done with everything, goodbye",
        "goodbye forever",
        "tell my mother goodbye",
        "this is goodbye",
        "I see no way out",
        "I understand now that nobody needs me",
        "I am done. I can't go on. bye",
        "that's all",  # it says no goodbye, so nothing is heard in it
        "",
        "bye " * (MOST_WORDS + 1),
    ],
)
def test_any_other_word_leaves_a_goodbye_to_the_reader(text: str) -> None:
    assert not only_closes(fold(text).words)


@pytest.mark.parametrize(
    "text",
    [
        "I can't go on holiday, I have written the letters to cancel",
        "I won't be in the office tomorrow, thanks for your understanding",
        "Goodbye everyone, I start my parental leave on Monday",
        "Thanks for everything, my shift ends at six and I won't be here after that",
        "I won't be at home tomorrow, please leave the parcel with the neighbours",
        "Dear team, I'm on vacation from Thursday and won't be here. Who takes over the meeting?",
        "Thank you for everything, this is my last working day",
    ],
)
def test_who_only_says_why_they_are_away_is_away(text: str) -> None:
    assert only_is_away(fold(text).words)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for everything. I won't be here tomorrow",  # it gives no reason
        "I can't go on. I have written the letters",
        "I can't go on holiday, I have written the letters",  # whose letters they are is open
        "I can't go on holiday or anywhere, I want to die",
        "I can't go on, my holiday is over and so am I",
        "Goodbye everyone at work. I won't be here tomorrow",
        "I won't be here for my next shift",
        "Tell my office I am sorry. I won't be here tomorrow",
        "I won't be in the office tomorrow or ever again",
        "I won't be in the office, I won't be anywhere",
        "They will find me in the office tomorrow. Goodbye",
        "I'm on leave and can't go on",
        "Close my account please, I won't need it after Friday",
        "The delivery does not matter, I won't be here to open it",
        "Goodbye. I have left the keys with the neighbour",
        "On holiday at the bridge. Thanks for everything",
        "",
        "I'm on leave. " * MOST_WORDS_AWAY,
    ],
)
def test_any_other_word_of_who_is_away_leaves_it_to_the_reader(text: str) -> None:
    assert not only_is_away(fold(text).words)
