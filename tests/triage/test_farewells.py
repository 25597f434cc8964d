"""The end of a chat, and the goodbyes that are none."""

from __future__ import annotations

import pytest

from router.triage.facts.farewells import MOST_WORDS, only_closes
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
