"""Opens the encoder's session on the device that was asked for, or on the processor instead.

It gets the runtime as a value, so that one file alone imports onnxruntime. On a GPU the graph runs
in float (`float_graph` says why).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from router.errors import DeviceMissing, ModelFileError
from router.triage.devices import captured
from router.triage.devices.float_graph import floats
from router.triage.devices.placement import CPU, CUDA, INSTALL, Placement, choose, confirm
from router.triage.devices.whole_sums import sums_are_whole
from router.types import Device

SLOW_FUSIONS = ["SkipLayerNormFusion"]
"""The fused node is slower here than what it replaces: 364 against 308 µs per text of 22 tokens in
batches, 408 against 359 alone (onnxruntime 1.31, AVX512-VNNI). Vectors move by up to 1e-3, so heads
are fitted with the same setting."""

WHOLE_SUMS = ("session.x64quantprecision", "1")
"""For a processor whose sums of bytes are cut (`whole_sums`): 2 to 3 % of this encoder's are, and
cosines to the true vectors fell to .991. With this setting onnxruntime takes unsigned weights,
whose sums are exact; that takes 4 to 20 % longer (Zen 3). Elsewhere it only costs: with AMX the
same vectors took two to three times as long."""


class Session(Protocol):
    """Describes what is needed of onnxruntime's InferenceSession."""

    def get_providers(self) -> Sequence[str]: ...

    def get_outputs(self) -> Sequence[Any]: ...

    def run(self, names: None, feeds: dict[str, Any], options: object = None) -> Sequence[Any]: ...


_LOG = logging.getLogger("tiergate")


class Runtime(Protocol):
    """Describes what is needed of the module onnxruntime."""

    def __hash__(self) -> int: ...

    def get_available_providers(self) -> Sequence[str]: ...

    def SessionOptions(self) -> Any: ...

    def InferenceSession(self, *args: Any, **kwargs: Any) -> Session: ...


def open_session(
    runtime: Runtime, model: Path, threads: int, asked: Device
) -> tuple[Session, Placement]:
    """Returns a session of the model, with so many threads a run, and where it runs.

    Raises DeviceMissing where `cuda` is asked for and cannot be had, ModelFileError for a file that
    is no model.
    """
    placement = choose(asked, runtime.get_available_providers())
    if placement.device is Device.CUDA:
        placement, session = _on_gpu(runtime, model, threads, asked)
        if session is not None:
            return session, placement
    return _open(runtime, str(model), threads, placement.providers, model), placement


def _options(runtime: Runtime, threads: int) -> Any:
    """Returns what every encoder is opened with, so that each processor gives the same vectors."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not sums_are_whole(runtime):
        options.add_session_config_entry(*WHOLE_SUMS)
    return options


def _on_gpu(
    runtime: Runtime, model: Path, threads: int, asked: Device
) -> tuple[Placement, Session | None]:
    """Returns a session on the GPU; None, and why, where it would run on the processor."""
    # Finds the libraries of the packages nvidia-*, which no linker path names.
    getattr(runtime, "preload_dlls", lambda: None)()
    placement = Placement(Device.CUDA)
    try:
        graph = floats(model.read_bytes())
        session = _open(runtime, graph, threads, placement.providers, model)
    except ModelFileError as error:
        # Another program may fill the GPU's memory, and a graph of others may have no float form.
        if asked is Device.CUDA:
            raise
        return Placement(Device.CPU, f"the GPU does not take the encoder ({error})"), None
    except ImportError as error:
        if asked is Device.CUDA:
            raise DeviceMissing(
                f"--device cuda: found no package onnx ({error}); expected it, to read the encoder "
                f"for a GPU: {INSTALL}"
            ) from error
        return Placement(Device.CPU, f"there is no package onnx; for a GPU, {INSTALL}"), None
    placement = confirm(asked, session.get_providers())
    if placement.device is not Device.CUDA:
        return placement, None
    return placement, _captured(runtime, graph, threads, session, model)


def _captured(runtime: Runtime, graph: bytes, threads: int, session: Any, model: Path) -> Any:
    """Returns a session that runs small batches by captured graphs; the plain one without them."""
    try:
        small = _open(runtime, graph, threads, [(CUDA, captured.OPTIONS), CPU], model)
        return captured.CapturedRuns(runtime, session, small)
    except Exception as error:  # a lone text then takes a little longer, no more
        _LOG.info("no CUDA graphs for %s: %s", model.name, error)
        return session


def _open(
    runtime: Runtime,
    model: str | bytes,
    threads: int,
    providers: Sequence[Any],
    file: Path,
) -> Any:
    try:
        return runtime.InferenceSession(
            model,
            _options(runtime, threads),
            providers=providers,
            disabled_optimizers=SLOW_FUSIONS if providers == [CPU] else [],
        )
    except Exception as error:  # onnxruntime's errors share no base class but Exception
        raise ModelFileError(f"encoder file {file} cannot be loaded: {error}") from error
