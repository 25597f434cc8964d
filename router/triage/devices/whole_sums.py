"""Tells whether this processor adds products of bytes exactly, by adding some.

Without VNNI (before Ice Lake and Zen 4), x86 adds two products of unsigned and signed bytes in 16
bits, where 255 x 127 x 2 does not fit: the sum is cut at 32,767. A list of processors would age;
one product of the largest bytes tells it on every one.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

import numpy as np

ROWS, TERMS, COLUMNS = 8, 64, 32
"""The product's shape: it fills whole tiles of each kernel and takes microseconds."""

LARGEST = 255, 127
"""The largest unsigned and the largest signed byte."""

_PRODUCT = base64.b64decode(
    "CAgSADplChgKAXgKAXcSAXkiDU1hdE11bEludGVnZXISBHN1bXNaFQoBeBIQCg4IAhIKCgMSAW0KAxIBa1oVCgF3EhAK"
    "DggDEgoKAxIBawoDEgFuYhUKAXkSEAoOCAYSCgoDEgFtCgMSAW5CBAoAEBE="
)
"""An ONNX model of one node: y = MatMulInteger(x: bytes (m, k), w: signed bytes (k, n))."""


@lru_cache(maxsize=4)
def sums_are_whole(runtime: Any) -> bool:
    """Returns True when onnxruntime, left as it is, adds products of bytes without cutting them.

    False too where it cannot run the product: the exact way is then the safe one.
    """
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    unsigned, signed = LARGEST
    try:
        session = runtime.InferenceSession(_PRODUCT, options, providers=["CPUExecutionProvider"])
        sums = session.run(
            None,
            {
                "x": np.full((ROWS, TERMS), unsigned, np.uint8),
                "w": np.full((TERMS, COLUMNS), signed, np.int8),
            },
        )[0]
    except Exception:  # onnxruntime's errors share no base class but Exception
        return False
    return bool(np.array_equal(sums, np.full((ROWS, COLUMNS), unsigned * signed * TERMS)))
