"""Chooses what the encoder runs on: the processor, or a GPU through onnxruntime's CUDA provider.

Pure functions of names that onnxruntime gives. A provider that is listed may still fail: its
libraries or the driver can be missing, and onnxruntime then makes a session on the processor
without an error. So the choice is made before a session, and confirmed by what the session uses.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from router.errors import DeviceMissing
from router.types import Device

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
INSTALL = (
    "install the extra `gpu` and put its onnxruntime in the place of the other one: "
    "docs/guides/operations.md#gpu"
)
DRIVER = (
    "install a driver for CUDA 13 and the libraries that come with the extra `gpu` "
    "(docs/guides/operations.md#gpu); `nvidia-smi` must list the GPU"
)


class Placement(Struct, frozen=True):
    """Says what the encoder runs on. `note` says why it is not the GPU; "" where nothing is odd."""

    device: Device  # cpu or cuda, never auto
    note: str = ""
    ordinary: bool = False  # this onnxruntime is for processors alone, so nobody expects a GPU

    @property
    def providers(self) -> list[str]:
        """Returns onnxruntime's providers, in order of preference."""
        return [CUDA, CPU] if self.device is Device.CUDA else [CPU]

    @property
    def fields(self) -> dict[str, str]:
        """Returns what a line of the log says of it; `tiergate doctor` says how to use a GPU."""
        reason, _, _ = self.note.partition("; ")
        return {"triage": self.device.value, **({"reason": reason} if reason else {})}


def choose(asked: Device, available: Sequence[str]) -> Placement:
    """Returns the device to try, from onnxruntime's list of available providers.

    Raises DeviceMissing where `cuda` is asked for and this onnxruntime knows no CUDA.

    >>> choose(Device.AUTO, [CUDA, CPU]).device
    <Device.CUDA: 'cuda'>
    """
    if asked is Device.CPU or CUDA in available:
        return Placement(Device.CPU if asked is Device.CPU else Device.CUDA)
    known = f"the installed onnxruntime knows only {', '.join(available)}"
    if asked is Device.CUDA:
        raise DeviceMissing(f"--device cuda: {known}; expected {CUDA}: {INSTALL}")
    return Placement(Device.CPU, f"{known}; for a GPU, {INSTALL}", ordinary=True)


def confirm(asked: Device, used: Sequence[str]) -> Placement:
    """Returns where a session that should have used CUDA runs, from the providers that it uses.

    Raises DeviceMissing where `cuda` was asked for and the session uses the processor alone.

    >>> confirm(Device.AUTO, [CPU]).device
    <Device.CPU: 'cpu'>
    """
    if CUDA in used:
        return Placement(Device.CUDA)
    fault = f"onnxruntime lists {CUDA} and could not start it: no GPU, driver or CUDA library"
    if asked is Device.CUDA:
        raise DeviceMissing(f"--device cuda: {fault}; expected all three: {DRIVER}")
    return Placement(Device.CPU, f"{fault}; {DRIVER}")
