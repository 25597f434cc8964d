"""Where the encoder runs: what onnxruntime offers, what was asked for, and what a session uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from router.errors import DeviceMissing, ModelFileError
from router.triage.devices.opening import open_session
from router.triage.devices.placement import CPU, CUDA, choose, confirm
from router.triage.encoder import import_onnxruntime
from router.triage.triage_model import DEFAULT_FOLDER, ENCODER, TriageModel
from router.types import Device

WITH_GPU = ["TensorrtExecutionProvider", CUDA, CPU]
WITHOUT = ["AzureExecutionProvider", CPU]
HAS_CUDA = CUDA in import_onnxruntime().get_available_providers()
PRODUCT = (bytes, [CPU])
"""What opens beside the models: the product that tells whether sums are whole."""

no_gpu = pytest.mark.skipif(HAS_CUDA, reason="this onnxruntime knows CUDA")


class NoDriver:
    """A runtime built for CUDA on a machine without a driver: it warns, and uses the processor."""

    def __init__(self) -> None:
        self.opened: list[tuple[type, list[str]]] = []

    def get_available_providers(self) -> list[str]:
        return WITH_GPU

    def SessionOptions(self) -> Any:
        return import_onnxruntime().SessionOptions()

    def InferenceSession(self, model: object, options: object, **more: Any) -> Any:
        self.opened.append((type(model), more["providers"]))
        return import_onnxruntime().InferenceSession(
            model, options, providers=[CPU], disabled_optimizers=more["disabled_optimizers"]
        )


class FullGpu(NoDriver):
    """A runtime whose GPU has no memory left for the encoder."""

    def InferenceSession(self, model: object, options: object, **more: Any) -> Any:
        if more["providers"][0] == CUDA:
            raise RuntimeError("CUDA failure 2: out of memory")
        return super().InferenceSession(model, options, **more)


@pytest.mark.parametrize(
    ("asked", "available", "device"),
    [
        (Device.CPU, WITH_GPU, Device.CPU),
        (Device.CPU, WITHOUT, Device.CPU),
        (Device.AUTO, WITH_GPU, Device.CUDA),
        (Device.AUTO, WITHOUT, Device.CPU),
        (Device.CUDA, WITH_GPU, Device.CUDA),
    ],
)
def test_device_follows_from_the_wish_and_the_providers(
    asked: Device, available: list[str], device: Device
) -> None:
    assert choose(asked, available).device is device


def test_cuda_is_preferred_with_the_processor_behind_it() -> None:
    assert choose(Device.CUDA, WITH_GPU).providers == [CUDA, CPU]
    assert choose(Device.CPU, WITH_GPU).providers == [CPU]


def test_cuda_without_its_provider_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(DeviceMissing, match=r"Azure.*expected CUDA.*extra `gpu`"):
        choose(Device.CUDA, WITHOUT)


def test_auto_without_the_provider_says_why_the_processor_is_used() -> None:
    assert "Azure" in choose(Device.AUTO, WITHOUT).note
    assert choose(Device.CPU, WITHOUT).note == ""


def test_session_that_fell_back_is_an_error_where_cuda_was_asked_for() -> None:
    with pytest.raises(DeviceMissing, match=r"could not start it.*nvidia-smi"):
        confirm(Device.CUDA, [CPU])
    assert "driver" in confirm(Device.AUTO, [CPU]).note
    assert confirm(Device.CUDA, [CUDA, CPU]).device is Device.CUDA


def test_auto_without_a_driver_opens_the_shipped_graph_on_the_processor() -> None:
    pytest.importorskip("onnx")
    runtime = NoDriver()
    session, placement = open_session(runtime, DEFAULT_FOLDER / ENCODER, 1, Device.AUTO)
    assert placement.device is Device.CPU
    assert session.get_providers() == [CPU]
    # The float graph is for a GPU alone: heads were fitted on the vectors of the shipped one.
    models = [one for one in runtime.opened if one != PRODUCT]
    assert models == [(bytes, [CUDA, CPU]), (str, [CPU])]


def test_cuda_without_a_driver_is_refused() -> None:
    pytest.importorskip("onnx")
    with pytest.raises(DeviceMissing, match="no GPU, driver"):
        open_session(NoDriver(), DEFAULT_FOLDER / ENCODER, 1, Device.CUDA)


def test_only_a_runtime_without_a_gpu_is_ordinary() -> None:
    """One that knows GPUs and runs on the processor all the same is worth a line in the log."""
    placements = [choose(Device.AUTO, [CPU]), choose(Device.AUTO, [CUDA, CPU])]
    placements += [confirm(Device.AUTO, [CPU]), confirm(Device.AUTO, [CUDA, CPU])]
    assert [placement.ordinary for placement in placements] == [True, False, False, False]


def test_auto_uses_the_processor_where_the_gpu_is_full() -> None:
    pytest.importorskip("onnx")
    model = DEFAULT_FOLDER / ENCODER
    session, placement = open_session(FullGpu(), model, 1, Device.AUTO)
    assert session.get_providers() == [CPU]
    assert "out of memory" in placement.note
    with pytest.raises(ModelFileError, match="out of memory"):
        open_session(FullGpu(), model, 1, Device.CUDA)


def test_sums_of_products_are_whole_on_every_processor() -> None:
    """`product.onnx` quantizes eight numbers and multiplies them by rows of 1 and of -1, as the
    encoder's layers do (weights 127 and -127 with a scale of 1/127). A processor without VNNI adds
    two such products in 16 bits, where they do not fit: it would say 4.05."""
    model = Path(__file__).with_name("product.onnx")
    session, _ = open_session(import_onnxruntime(), model, 1, Device.CPU)
    found = session.run(None, {"a": np.ones((1, 8), np.float32)})[0]
    assert found == pytest.approx(np.array([[8.0, -8.0]]), abs=1e-3)


@no_gpu
def test_model_asked_for_a_gpu_that_is_not_there_is_not_loaded() -> None:
    with pytest.raises(DeviceMissing):
        TriageModel.load(device=Device.CUDA)


@no_gpu
def test_model_runs_on_the_processor_where_auto_finds_no_gpu() -> None:
    model = TriageModel.load(device=Device.AUTO)
    assert model.encoder.placement.device is Device.CPU
    assert model.vectors_version == model.version


def test_missing_onnx_is_no_error_of_auto(tmp_path: Path) -> None:
    """The extra has it; without it the graph for a GPU cannot be made."""
    import subprocess
    import sys

    program = (
        "import sys; sys.modules['onnx'] = None\n"
        "from tests.triage.devices.test_placement import NoDriver\n"
        "from router.triage.devices.opening import open_session\n"
        "from router.triage.encoder import import_onnxruntime\n"
        "from router.triage.triage_model import DEFAULT_FOLDER, ENCODER\n"
        "from router.types import Device\n"
        "print(open_session(NoDriver(), DEFAULT_FOLDER / ENCODER, 1, Device.AUTO)[1].note)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "no package onnx" in done.stdout
