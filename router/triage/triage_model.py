"""Loads the committed triage model: the encoder, its heads, novelty and match coefficients.

`TriageModel.load` checks every file against the manifest before anything is used. Inference is
`encode` (the encoder, releases the interpreter lock) and `read` (a matrix product and a sum);
both are safe to call from several threads at once. It knows labels and chances, nothing of
policies.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.errors import ModelFileError
from router.stats import heads
from router.stats.calibration import Floats
from router.stats.heads import Embeddings, Encoded
from router.stats.ngrams import BUCKETS, Grams, counted_together
from router.stats.stacks.head_stack import HeadStack
from router.triage import grave, match_file, novelty
from router.triage.encoder import Encoder, cut, sha256_of
from router.triage.novelty import Novelty
from router.triage.own_heads import OwnHeads
from router.triage.reranking import file as reranking
from router.triage.reranking.reranker import Reranker
from router.triage.utterances import Described
from router.triage.verifier import MatchModel, readings_of
from router.types import Device, HeadReading

FORMAT = 1
MANIFEST = "manifest.json"
VECTORS_OF = "vectors_of"
"""The key of a manifest that names the encoder whose vectors this one gives, bit for bit: its graph
was rewritten. What is bound to an encoder is bound to that one, and stays so."""
ENCODER, TOKENIZER, MATCH = "encoder.onnx", "tokenizer.json", "match.json"
HEADS_FOLDER = "heads"
RARITY, WORDS = "ngrams.npz", "words.txt.gz"
Rarity = npt.NDArray[np.float32]
HEAD_NAMES = (
    "request_type", "domain", "difficulty", "stakes", "multi_factor", "strategic", "toxic", "spam",
)  # fmt: skip

NO_MODEL_FILES = (
    MANIFEST, "CARD.md", "card.json", f"{grave.NAME}.card.json", f"{reranking.NAME}.card.json",
)  # fmt: skip
DEFAULT_FOLDER = Path(__file__).parent / "model"


class HeadOutputs(Struct, frozen=True):
    """Holds the heads' readings of a batch; every chance is calibrated, 0..1."""

    request_type: Floats  # (rows, len(request_types))
    domain: Floats  # (rows, len(domains))
    difficulty: Floats  # (rows,) on the scale of the answerers' abilities
    stakes_high: Floats  # (rows,)
    multi_factor: Floats  # (rows,)
    strategic: Floats  # (rows,)
    toxic: Floats  # (rows,)
    spam: Floats  # (rows,)
    novelty: Floats  # (rows,)
    own: Sequence[tuple[HeadReading, ...]] = ()  # per row, where a policy's heads were asked for
    followed: Mapping[str, Floats] = {}  # (rows,) by head, where close readers follow it


