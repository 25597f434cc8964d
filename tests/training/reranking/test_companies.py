"""The made-up companies, and the pairs that are made of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from router.training.data.companies import Company, CompanyAnswer, CustomerMessage, companies
from router.training.reranking.pairs import Shelf
from router.triage.triage_model import TriageModel

TEXT = """# A shop, that sells things
= hours | We open at nine.
u when are you open
u opening hours
u are you open now
m can I come at ten
n are you open on the moon
= parking | There are five places.
u is there parking
u where can I park
u car park
m I come by car
o what is the capital of France
"""


def written(folder: Path, text: str = TEXT) -> Company:
    (folder / "shop.txt").write_text(text, encoding="utf-8")
    return companies(folder)[0]


def test_a_file_is_read_by_its_kinds_of_lines(tmp_path: Path) -> None:
    shop = written(tmp_path)
    assert shop.name == "shop"
    assert shop.answers[0] == CompanyAnswer(
        "hours", "We open at nine.", ["when are you open", "opening hours", "are you open now"]
    )
    assert shop.messages == [
        CustomerMessage("can I come at ten", "hours"),
        CustomerMessage("are you open on the moon", "", "hours"),
        CustomerMessage("I come by car", "parking"),
        CustomerMessage("what is the capital of France", ""),
    ]


@pytest.mark.parametrize("line", ["x what", "u before any answer"])
def test_a_line_of_no_kind_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match="expected a line of #, =, u, m, n, o"):
        written(tmp_path, f"# shop\n{line}\n")


def test_every_company_of_ours_has_all_kinds_of_lines() -> None:
    ours = companies()
    assert len(ours) >= 80
    for one in ours:
        ids = [answer.answer_id for answer in one.answers]
        assert len(set(ids)) == len(ids) >= 11, one.name
        assert all(answer.text and len(answer.questions) >= 4 for answer in one.answers), one.name
        asked = [message for message in one.messages if message.answer_id]
        near = [message for message in one.messages if message.resembles]
        assert len(asked) >= 5 * len(ids), one.name
        assert len(near) >= 2 * len(ids), one.name
        assert len(one.messages) > len(asked) + len(near), one.name


def test_a_message_is_paired_with_its_answer_and_with_wrong_ones(
    model: TriageModel, tmp_path: Path
) -> None:
    shop = written(tmp_path)
    made = list(Shelf(shop, model.encoder).labelled(random.Random(1)))
    of = {text: [one for one in made if one.pair.message == text] for text in TEXT_MESSAGES}
    assert [one.right for one in of["can I come at ten"]] == [True, False]
    assert [one.right for one in of["are you open on the moon"]] == [False, False]
    assert [one.right for one in of["what is the capital of France"]] == [False]


TEXT_MESSAGES = (
    "can I come at ten", "are you open on the moon", "what is the capital of France",
)  # fmt: skip


def test_no_question_is_paired_with_itself(model: TriageModel, tmp_path: Path) -> None:
    shelf = Shelf(written(tmp_path), model.encoder)
    for seed in range(10):
        for one in shelf.labelled(random.Random(seed)):
            assert one.pair.message not in one.pair.questions
