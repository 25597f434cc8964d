"""Compares the shipped cards with what their generators print from the figures that ship."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from router.training import card as triage
from router.training.adapter.card import render_card
from router.training.heads.specialist_sources import SPECIALISTS
from router.training.heads.specialists import render
from tests import ROOT

HEADS = ROOT / "policies" / "heads"
ADAPTERS = ROOT / "tiers" / "adapters"
MODEL = ROOT / "router" / "triage" / "model"


def test_the_triage_models_card_is_made_of_its_figures() -> None:
    figures = json.loads((MODEL / "card.json").read_text("utf-8"))
    assert (MODEL / "CARD.md").read_text("utf-8") == triage.render(figures)


def test_the_adapters_card_is_made_of_its_figures() -> None:
    figures = json.loads((ADAPTERS / "card.json").read_text("utf-8"))
    assert (ADAPTERS / "CARD.md").read_text("utf-8") == render_card(figures)


def test_the_card_of_the_heads_is_made_of_their_figures() -> None:
    cards = [
        json.loads((HEADS / f"{specialist.name}.card.json").read_text("utf-8"))
        for specialist in SPECIALISTS
    ]
    assert (HEADS / "CARD.md").read_text("utf-8") == render(cards)
    assert [card["note"] for card in cards] == [specialist.note for specialist in SPECIALISTS]


def test_the_card_of_a_part_stands_beside_its_files_with_their_digests(tmp_path: Path) -> None:
    file = tmp_path / "part.npz"
    file.write_bytes(b"arrays")
    card = triage.write_of_part({"cap": 0.9, "name": "Größe"}, "part", [file])
    assert card["sha256"] == {"part.npz": hashlib.sha256(b"arrays").hexdigest()}
    text = (tmp_path / "part.card.json").read_text("utf-8")
    assert json.loads(text) == card
    assert "Größe" in text
