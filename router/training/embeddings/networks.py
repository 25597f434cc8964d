"""Opens what learns: the shipped encoder in its torch form, or any base of sentence-transformers.

The shipped encoder is read back from its INT8 file: its names are those of the student, and its
matrices stand in the order of the layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from router.errors import ModelFileError
from router.stats.heads import Embeddings
from router.triage.encoder import Tokeniser, cut
from router.triage.triage_model import ENCODER, TOKENIZER

if TYPE_CHECKING:
    import torch

    from router.training.encoder.student import Student

SHIPPED = "shipped"
TOGETHER = 64
PRODUCTS = ("MatMulInteger", "QAttention")
"""Nodes whose second input is a matrix of weights; an attention begins with one."""
Arrays = dict[str, npt.NDArray[np.float32]]


class Network(Protocol):
    """Turns texts into unit vectors that torch can learn."""

    def vectors(self, texts: Sequence[str]) -> torch.Tensor:
        """Returns unit vectors, (texts, width), with gradients where torch has them on."""
        ...

    @property
    def module(self) -> Any:
        """Returns the torch module whose weights learn."""
        ...


class StudentNetwork:
    """Holds the shipped encoder, or another one of its form."""

    def __init__(self, student: Student, tokenise: Callable[[str], list[int]], device: str) -> None:
        student.to(device)
        self.student: Student = student
        self.tokenise, self.device = tokenise, device

    @property
    def module(self) -> Student:
        """Returns the student."""
        return self.student

    def vectors(self, texts: Sequence[str]) -> torch.Tensor:
        """Returns unit vectors, (texts, width)."""
        from router.training.encoder.teacher import padded

        ids = padded([self.tokenise(text) for text in texts]).to(self.device)
        made: torch.Tensor = self.student(ids)
        return made


class SentenceNetwork:
    """Holds a base that sentence-transformers opens: a folder or a hub's name."""

    def __init__(self, base: str, device: str) -> None:
        """Raises ModelFileError for a base that cannot be opened."""
        from sentence_transformers import SentenceTransformer

        try:
            self.model = SentenceTransformer(base, device=device)
        except (OSError, ValueError) as error:
            first = str(error).strip().splitlines()[0].rstrip(".")
            raise ModelFileError(
                f"--base {base} cannot be opened: {first}. A hub's name needs a network."
            ) from error

    @property
    def module(self) -> Any:
        """Returns the model."""
        return self.model

    def vectors(self, texts: Sequence[str]) -> torch.Tensor:
        """Returns unit vectors, (texts, width)."""
        import torch

        features = self.model.preprocess(list(texts))
        moved = {
            name: value.to(self.model.device) if isinstance(value, torch.Tensor) else value
            for name, value in features.items()
        }
        vectors: torch.Tensor = self.model(moved)["sentence_embedding"]
        return torch.nn.functional.normalize(vectors, dim=-1)


def open_network(base: str, model_dir: Path, device: str) -> Network:
    """Returns the encoder to train. Raises ModelFileError."""
    if base != SHIPPED:
        return SentenceNetwork(base, device)
    tokenise = Tokeniser(model_dir / TOKENIZER)
    return StudentNetwork(student_of(model_dir / ENCODER), lambda text: cut(tokenise(text)), device)


def embedded(network: Network, texts: Sequence[str]) -> Embeddings:
    """Returns the vectors of all texts as numpy, without gradients."""
    import torch

    network.module.eval()
    with torch.no_grad():
        parts = [
            network.vectors(texts[start : start + TOGETHER]).float().cpu().numpy()
            for start in range(0, len(texts), TOGETHER)
        ]
    return np.concatenate(parts)


def student_of(path: Path) -> Student:
    """Returns the torch form of an exported INT8 encoder. Raises ModelFileError."""
    import onnx
    import torch

    from router.training.encoder.student import Shape, build

    graph = onnx.load(str(path)).graph
    stored = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    products = [node.input[1] for node in graph.node if node.op_type in PRODUCTS]
    layers = sum(name.endswith(".qkv.bias") for name in stored)
    if not layers or len(products) != 4 * layers or "word.weight_quantized" not in stored:
        raise ModelFileError(
            f"{path} is no INT8 encoder of this project's form; start from the `student.pt` of a "
            "work folder (--work) or name another --base"
        )
    weights: Arrays = {
        name: value
        for name, value in stored.items()
        if value.dtype == np.float32 and not name.endswith(("_scale", "_zero_point"))
    }
    weights["word.weight"] = _floats(stored, "word.weight_quantized")
    for number, product in enumerate(products):
        name = ("qkv", "out", "up", "down")[number % 4]
        weights[f"layers.{number // 4}.{name}.weight"] = _floats(stored, product).T
    student = build(Shape.of(weights), 0)
    state = {name: torch.tensor(np.ascontiguousarray(value)) for name, value in weights.items()}
    # The projection onto the teacher is used in its training only, and not exported.
    state["to_teacher.weight"] = student.to_teacher.weight.detach()
    known = set(student.state_dict())
    student.load_state_dict({name: value for name, value in state.items() if name in known})
    student.eval()
    return student


def _floats(stored: dict[str, npt.NDArray[Any]], name: str) -> npt.NDArray[np.float32]:
    """Returns a quantized matrix in float; its columns, or the whole, share a scale."""
    stem = name.removesuffix("_quantized")
    zero = stored.get(f"{stem}_zero_point", np.zeros((), np.int8)).astype(np.float32)
    scale = stored[f"{stem}_scale"].astype(np.float32)
    return np.asarray((stored[name].astype(np.float32) - zero) * scale, np.float32)
