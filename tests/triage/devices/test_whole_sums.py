"""Sums of bytes: whole on every processor, at no cost where they are whole anyway."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from router.triage.devices.opening import WHOLE_SUMS, open_session
from router.triage.devices.whole_sums import sums_are_whole
from router.triage.encoder import import_onnxruntime
from router.triage.triage_model import DEFAULT_FOLDER, ENCODER
from router.types import Device

CUT = 32_767 * 32
"""What a processor without VNNI makes of 64 products of 255 and 127: it cuts each sum of two."""


class Product:
    """A session of the product, as a processor computes it."""

    def __init__(self, real: Any, cut: bool) -> None:
        self._real, self._cut = real, cut

    def run(self, names: None, feeds: dict[str, Any]) -> list[Any]:
        sums = self._real.run(names, feeds)
        return [np.full_like(sums[0], CUT)] if self._cut else sums


class Processor:
    """A runtime on a processor that cuts sums, or adds them whole; it notes who has the setting."""

    def __init__(self, cut: bool, *, refuses: bool = False) -> None:
        self._cut, self._refuses = cut, refuses
        self.products = 0
        self.settings: list[bool] = []

    def get_available_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]

    def SessionOptions(self) -> Any:
        return import_onnxruntime().SessionOptions()

    def InferenceSession(self, model: object, options: Any, **more: Any) -> Any:
        real = import_onnxruntime().InferenceSession(model, options, **more)
        if isinstance(model, bytes):
            self.products += 1
            if self._refuses:
                raise RuntimeError("MatMulInteger is not implemented")
            return Product(real, self._cut)
        self.settings.append(has_setting(options))
        return real


def has_setting(options: Any) -> bool:
    """Tells it of options, which raise for an entry that they lack."""
    try:
        return bool(options.get_session_config_entry(WHOLE_SUMS[0]) == WHOLE_SUMS[1])
    except RuntimeError:
        return False


def opened(runtime: Processor) -> Any:
    return open_session(runtime, DEFAULT_FOLDER / ENCODER, 1, Device.CPU)[0]


def test_setting_is_used_where_sums_are_cut() -> None:
    runtime = Processor(cut=True)
    opened(runtime)
    assert runtime.settings == [True]


def test_setting_is_left_out_where_sums_are_whole() -> None:
    """With AMX the setting takes the fast kernels away: texts took two to three times as long."""
    if not sums_are_whole(import_onnxruntime()):
        pytest.skip("this processor cuts sums of bytes")
    runtime = Processor(cut=False)
    opened(runtime)
    assert runtime.settings == [False]


def test_runtime_that_cannot_tell_gets_the_setting() -> None:
    runtime = Processor(cut=False, refuses=True)
    opened(runtime)
    assert runtime.settings == [True]


def test_processor_is_asked_once() -> None:
    runtime = Processor(cut=True)
    opened(runtime)
    opened(runtime)
    assert runtime.products == 1


def test_vectors_are_the_same_with_the_setting_and_without_where_sums_are_whole() -> None:
    if not sums_are_whole(import_onnxruntime()):
        pytest.skip("this processor cuts sums of bytes")
    rows = np.random.default_rng(7).integers(1_000, 14_000, (16, 24))
    rows[0, 12:] = 0
    plain, exact = (
        opened(Processor(cut)).run(None, {"input_ids": rows})[0] for cut in (False, True)
    )
    assert np.array_equal(plain, exact)