class TriageModel:
    """Holds the loaded model. `version`, a short hash of its manifest, names every file's content.

    `rarity` weighs n-grams where a head is fitted; None in a model without them. `knows` is True
    for a lower-case word of the training texts or the vocabulary.
    """

    def __init__(
        self,
        encoder: Encoder,
        stack: HeadStack,
        unseen: Novelty,
        matching: MatchModel,
        version: str,
        rarity: Rarity | None = None,
        reader: grave.GraveReader | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.encoder = encoder
        self.stack = stack
        self.novelty = unseen
        self.matching = matching
        self.version = version
        self.rarity = rarity
        self.grave = reader
        self.reranker = reranker
        self.knows = encoder.tokenise.knows
        self.mended = encoder.tokenise.mended
        self.lexicon = encoder.tokenise.lexicon
        self.request_types = stack.heads["request_type"].classes
        self.domains = stack.heads["domain"].classes

    @property
    def vectors_version(self) -> str:
        """Returns the version of stored vectors: a GPU's differ in the fourth digit."""
        return f"{self.version}-float" if self.encoder.on_gpu else self.version

    @classmethod
    def load(
        cls,
        folder: Path = DEFAULT_FOLDER,
        *,
        threads: int = 1,
        device: Device = Device.CPU,
        matching: MatchModel | None = None,
        grave_reader: bool = True,
        reranked: bool = True,
        late: bool = False,
    ) -> TriageModel:
        """Reads a model folder; raises ModelFileError when a file is missing, altered or unfit.

        `late`: the network that reads answers is compared when it is opened, not before, and the
        library of tokens is opened when a text needs it.

        `matching` is used instead of the folder's own, which is about to be fitted again.
        `grave_reader`, `reranked`: False leaves that reader or the reranker out, as its own
        training does, so that one of another encoder can be fitted anew.
        """
        version = check(folder, (reranking.ONNX,) if late else ())
        words = folder / WORDS
        encoder = Encoder(
            folder / ENCODER,
            folder / TOKENIZER,
            words if words.is_file() else None,
            threads=threads,
            device=device,
            sha256=encoder_sha256(folder),
            late=late,
        )
        loaded = [
            heads.load(folder / HEADS_FOLDER, name, encoder_sha256=encoder.sha256)
            for name in HEAD_NAMES
        ]
        unseen = novelty.load(folder, encoder.sha256)
        if matching is None:
            matching = match_file.load(folder / MATCH, encoder.sha256)
        rarity = load_rarity(folder)
        reader = grave.load(folder, encoder.sha256) if grave_reader else None
        reranker = reranking.load(folder, encoder) if reranked else None
        if reranker is not None:
            matching = matching._replace(gates=reranker.gates)
        return cls(encoder, HeadStack(loaded), unseen, matching, version, rarity, reader, reranker)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Returns one unit vector per text, and its n-grams."""
        rows = [self.encoder.tokenise(text) for text in texts]
        vectors = self.encoder.encode_rows([cut(row) for row in rows])
        return Encoded(vectors, grams_of(rows))

    def grams(self, texts: Sequence[str]) -> Grams:
        """Returns only the n-grams of texts."""
        return grams_of([self.encoder.tokenise(text) for text in texts])

    def vectors(self, texts: Sequence[str]) -> Embeddings:
        """Returns only the unit vectors, (texts, width)."""
        return self.encoder.encode(texts)

    def described(self, texts: Sequence[str]) -> Described:
        """Returns vectors, and how the heads read the texts, as a knowledge file needs them."""
        encoded = self.encode(texts)
        return Described(encoded.vectors, readings_of(self.read(encoded)))

    def read(self, encoded: Encoded, own: OwnHeads | None = None) -> HeadOutputs:
        """Returns what all heads say of texts that `encode` read, a policy's own included."""
        stack = self.stack if own is None else own.stack
        out = stack.read_all(stack.logits(encoded))
        return HeadOutputs(
            request_type=out["request_type"],
            domain=out["domain"],
            difficulty=out["difficulty"],
            stakes_high=out["stakes"],
            multi_factor=out["multi_factor"],
            strategic=out["strategic"],
            toxic=out["toxic"],
            spam=out["spam"],
            novelty=self.novelty(encoded.vectors),
            own=() if own is None else own.readings(out),
            followed={} if own is None else {name: out[name] for name in own.close},
        )


def grams_of(rows: Sequence[Sequence[int]]) -> Grams:
    """Returns the n-grams of token rows, without the markers at both ends."""
    return counted_together([row[1:-1] for row in rows])


def load_rarity(folder: Path) -> Rarity | None:
    """Returns the weight of each bucket of n-grams, (BUCKETS,); None in a model without n-grams.

    Only fitting needs it. Raises ModelFileError where the file is malformed.
    """
    path = folder / RARITY
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            rarity: Rarity = arrays["rarity"].astype(np.float32)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{path} is malformed: {error}") from error
    if rarity.shape != (BUCKETS,):
        raise ModelFileError(f"{path} has {rarity.shape[0]} buckets, expected {BUCKETS}")
    return rarity


def save_rarity(rarity: Rarity, folder: Path) -> None:
    """Writes what `load_rarity` reads, in half precision."""
    np.savez_compressed(folder / RARITY, rarity=rarity.astype(np.float16))


def check(folder: Path, late: Collection[str] = ()) -> str:
    """Compares every file with the manifest and returns the model's version, 12 hex digits.

    A file in `late` only has to be there: who opens it compares it first.

    Raises ModelFileError that names the first file which is missing, corrupt or not listed.
    """
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
        listed = json.loads(raw)
        files = {str(name): str(digest) for name, digest in listed["files"].items()}
        if listed["format"] != FORMAT:
            raise ModelFileError(f"{path} has format {listed['format']}, expected {FORMAT}")
    except OSError as error:
        raise ModelFileError(f"no triage model in {folder}: {MANIFEST} cannot be read") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path} is malformed: {error}") from error
    for name, digest in files.items():
        found = _there(folder / name, digest) if name in late else sha256_of(folder / name)
        if found != digest:
            raise ModelFileError(
                f"model file {folder / name} is corrupt: sha256 {found[:12]}, the manifest says "
                f"{digest[:12]}; restore it from the repository or train again"
            )
    for name in (RARITY, WORDS):  # they are read where they stand, as older models have none
        if name not in files and (folder / name).is_file():
            raise ModelFileError(
                f"model file {folder / name} is not listed in {MANIFEST}; expected a file of this "
                "model: take it away or train again"
            )
    return hashlib.sha256(raw).hexdigest()[:12]


def _there(path: Path, digest: str) -> str:
    """Returns the digest that a file is said to have. Raises ModelFileError for none at all."""
    if not path.is_file():
        raise ModelFileError(f"model file {path} cannot be read: no such file")
    return digest


def encoder_sha256(folder: Path) -> str | None:
    """Returns what heads are bound to, by a folder's manifest: the sha256 of its encoder, or of the
    one whose vectors it gives. None without a model."""
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())
        return str(listed.get(VECTORS_OF) or listed["files"][ENCODER])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_manifest(folder: Path, vectors_of: str = "") -> str:
    """Lists every file of a model folder with its sha256; returns the version that results.

    `vectors_of` is the sha256 of the encoder whose vectors the folder's gives. What the manifest
    says of it so far stays as long as the encoder does.
    """
    files = {
        str(path.relative_to(folder)): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in NO_MODEL_FILES
    }
    named = vectors_of or _vectors_of(folder, files.get(ENCODER, ""))
    described = {"format": FORMAT, **({VECTORS_OF: named} if named else {}), "files": files}
    text = json.dumps(described, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _vectors_of(folder: Path, encoder: str) -> str:
    """Returns what the manifest says of an encoder with this digest; "" for another encoder."""
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())
        return str(listed.get(VECTORS_OF, "")) if listed["files"][ENCODER] == encoder else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
