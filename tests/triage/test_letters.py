"""Strangers' messages, small talk and letters: which of them are taken for a grave matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from router import Gateway
from tests.kits.opened import opened_gateway

FOLDER = Path(__file__).parents[1] / "fixtures" / "grave"


def lines_of(block: str, file: str = "letters.txt") -> list[str]:
    """Returns the messages of a block, as in `first none`, a writer and a kind."""
    blocks = (FOLDER / file).read_text(encoding="utf-8").split("\n## ")[1:]
    found = {title: lines for title, *lines in (one.strip().split("\n") for one in blocks)}
    return found[block]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with opened_gateway(tmp_path_factory, "default") as gateway:
        yield gateway


@pytest.mark.parametrize(("writer", "most"), [("first", 0.18), ("second", 0.35)])
def test_few_texts_that_only_mention_trouble_go_to_level_3(
    gateway: Gateway, writer: str, most: float
) -> None:
    levels = [gateway.route(text).decision.floor for text in lines_of(f"{writer} none")]
    # It was .24 and .48 before `calm_letter_below`. Of the second's 77 texts it is 26: two tell of
    # a thumb that was cut and a shelf that fell on a foot, which phrases find wherever they stand.
    assert levels.count(3) / len(levels) < most


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


def test_grave_matters_told_by_the_way_go_to_level_3(gateway: Gateway) -> None:
    levels = [gateway.route(text).decision.floor for text in lines_of("grave", "talk.txt")]
    assert levels.count(3) / len(levels) > 0.93
