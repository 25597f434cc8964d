"""Exports the trained student as one ONNX file (stage 5), with INT8 or INT4 weights.

INT8, the default, is the dynamic quantization of onnxruntime: weights per column, activations per
run. The embedding table, three quarters of the file, shrinks with the default operator list. INT4
has a scale per 32 weights (`onnx_graphs.py`): it is smaller, and no faster than float.
"""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from router.training.encoder import onnx_graphs
from router.training.encoder.lean_graph import lean
from router.training.encoder.prune import UNKNOWN
from router.training.encoder.teacher import teacher_folder
from router.training.options import INT4, INT8
from router.triage.encoder import import_onnxruntime
from router.triage.triage_model import ENCODER, TOKENIZER

if TYPE_CHECKING:
    from router.training.encoder.student import Student

OPSET = 17
FULL = "encoder.fp32.onnx"


def export(
    student: Student, out: Path, *, bits: int = INT8, pieces: Sequence[int] | None = None
) -> tuple[Path, Path]:
    """Writes the float and the quantised encoder and the tokenizer into `out`; returns both models.

    `bits` is the size of a weight, 8 or 4. With `pieces` the word table holds only these, and other
    pieces read as [UNK].
    """
    full, small = out / FULL, out / ENCODER
    to_onnx(student, full)
    if pieces is not None:
        onnx_graphs.keep_pieces(full, pieces, UNKNOWN, full)
    (onnx_graphs.to_int4 if bits == INT4 else to_int8)(full, small)
    shutil.copyfile(teacher_folder() / "tokenizer.json", out / TOKENIZER)
    return full, small


def to_onnx(student: Student, full: Path) -> None:
    """Writes a network as a float ONNX file: token ids in, one unit vector per row out."""
    import torch

    # Two rows of example tokens, the second with padding: the export traces them.
    ids = torch.tensor([[101, 2054, 2003, 102], [101, 7592, 102, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            student.eval(),
            (ids,),
            str(full),
            input_names=["input_ids"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": {0: "rows", 1: "tokens"}, "embedding": {0: "rows"}},
            opset_version=OPSET,
            dynamo=False,
        )


def to_int8(full: Path, small: Path) -> None:
    """Writes the INT8 form of a float encoder, with as few nodes as it needs."""
    import_onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # The quantizer asks for a pre-processing step that changes nothing for this graph.
    logging.disable(logging.WARNING)
    try:
        quantize_dynamic(str(full), str(small), weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
    small.write_bytes(lean(small.read_bytes()))
