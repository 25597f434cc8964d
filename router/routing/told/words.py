"""Turns a recorded request and what was said of it into a word that moves chances. Pure."""

from __future__ import annotations

import msgspec

from router.routing.decision_record import parse
from router.routing.told.shifts import ToldWord, answerer_cell, base_of, intent_cell
from router.types import PSource


def word_of(record: str, answerer: str, tenant: str, voice: str, right: bool) -> ToldWord | None:
    """Returns the word; None where nothing known of the answer could be moved by it."""
    try:
        read = parse(record)
    except (msgspec.DecodeError, UnicodeError):
        return None
    facts = next((one for one in read.facts if one.answerer == answerer), None)
    if facts is None or facts.p_source is PSource.KNOWN:
        return None
    signals = read.signals
    cells: tuple[str, ...] = (answerer_cell(answerer, signals.domain.value),)
    if facts.p_source is PSource.MATCH:
        if signals.match is None:
            return None
        cells = (intent_cell(signals.match.intent_id),)
    return ToldWord(cells, base_of(facts), right, voice, tenant)
