"""Chooses the number format of matrix products: bfloat16 when the processor has it.

There it is twice as fast, and the teacher's vectors keep a cosine above .9995 to those of float32.
A processor without such instructions emulates them, which took 2.5 to 3 times as long as float32 on
the measured one (AVX-512 without BF16); there float32 is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def quickest(device: str = "cpu") -> torch.autocast:
    """Returns a context in which a device multiplies fastest; constant on one machine.

    GPUs that torch still supports have bfloat16. A network that is exported keeps float32, which
    onnxruntime multiplies.
    """
    import torch

    able = device != "cpu" or has_bfloat16()
    return torch.autocast(
        device, torch.bfloat16, enabled=able and not torch.onnx.is_in_onnx_export()
    )


@cache
def has_bfloat16() -> bool:
    """Returns True when this processor has instructions for bfloat16."""
    import torch

    return bfloat16_among(torch.cpu.get_capabilities())


def bfloat16_among(capabilities: Mapping[str, object]) -> bool:
    """Returns True when the list names one that exists: `avx512_bf16`, `amx_bf16`, Arm's `bf16`."""
    return any(there and name.endswith("bf16") for name, there in capabilities.items())
