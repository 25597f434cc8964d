"""Strangers' messages, small talk and letters: which of them are taken for a grave matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from tests.kits.opened import gateway_of

FOLDER = Path(__file__).parents[1] / "fixtures" / "grave"


def lines_of(block: str, file: str = "letters.txt") -> list[str]:
    """Returns the messages of a block, as in `first none`, a writer and a kind."""
    blocks = (FOLDER / file).read_text(encoding="utf-8").split("\n## ")[1:]
    found = {title: lines for title, *lines in (one.strip().split("\n") for one in blocks)}
    return found[block]


gateway = gateway_of("default")


def share_at_level_3(gateway: Gateway, blocks: list[tuple[str, str]]) -> float:
    """Returns the share of the messages of some blocks and files whose floor is level 3."""
    texts = [text for block, file in blocks for text in lines_of(block, file)]
    return [gateway.route(text).decision.floor for text in texts].count(3) / len(texts)


MENTIONS = [("first none", "letters.txt"), ("second none", "letters.txt"), ("talk", "talk.txt")]
GRAVE = [("first grave", "letters.txt"), ("second grave", "letters.txt"), ("grave", "talk.txt")]


def test_few_texts_that_only_mention_trouble_go_to_level_3(gateway: Gateway) -> None:
    # 26 of 150, 30 of 77 and 7 of 180; before more writers were learnt from 26, 26 and 13.
    assert share_at_level_3(gateway, MENTIONS) < 0.16
    assert share_at_level_3(gateway, MENTIONS[:1]) < 0.18


def test_most_grave_matters_told_by_the_way_go_to_level_3(gateway: Gateway) -> None:
    # 66 of 70, 44 of 44 and 129 of 140; before 65, 42 and 134.
    assert share_at_level_3(gateway, GRAVE) > 0.93


@pytest.mark.parametrize("writer", ["first", "second"])
def test_most_grave_matters_in_a_text_to_be_worded_go_to_level_3(
    gateway: Gateway, writer: str
) -> None:
    levels = [gateway.route(text).decision.floor for text in lines_of(f"{writer} grave")]
    assert levels.count(3) / len(levels) > 0.9


@pytest.mark.parametrize(("block", "most"), [("talk", 0.08), ("everyday", 0.02)])
def test_little_small_talk_goes_to_level_3(gateway: Gateway, block: str, most: float) -> None:
    levels = [gateway.route(text).decision.floor for text in lines_of(block, "talk.txt")]
    assert levels.count(3) / len(levels) < most
