"""Runs small batches on a GPU by CUDA graphs, captured once for each shape.

A lone text is too little work for a GPU: most of its time is the launch of a hundred small kernels.
A captured graph launches them all at once, and needs inputs of a fixed shape at a fixed place. So
texts are padded to the next shape that was captured; larger batches run as they are. It knows
nothing about tokens but that 0 is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

ROWS = (1, 4, 16)
TOKENS = (16, 32, 64, 128)
"""Shapes that are captured: each of ROWS with each of TOKENS."""
OPTIONS = {"enable_cuda_graph": "1"}
"""What onnxruntime's CUDA provider is given, so that runs are captured."""
GRAPH = "gpu_graph_id"
WARM = 3
"""Runs of a shape before it is used: onnxruntime captures after it has run twice."""

Ids = npt.NDArray[np.int64]


class Runs(Protocol):
    """Describes what is needed of onnxruntime's InferenceSession on a GPU."""

    def get_providers(self) -> Sequence[str]: ...

    def get_inputs(self) -> Sequence[Any]: ...

    def get_outputs(self) -> Sequence[Any]: ...

    def run(self, names: None, feeds: dict[str, Any], options: object = None) -> Sequence[Any]: ...

    def io_binding(self) -> Any: ...

    def run_with_iobinding(self, binding: Any, options: object = None) -> None: ...


class _Graph:
    """Holds one shape: its places in the GPU's memory, and the graph that was captured there."""

    def __init__(self, runtime: Any, session: Runs, rows: int, tokens: int, number: int) -> None:
        width = int(session.get_outputs()[0].shape[-1])
        self._session, self.shape = session, (rows, tokens)
        self._ids = runtime.OrtValue.ortvalue_from_numpy(
            np.ones((rows, tokens), np.int64), "cuda", 0
        )
        self._out = runtime.OrtValue.ortvalue_from_shape_and_type(
            [rows, width], np.float32, "cuda", 0
        )
        self._binding = session.io_binding()
        self._binding.bind_ortvalue_input(session.get_inputs()[0].name, self._ids)
        self._binding.bind_ortvalue_output(session.get_outputs()[0].name, self._out)
        self._options = runtime.RunOptions()
        self._options.add_run_config_entry(GRAPH, str(number))
        for _ in range(WARM):
            session.run_with_iobinding(self._binding, self._options)

    def __call__(self, ids: Ids) -> npt.NDArray[np.float32]:
        rows, tokens = ids.shape
        whole = np.zeros(self.shape, np.int64)
        whole[:rows, :tokens] = ids
        # A row of padding alone would have no mean.
        whole[rows:, 0] = 1
        self._ids.update_inplace(whole)
        self._session.run_with_iobinding(self._binding, self._options)
        vectors: npt.NDArray[np.float32] = self._out.numpy()[:rows]
        return vectors


class CapturedRuns:
    """Runs small batches by captured graphs, as a session of the model; threads may share it."""

    def __init__(self, runtime: Any, whole: Runs, small: Runs) -> None:
        """Captures the graphs of `small`, the same model opened with OPTIONS.

        Raises what onnxruntime raises where it cannot capture them.
        """
        self._whole = whole
        self._lock = Lock()  # a graph has one place for its input
        shapes = [(rows, tokens) for rows in ROWS for tokens in TOKENS]
        self._graphs = [
            _Graph(runtime, small, *shape, number) for number, shape in enumerate(shapes, 1)
        ]

    def get_providers(self) -> Sequence[str]:
        return self._whole.get_providers()

    def get_outputs(self) -> Sequence[Any]:
        return self._whole.get_outputs()

    def run(self, names: None, feeds: dict[str, Any], options: object = None) -> Sequence[Any]:
        """Returns what the session returns of a batch, by a graph where one is large enough."""
        ids = next(iter(feeds.values()))
        for graph in self._graphs:
            if ids.shape[0] <= graph.shape[0] and ids.shape[1] <= graph.shape[1]:
                with self._lock:
                    return [graph(ids)]
        return self._whole.run(names, feeds, options)
