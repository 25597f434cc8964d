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
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    full, small = out / FULL, out / ENCODER
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
    logging.disable(
        logging.WARNING
    )  # the quantizer asks for a pre-processing that changes nothing here
    try:
        quantize_dynamic(str(full), str(small), weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
    shutil.copyfile(teacher_folder() / "tokenizer.json", out / TOKENIZER)
    return full, small
