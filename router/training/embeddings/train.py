"""Trains an encoder on texts: TSDAE without labels, then contrasts with hard negatives.

The contrast is InfoNCE (van den Oord et al. 2018) over another text of the same label, the nearest
texts of other labels, and the rest of the batch without those of the same label. A second term
keeps vectors near those of the start, so that heads and novelty change little. It is judged in the
form that is served, on held texts, against the shipped encoder.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from router.errors import TrainingDataError
from router.stats.heads import Embeddings
from router.training.embeddings.networks import (
    SHIPPED,
    Network,
    SentenceNetwork,
    StudentNetwork,
    embedded,
    open_network,
)
from router.training.embeddings.retrieval import Retrieval, hard_negatives, judged
from router.training.embeddings.texts import TextSets
from router.training.options import STUDENT
from router.training.torch_device import torch_device
from router.triage.encoder import Encoder, sha256_of
from router.triage.triage_model import ENCODER, TOKENIZER
from router.types import Device

if TYPE_CHECKING:
    import torch

CARD = "card.json"
OTHER_ENCODER = "sentence_transformer"


@dataclass(frozen=True, slots=True)
class Settings:
    """Sets the training; steps, so that the same seed gives the same encoder."""

    tsdae_steps: int = 0
    steps: int = 200
    batch: int = 32
    negatives: int = 4  # hard ones of each text, drawn among `among`
    among: int = 12
    learning_rate: float = 3e-4
    temperature: float = 0.05
    keep: float = 0.5  # weight of staying near the start
    mine_every: int = 100
    seed: int = 7
    threads: int = 0


def tune_encoder(
    sets: TextSets,
    out: Path,
    base: str,
    model_dir: Path,
    settings: Settings,
    device: Device,
    say: Callable[[str], None],
    command: str = "",
) -> dict[str, object]:
    """Trains, exports, judges, writes the card; returns it. Raises TrainingDataError and others."""
    import torch

    where = torch_device(device)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    network = open_network(base, model_dir, where)
    began = time.monotonic()
    tsdae = _tsdae(network, sets.train.texts, settings, say) if settings.tsdae_steps else None
    curve = _contrast(network, sets, settings, say)
    seconds = time.monotonic() - began
    out.mkdir(parents=True, exist_ok=True)
    exported, encode = _exported(network, out, say)
    shipped, tuned = _judged(_shipped(model_dir), sets), _judged(encode, sets)
    figures = {
        SHIPPED: shipped.as_card(),
        "tuned": tuned.as_card(),
        "change": shipped.changes(tuned),
    }
    card: dict[str, object] = {
        "format": 1,
        "base": base,
        "device": where,
        "command": command,
        "settings": asdict(settings),
        "data_sha256": sets.sha256,
        "texts": {"train": len(sets.train.texts), "held": len(sets.held.texts)},
        "labels": len(set(sets.train.labels)),
        "tsdae": tsdae,
        "losses": curve,
        "seconds": round(seconds, 1),
        "figures": figures,
        "files": {name: sha256_of(out / name) for name in exported},
    }
    (out / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def _shipped(model_dir: Path) -> Callable[[Sequence[str]], Embeddings]:
    return Encoder(model_dir / ENCODER, model_dir / TOKENIZER).encode


def _judged(encode: Callable[[Sequence[str]], Embeddings], sets: TextSets) -> Retrieval:
    asked, corpus = encode(sets.held.texts), encode(sets.train.texts)
    return judged(asked, sets.held.labels, corpus, sets.train.labels)


def _contrast(
    network: Network, sets: TextSets, settings: Settings, say: Callable[[str], None]
) -> list[float]:
    """Trains in place; returns the mean loss of each tenth of the steps."""
    import torch

    texts, labels = sets.train.texts, sets.train.labels
    start = embedded(network, texts)
    members: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        members.setdefault(label, []).append(place)
    draw = random.Random(settings.seed)
    weights = [weight for weight in network.module.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.01)
    hard: list[np.ndarray] = []
    losses: list[float] = []
    for step in range(settings.steps):
        if step % settings.mine_every == 0:
            hard = hard_negatives(embedded(network, texts), labels, settings.among)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * (1.0 - step / settings.steps)
        anchors = draw.sample(range(len(texts)), min(settings.batch, len(texts)))
        positives = [
            draw.choice([p for p in members[labels[place]] if p != place]) for place in anchors
        ]
        negatives = [
            int(place)
            for anchor in anchors
            for place in draw.sample(list(hard[anchor]), min(settings.negatives, len(hard[anchor])))
        ]
        candidates = [*positives, *negatives]
        network.module.train()
        vectors = network.vectors([texts[place] for place in (*anchors, *candidates)])
        anchor_vectors, candidate_vectors = vectors[: len(anchors)], vectors[len(anchors) :]
        same = np.array([[labels[a] == labels[c] for c in candidates] for a in anchors])
        loss = info_nce(
            anchor_vectors,
            candidate_vectors,
            torch.from_numpy(same).to(candidate_vectors.device),
            settings.temperature,
        )
        if settings.keep:
            before = torch.from_numpy(start[[*anchors, *candidates]]).to(vectors.device)
            loss = loss + settings.keep * (1.0 - (vectors * before).sum(dim=1)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        if (step + 1) % settings.mine_every == 0:
            say(f"contrast: step {step + 1}, loss {losses[-1]:.4f}")
    network.module.eval()
    tenth = max(1, len(losses) // 10)
    parts = [losses[begin : begin + tenth] for begin in range(0, len(losses), tenth)]
    return [round(sum(part) / len(part), 4) for part in parts]


def info_nce(
    anchors: torch.Tensor, candidates: torch.Tensor, same: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Returns the mean of -log softmax of each text's own positive, which stands at its place.

    `same` (asked, found) is True for candidates of the same label; but for the positive itself
    they are left out, since they are no negatives.
    """
    import torch

    logits = anchors @ candidates.T / temperature
    own = torch.arange(len(anchors), device=logits.device)
    others = same.clone()
    others[own, own] = False
    logits = logits.masked_fill(others, float("-inf"))
    return torch.nn.functional.cross_entropy(logits, own)


