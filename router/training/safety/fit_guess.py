"""Fits the guess by which a close reader is spared texts that cannot change a decision.

Its line is fitted to what the larger encoder says of the lines that taught it and of everyday ones.
Its margin is such that of the harmful lines of all authors, judges among them, that the encoder
raises to SURE no more than PASSED_OVER are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from router.stats.calibration import Floats, Platt, logit
from router.stats.char_grams import counted_chars_together
from router.stats.heads import Head
from router.training.safety.figures import Mask
from router.training.safety.harm_texts import HarmText
from router.triage.close_reading.guess import SURE, Guess
from router.triage.close_reading.reader import CloseReader
from router.triage.encoder import cut
from router.triage.grave import ENGLISH, told_of
from router.triage.triage_model import TriageModel

RIDGE = 10.0
VECTOR_SCALE = 5.0
"""Brings a unit vector's components to the size of the other readings, which the ridge weighs."""
PASSED_OVER = 0.002
"""Share of such lines. One line in a thousand needs a margin of 8.4, and the next ones 5.0: for its
sake the encoder would read four fifths, not an eighth, of the everyday prompts that reach it."""
RESERVE = 1.0
"""Log-odds that are added to the smallest margin: half a deviation of what the guess misses."""


def with_guess(
    reader: CloseReader, model: TriageModel, head: Head, texts: Sequence[HarmText], judged: Mask
) -> CloseReader:
    """Returns the reader with a guess fitted to English texts; those `judged` only bound it."""
    encoded = model.encode([one.text for one in texts])
    chances = head(encoded)
    asked = np.flatnonzero(chances >= reader.least)
    mine = [texts[place].text for place in asked.tolist()]
    tables = np.full(len(mine), ENGLISH)
    grams = counted_chars_together([told_of(text)[0] for text in mine])
    characters = reader.characters(grams, tables)
    rows = [cut(model.encoder.tokenise(text)) for text in mine]
    by_encoder: Floats = reader.encode(rows) @ reader.weight + reader.bias
    vectors, chances = encoded.vectors[asked], chances[asked]
    x = np.column_stack([logit(chances), characters, np.ones(len(mine)), VECTOR_SCALE * vectors])
    taught = x[~judged[asked]]
    left = taught.T @ taught + RIDGE * np.eye(x.shape[1])
    line = np.linalg.solve(left, taught.T @ by_encoder[~judged[asked]])
    weight = (VECTOR_SCALE * line[3:]).astype(np.float32)
    by_head, by_characters, bias = line[:3].tolist()
    guess = Guess(weight, by_head, by_characters, bias, 0.0)
    harmful = np.array([texts[place].harmful for place in asked.tolist()])
    guessed = guess(vectors, chances, characters)[harmful]
    margin = _margin(reader, guessed, characters[harmful], by_encoder[harmful])
    return msgspec.structs.replace(reader, guess=msgspec.structs.replace(guess, margin=margin))


def _margin(reader: CloseReader, guessed: Floats, characters: Floats, by_encoder: Floats) -> float:
    """Returns what is added to guesses so that few harmful texts are settled that reach SURE."""
    mixture, calibrator = reader.mixture, reader.calibrators[ENGLISH]
    if not isinstance(calibrator, Platt):
        raise TypeError(f"a guess needs a calibrator of log-odds, found {calibrator}")
    mixed = mixture.encoder * by_encoder + mixture.characters * characters
    raised = calibrator(mixed) >= SURE
    least = (logit(np.array([SURE])) - calibrator.shift) / calibrator.slope
    needed = (least - mixture.characters * characters) / mixture.encoder - guessed
    if not raised.any():
        return RESERVE
    return round(max(float(np.quantile(needed[raised], 1.0 - PASSED_OVER)), 0.0) + RESERVE, 3)
