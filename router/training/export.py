"""Stage 4: the trained student as one ONNX file with INT8 weights, and how far INT8 strays.

Dynamic quantization of onnxruntime: weights per column, activations per run; the embedding table,
three quarters of the file, shrinks with the default operator list.
"""

from __future__ import annotations

import logging
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from router.training.teacher import teacher_folder
from router.triage.triage_model import ENCODER, TOKENIZER

if TYPE_CHECKING:
    from router.training.student import Student

OPSET = 17
FULL = "encoder.fp32.onnx"


def export(student: Student, out: Path) -> tuple[Path, Path]:
    """Writes the float and the INT8 encoder and the tokenizer into `out`; returns both models."""
    full, small = out / FULL, out / ENCODER
    to_onnx(student, full)
    to_int8(full, small)
    shutil.copyfile(teacher_folder() / "tokenizer.json", out / TOKENIZER)
    return full, small


def to_onnx(student: Student, full: Path) -> None:
    """Writes a network as a float ONNX file: token ids in, one unit vector per row out."""
    import torch

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
    """Writes the INT8 form of a float encoder."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(
        logging.WARNING
    )  # the quantizer asks for a pre-processing that changes nothing here
    try:
        quantize_dynamic(str(full), str(small), weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
