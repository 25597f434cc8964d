"""Small batches on a GPU run by graphs captured for the next larger shape; a stand-in computes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from router.triage.devices.captured import GRAPH, ROWS, TOKENS, WARM, CapturedRuns
from router.triage.encoder import import_onnxruntime
from router.triage.triage_model import DEFAULT_FOLDER, ENCODER, TriageModel

Ids = npt.NDArray[np.int64]


class Value:
    """A place in the GPU's memory."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = array.copy()

    def update_inplace(self, array: npt.NDArray[Any]) -> None:
        assert array.shape == self.array.shape
        self.array[:] = array

    def numpy(self) -> npt.NDArray[Any]:
        return self.array.copy()


class OrtValue:
    @staticmethod
    def ortvalue_from_numpy(array: npt.NDArray[Any], device: str, number: int) -> Value:
        assert (device, number) == ("cuda", 0)
        return Value(array)

    @staticmethod
    def ortvalue_from_shape_and_type(
        shape: Sequence[int], kind: type, device: str, number: int
    ) -> Value:
        return Value(np.full(shape, np.nan, kind))


class Options:
    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def add_run_config_entry(self, name: str, value: str) -> None:
        self.entries[name] = value


class Binding:
    def bind_ortvalue_input(self, name: str, value: Value) -> None:
        assert name == "input_ids"
        self.ids = value

    def bind_ortvalue_output(self, name: str, value: Value) -> None:
        assert name == "embedding"
        self.out = value


class Runtime:
    OrtValue, RunOptions = OrtValue, Options


class OnCpu:
    """Runs the shipped encoder; where graphs are captured, by what was bound, as a GPU does."""

    def __init__(self) -> None:
        path = str(DEFAULT_FOLDER / ENCODER)
        self._session = import_onnxruntime().InferenceSession(
            path, providers=["CPUExecutionProvider"]
        )
        self.shapes: list[tuple[int, ...]] = []
        self.captured: dict[str, int] = {}
        self._inside = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def io_binding(self) -> Binding:
        return Binding()

    def run(self, names: None, feeds: dict[str, Any], options: object = None) -> Sequence[Any]:
        self.shapes.append(feeds["input_ids"].shape)
        found: Sequence[Any] = self._session.run(names, feeds)
        return found

    def run_with_iobinding(self, binding: Binding, options: Options) -> None:
        assert self._inside.acquire(blocking=False), "two threads ran one graph"
        number = options.entries[GRAPH]
        self.captured[number] = self.captured.get(number, 0) + 1
        (vectors,) = self.run(None, {"input_ids": binding.ids.array})
        binding.out.array[:] = vectors
        self._inside.release()


@pytest.fixture(scope="module")
def sessions() -> tuple[OnCpu, OnCpu, CapturedRuns]:
    whole, small = OnCpu(), OnCpu()
    return whole, small, CapturedRuns(Runtime(), whole, small)


def ids_of(model: TriageModel, *texts: str) -> Ids:
    rows = [model.encoder.tokenise(text) for text in texts]
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
    return ids


def test_each_shape_is_captured_before_it_is_used(
    sessions: tuple[OnCpu, OnCpu, CapturedRuns],
) -> None:
    _, small, _ = sessions
    numbers = {str(number) for number in range(1, len(ROWS) * len(TOKENS) + 1)}
    assert numbers <= small.captured.keys()
    assert min(small.captured.values()) >= WARM


@pytest.mark.parametrize(
    ("texts", "shape"),
    [
        (("Where is my order?",), (1, 16)),
        (("Where is my order? " * 7,), (1, 64)),
        (("Where is my order?", "What does it cost to send it to Peru?"), (4, 16)),
        (("Where is my order?",) * 16, (16, 16)),
    ],
)
def test_a_small_batch_runs_in_the_next_larger_shape(
    sessions: tuple[OnCpu, OnCpu, CapturedRuns],
    model: TriageModel,
    texts: tuple[str, ...],
    shape: tuple[int, int],
) -> None:
    whole, small, runs = sessions
    ids = ids_of(model, *texts)
    (found,) = runs.run(None, {"input_ids": ids})
    assert small.shapes[-1] == shape
    (expected,) = whole._session.run(None, {"input_ids": ids})
    assert found.shape == expected.shape
    assert (found * expected).sum(axis=1) == pytest.approx(np.ones(len(texts)), abs=5e-3)


def test_a_larger_batch_runs_as_it_is(sessions: tuple[OnCpu, OnCpu, CapturedRuns]) -> None:
    whole, _, runs = sessions
    runs.run(None, {"input_ids": np.full((ROWS[-1] + 1, 8), 101, np.int64)})
    assert whole.shapes[-1] == (ROWS[-1] + 1, 8)


def test_one_thread_at_a_time_uses_a_graph(
    sessions: tuple[OnCpu, OnCpu, CapturedRuns], model: TriageModel
) -> None:
    _, _, runs = sessions
    texts = ["Where is my order?", "What is the tallest mountain?", "Cancel it, please."] * 8
    expected = [runs.run(None, {"input_ids": ids_of(model, text)})[0] for text in texts]
    found: dict[int, npt.NDArray[np.float32]] = {}

    def read(place: int) -> None:
        (found[place],) = runs.run(None, {"input_ids": ids_of(model, texts[place])})

    threads = [threading.Thread(target=read, args=(place,)) for place in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, vectors in enumerate(expected):
        assert np.array_equal(found[place], vectors)
