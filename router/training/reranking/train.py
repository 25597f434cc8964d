"""Trains and fits the reranker of a triage model: `tiergate train reranker`.

The network learns from made-up companies and from public sets of intents. Some companies teach it
nothing: with one half of them, and with grown knowledge files, its chances are fitted; the other
half judges.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch

from router.training import model_folder
from router.training.card import Card, write_of_part
from router.training.data.companies import Company, companies, taught
from router.training.data.known_files import known_in
from router.training.encoder import export
from router.training.reranking import network
from router.training.reranking.fit_field import fitted
from router.training.reranking.framing import Framing, fillers
from router.training.reranking.network import Cross, Plan
from router.training.reranking.pairs import PUBLIC, Shelf, public_companies
from router.triage.encoder import Encoder, sha256_of
from router.triage.reranking import file
from router.triage.reranking.cross_encoder import CrossEncoder, pair_ids
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel, write_manifest

SEED = 7
NETWORK, FORMAT = "reranker", 2
"""The format is raised where the network or its pairs change, so that it is trained anew."""
PLAN = Plan()
SEEDS = (7, 8)
"""Networks that are trained and averaged: they draw other pairs in another order. Of 36 companies
that taught nothing two of them answer 8.7 % more messages rightly than the first alone, for as many
wrong ones of a hundred (decision 265)."""


def train_reranker(
    data: Path,
    knowledge: Path,
    work: Path,
    command: str,
    folder: Path | None = None,
    device: str = "cpu",
) -> Card:
    """Trains the reranker of the model in `folder`, or the shipped one, and writes it there.

    `device` is torch's name of what trains the network. Returns its card. Raises TrainingDataError
    for a folder without data.
    """
    known_in(data)
    folder = folder or DEFAULT_FOLDER
    model = TriageModel.load(folder, threads=2, grave_reader=False, reranked=False)
    work.mkdir(parents=True, exist_ok=True)
    cross = trained(data, work, model, device=device)
    full, small = work / export.FULL, work / file.ONNX
    export.to_onnx(cross, full)
    export.to_int8(full, small)
    encoder = Encoder(small, model.encoder.tokenise, threads=2)
    reader = CrossEncoder(encoder.encode_rows, model.encoder.tokenise)
    chances = fitted(model, reader, data, knowledge, random.Random(SEED))
    card: Card = {
        "command": command,
        "network": "all-MiniLM-L6-v2 (Apache-2.0), its upper layers trained on pairs, INT8",
        "company_files": len(companies()),
        "split": "by company: those of `fitting` and `judging` taught the network nothing",
        "public_sets": list(PUBLIC),
        "plan": asdict(PLAN),
        "seeds_averaged": list(SEEDS),
        **chances.figures,
    }
    with model_folder.changed(folder) as made:
        shutil.copyfile(small, made / file.ONNX)
        file.save(chances.fits, made, model.encoder.sha256)
        parts = [made / file.ONNX, made / file.DESCRIBED]
        card = write_of_part(card, file.NAME, parts)
        write_manifest(made)
        assert file.load(made, model.encoder) is not None
    return card


def trained(data: Path, work: Path, model: TriageModel, device: str = "cpu") -> Cross:
    """Returns the average of the networks of SEEDS. One in the work folder is not trained again, as
    long as the plan, the companies, the public sets and the encoder are the same."""
    plans = [replace(PLAN, seed=seed) for seed in SEEDS]
    return network.averaged([_of_one_seed(data, work, model, plan, device) for plan in plans])


def _of_one_seed(data: Path, work: Path, model: TriageModel, plan: Plan, device: str) -> Cross:
    own = taught()
    path = work / f"{NETWORK}-{_key(data, own, model.encoder, plan)}.pt"
    if path.is_file():
        cross = Cross()
        cross.load_state_dict(torch.load(path, weights_only=True))
        return cross
    draw = _draw(data, own, model.encoder, plan)
    cross = network.train(draw, plan, device, progress=True)
    torch.save(cross.state_dict(), path)
    return cross


def _key(data: Path, own: Sequence[Company], encoder: Encoder, plan: Plan) -> str:
    """Returns a digest of all that a network learns from."""
    public = [sha256_of(data / f"intent_{source}.jsonl.gz") for source in PUBLIC]
    whole = repr((FORMAT, plan, own, public, encoder.sha256, fillers().taught))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _draw(data: Path, own: Sequence[Company], encoder: Encoder, plan: Plan) -> network.Epoch:
    public = public_companies(data, random.Random(plan.seed))
    framing = Framing(fillers().taught, encoder.tokenise)
    ours = [Shelf(company, encoder, framing) for company in own]
    beside = [Shelf(company, encoder, framing) for company in public]

    def draw(rng: random.Random) -> list[tuple[list[int], bool]]:
        shelves = [*ours, *rng.sample(beside, plan.public)]
        return [
            (pair_ids(one.pair, encoder.tokenise), one.right)
            for shelf in shelves
            for one in shelf.labelled(rng)
        ]

    return draw