def _tsdae(
    network: Network, texts: Sequence[str], settings: Settings, say: Callable[[str], None]
) -> dict[str, float]:
    """Lets the encoder read the texts without labels; returns the first and the last loss."""
    import torch

    from router.training.encoder.adapt import Decoder, tsdae_loss

    if not isinstance(network, StudentNetwork):
        raise TrainingDataError(
            "TSDAE is here for the shipped encoder's form only; leave --tsdae-steps out for "
            "another base"
        )
    student, rng = network.student, np.random.default_rng(settings.seed)
    decoder = Decoder(student.shape).to(network.device)
    weights = [*student.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.01)
    rows = [row for text in texts if len(row := network.tokenise(text)) > 3]
    losses: list[float] = []
    student.train()
    for _ in range(settings.tsdae_steps):
        chosen = [rows[place] for place in rng.integers(len(rows), size=settings.batch)]
        loss = tsdae_loss(student, decoder, chosen, rng)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    student.eval()
    tenth = max(1, len(losses) // 10)
    made = {
        "steps": settings.tsdae_steps,
        "loss_first": round(sum(losses[:tenth]) / tenth, 4),
        "loss_last": round(sum(losses[-tenth:]) / tenth, 4),
    }
    say(f"TSDAE: loss {made['loss_first']} to {made['loss_last']}")
    return made


def _exported(
    network: Network, out: Path, say: Callable[[str], None]
) -> tuple[list[str], Callable[[Sequence[str]], Embeddings]]:
    """Writes the encoder in the form that is served; returns its files, and what it computes."""
    import torch

    if isinstance(network, StudentNetwork):
        from router.training.encoder.export import export

        student = network.student.to("cpu")
        torch.save(student.state_dict(), out / STUDENT)
        export(student, out)
        encoder = Encoder(out / ENCODER, out / TOKENIZER)
        return [ENCODER, TOKENIZER, STUDENT], encoder.encode
    assert isinstance(network, SentenceNetwork)
    folder = out / OTHER_ENCODER
    network.model.save_pretrained(str(folder))
    try:
        from optimum.exporters.onnx import main_export

        main_export(str(folder), out / "onnx", task="feature-extraction", do_validation=False)
        say(f"optimum wrote {out / 'onnx'}")
    except (ImportError, ValueError, RuntimeError, OSError) as error:
        say(f"no ONNX by optimum: {str(error).splitlines()[0] if str(error) else error!r}")
    files = [path.relative_to(out).as_posix() for path in sorted(out.rglob("*")) if path.is_file()]
    return [name for name in files if name != CARD], lambda texts: embedded(network, texts)
