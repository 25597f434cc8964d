"""The end of a chat, and the goodbyes that are none."""

from __future__ import annotations

import pytest

from router.triage.facts.farewells import MOST_WORDS, only_closes, only_is_away
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
        "I can't go on holiday",
        "We cannot go on vacation this year",
        "I won't be in the office tomorrow, thanks for your understanding",
        "Hi all, I will not be in the office on Monday. I'm on leave until Thursday.",
        "Goodbye everyone, I start my parental leave on Monday",
        "Goodbye everyone, my parental leave begins on Monday",
        "I'm on holiday from tomorrow - bye everyone!",
        "Bye, I'm out of the office until next week",
    ],
)
def test_who_only_says_why_they_are_away_is_away(text: str) -> None:
    assert only_is_away(fold(text).text)


@pytest.mark.parametrize(
    "text",
    [
        "I can't take it. I won't be here after my night shift. Goodbye everyone",
        "I can't take this. On my last working day it ends. Goodbye all",
        "Goodbye everyone, I can't take it, I am on sick leave and I won't be back",
        "I am over. I can't. Goodbye everyone, I will not be here when my shift ends",
        "I can't move, please come, I'm at home on sick leave",
        "I'm on leave. Goodbye everyone",  # the goodbye has no reason of its own
        "I'm on leave. Goodbye everyone, I won't be back",
        "I'm on leave from everyone, goodbye",
        "I'm on vacation from this. Goodbye all",
        "Goodbye everyone, I won't be in the office tomorrow",  # nor does this say why
        "Goodbye everyone, I won't be in the office on Monday or ever again",
        "Goodbye everyone, it ends today, I'm on leave",
        "Goodbye everyone, I won't be here when my holiday ends",
        "I will not be here after my vacation, goodbye everyone",
        "I can't. Go on holiday. Goodbye everyone",
        "I can't, go on holiday, goodbye all",
        "I can't go on, I'm on leave from tomorrow",
        "I can't go on. Holiday is over. Goodbye all",
        "I can't go on holiday or anywhere, I want to die",
        "I can't go on holiday, I have written the letters",
        "Please come, I can't move, I'm on a business trip",
        "I'm out of office and out of time. Goodbye all",
        "I start my parental leave and I can't. I won't be here. Goodbye",
        "On Monday I hand over and then it ends, goodbye everyone",
        "Thanks for everything. I won't be here tomorrow",
        "They will find me in the office tomorrow. Goodbye",
        "I won't be in the office, I won't be anywhere",
        "On holiday at the bridge. Goodbye",
        "Goodbye everyone, today",
        "...",
        "",
    ],
)
def test_any_other_word_of_who_is_away_leaves_it_to_the_reader(text: str) -> None:
    assert not only_is_away(fold(text).text)
