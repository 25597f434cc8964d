"""Chooses the device on which torch trains: the processor, or an NVIDIA GPU."""

from __future__ import annotations

from router.errors import DeviceMissing
from router.types import Device


def torch_device(asked: Device) -> str:
    """Returns torch's name of the device, `cpu` or `cuda`.

    Raises DeviceMissing where `cuda` is asked for and torch finds none, ImportError without torch.
    """
    if asked is Device.CPU:
        return "cpu"
    import torch

    return chosen(asked, torch.cuda.is_available(), torch.__version__)


def chosen(asked: Device, available: bool, version: str) -> str:
    """Returns the same, from what torch says of itself.

    >>> chosen(Device.AUTO, False, "2.13.0+cpu")
    'cpu'
    """
    if available and asked is not Device.CPU:
        return "cuda"
    if asked is Device.CUDA:
        raise DeviceMissing(
            f"--device cuda: found torch {version} without a GPU that it can use; expected an "
            "NVIDIA GPU with its driver and a torch built for CUDA: pip install torch from "
            "pytorch.org's index for CUDA, or leave --device out"
        )
    return "cpu"
