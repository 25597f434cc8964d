"""Messages in frames: what may stand around them, how long the whole is, and who reads which."""

from __future__ import annotations

import random
import re
from difflib import SequenceMatcher
from pathlib import Path

import orjson
import pytest

from router.training.data.companies import Company, CompanyAnswer, CustomerMessage
from router.training.reranking.framing import FRAMED_SHARE, Fillers, Framing, fillers
from router.training.reranking.pairs import Shelf
from router.triage.matching.gate import MOST_CHARACTERS
from router.triage.reranking.cross_encoder import MESSAGE_TOKENS
from router.triage.triage_model import TriageModel

JUDGE = Path(__file__).parents[3] / "benchmarks" / "prompts" / "frames.jsonl"
ALIKE_WORDS, ALIKE_LETTERS = 0.5, 0.72
"""From here on a sentence nearly equals one of the judge."""

SOME = Fillers(("It rains here.", "My name is Ada"), ("Best, Ada", "It rains here."))


def by_words(text: str) -> list[int]:
    return [0, *range(len(text.split())), 0]


def sentences() -> list[str]:
    parts = fillers()
    return sorted({text for one in parts for side in one for text in side})


def test_a_frame_stands_around_the_message() -> None:
    framing, rng = Framing(SOME, by_words), random.Random(1)
    made = {framing.framed("when do you open", rng) for _ in range(200)}
    assert "My name is Ada. when do you open? Best, Ada" in made
    assert "It rains here. when do you open" in made
    assert all("when do you open" in text for text in made)
    assert not any(text.count("It rains here.") > 1 for text in made)


def test_a_message_without_room_for_a_frame_stays() -> None:
    framing, rng = Framing(SOME, by_words), random.Random(1)
    for long in ("w" * (MOST_CHARACTERS - 5), "w " * (MESSAGE_TOKENS - 1)):
        assert {framing.framed(long, rng) for _ in range(20)} == {long}


def test_framed_messages_are_read_whole(model: TriageModel) -> None:
    framing, rng = Framing(fillers().taught, model.encoder.tokenise), random.Random(1)
    for _ in range(300):
        text = framing.framed("how long does the delivery to another country take", rng)
        assert len(text) <= MOST_CHARACTERS
        assert len(model.encoder.tokenise(text)) - 2 <= MESSAGE_TOKENS


def test_about_a_third_is_framed() -> None:
    texts = ["when do you open"] * 2_000
    made = Framing(SOME, by_words).some_framed(texts, random.Random(1))
    assert abs(sum(text != texts[0] for text in made) / len(made) - FRAMED_SHARE) < 0.04


def test_sentences_that_fit_or_judge_teach_nothing() -> None:
    taught, fitting, judging = ({*one.before, *one.after} for one in fillers())
    assert not taught & fitting
    assert not taught & judging
    assert not fitting & judging
    held = len(fitting | judging)
    assert abs(held / len(taught | fitting | judging) - 0.2) < 0.02


def test_no_sentence_is_nearly_one_of_the_judge() -> None:
    rows = [orjson.loads(line) for line in JUDGE.read_bytes().splitlines()]
    judge = [
        part
        for row in rows
        for side in row["frame"].split("{u}")
        for part in (side, *re.split(r"(?<=[.!?])\s+", side))
        if re.search(r"\w", part)
    ]
    told = [(part.lower(), {*re.findall(r"[\w']+", part.lower())}) for part in judge]
    for text in sentences():
        words = {*re.findall(r"[\w']+", text.lower())}
        for part, others in told:
            assert len(words & others) < ALIKE_WORDS * len(words | others), (text, part)
            near = SequenceMatcher(None, text.lower(), part)
            if near.real_quick_ratio() >= ALIKE_LETTERS and near.quick_ratio() >= ALIKE_LETTERS:
                assert near.ratio() < ALIKE_LETTERS, (text, part)


def test_no_sentence_asks() -> None:
    assert not [text for text in sentences() if "?" in text]


def test_a_line_of_no_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fillers.txt"
    path.write_text("# all\nb Hello.\nx Hello.\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected a line of #, b, a, e"):
        fillers(path)


def shop() -> Company:
    answers = [
        CompanyAnswer("hours", "We open at nine.", ["when are you open", "opening hours"]),
        CompanyAnswer("parking", "There are five places.", ["is there parking", "car park"]),
    ]
    messages = [
        CustomerMessage("can I come at ten", "hours"),
        CustomerMessage("are you open on the moon", "", "hours"),
    ]
    return Company("shop", answers, messages)


def test_right_and_wrong_pairs_of_a_message_share_its_frame(model: TriageModel) -> None:
    framing = Framing(SOME, model.encoder.tokenise)
    shelf, framed = Shelf(shop(), model.encoder, framing), 0
    for seed in range(20):
        made = list(shelf.labelled(random.Random(seed)))
        asked = [one for one in made if "can I come at ten" in one.pair.message]
        assert len({one.pair.message for one in asked}) == 1
        assert [one.right for one in asked] == [True, False]
        framed += asked[0].pair.message != "can I come at ten"
    assert 2 <= framed <= 12


def test_an_answer_keeps_some_questions_that_are_asked_in_frames(model: TriageModel) -> None:
    shelf = Shelf(shop(), model.encoder, Framing(SOME, model.encoder.tokenise))
    kept = []
    for seed in range(40):
        for one in shelf.labelled(random.Random(seed)):
            asked = [text for text in QUESTIONS if text in one.pair.message]
            assert one.pair.message not in one.pair.questions
            if asked and asked[0] != one.pair.message and one.right:
                kept.append(asked[0] in one.pair.questions)
    assert 0 < sum(kept) < len(kept)


QUESTIONS = ("when are you open", "opening hours", "is there parking", "car park")


def test_a_company_in_frames_keeps_what_its_messages_ask_for() -> None:
    framed = Framing(SOME, by_words).of_company(shop(), random.Random(1))
    assert [(one.answer_id, one.resembles) for one in framed.messages] == [
        ("hours", ""),
        ("", "hours"),
    ]
    assert {one.text for one in framed.messages}.isdisjoint(one.text for one in shop().messages)
    assert framed.answers == shop().answers


def test_a_company_beside_its_frames_has_both() -> None:
    both = Framing(SOME, by_words).beside(shop(), random.Random(1)).messages
    assert both[:2] == shop().messages
    assert both[2:] == Framing(SOME, by_words).of_company(shop(), random.Random(1)).messages
