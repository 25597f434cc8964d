"""Where torch trains: what is there, and a loss whose tensors all follow the weights."""

from __future__ import annotations

import numpy as np
import pytest

from router.errors import DeviceMissing
from router.training.torch_device import chosen, torch_device
from router.types import Device


@pytest.mark.parametrize(
    ("asked", "available", "device"),
    [
        (Device.CPU, True, "cpu"),
        (Device.CPU, False, "cpu"),
        (Device.AUTO, True, "cuda"),
        (Device.AUTO, False, "cpu"),
        (Device.CUDA, True, "cuda"),
    ],
)
def test_device_follows_from_the_wish_and_what_torch_finds(
    asked: Device, available: bool, device: str
) -> None:
    assert chosen(asked, available, "2.13.0") == device


def test_cuda_without_a_gpu_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(DeviceMissing, match=r"torch 2\.13\.0\+cpu .*expected .*GPU"):
        chosen(Device.CUDA, False, "2.13.0+cpu")


def test_processor_needs_no_torch_to_be_chosen() -> None:
    assert torch_device(Device.CPU) == "cpu"


@pytest.mark.train
def test_tensors_of_the_loss_follow_the_weights() -> None:
    """Torch's device `meta` refuses a tensor of another device, as a GPU does; it computes none."""
    import torch

    from router.training.encoder import distil
    from router.training.encoder.student import Shape, build

    shape = Shape(layers_of_teacher=(0,))
    rows = [[101, 2054, 2003, 102], [101, 7592, 102]]
    corpus = distil.Corpus(
        rows,
        {},
        ["a", "a"],
        np.array([0, -1]),
        np.ones((1, 384), dtype=np.float32),
        {"task": ("no", "yes")},
        {"task": np.array([1, 0])},
    )
    plan = distil.Plan(7, shape=shape, device="meta")
    student = build(shape, 7).to("meta")
    readout = distil.Readout(shape.width, {"task": 2}).to("meta")
    pooled = torch.zeros((2, shape.width), device="meta")
    terms = dict(
        distil._terms(
            student, readout, corpus, distil._balances(corpus, plan), np.array([0, 1]),
            pooled, pooled,
        )
    )  # fmt: skip
    assert set(terms) == {"cosine", "pairs", "task"}
    assert {term.device.type for term in terms.values()} == {"meta"}
