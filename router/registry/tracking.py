"""Tells an MLflow server what was added and promoted, by its REST API. Needs no package of MLflow.

A version becomes one run of the experiment of its model, with hyperparameters as parameters, and
figures as metrics. Its state is a tag of the run, which later changes set anew.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from router.errors import RegistryError
from router.outgoing.bounded_calls import AnswerTooLong, HttpAnswer, call
from router.registry.model import ModelVersion

TIMEOUT_S = 10.0
MOST_BYTES = 1 << 22
"""Of an answer: an experiment or a run with all that this module tells it has some 100 kB."""
AT_ONCE = 100
"""Parameters, metrics or tags in one call: MLflow takes so many parameters."""
MOST_SHOWN = 300
"""Letters of the server's own words that are shown."""
LONGEST_VALUE = 500
"""Letters of a parameter that every version of MLflow keeps."""
FINISHED = "FINISHED"
_REFUSED = re.compile(r"[^\w.\- /]")
"""What MLflow takes in no name of a parameter or a figure, such as `recall@5`."""
_EXPECTED = "expected MLflow's REST API, so check the address"
_MISSING = "RESOURCE_DOES_NOT_EXIST"


class Mlflow:
    """Speaks with one server. Every method raises RegistryError."""

    def __init__(self, url: str, environ: Mapping[str, str]) -> None:
        """Takes the address, and user and password or a token as MLflow's own clients do."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise RegistryError(f"{url!r} is no address of MLflow; expected http:// or https://")
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json", **_authorization(environ)}

    def track(self, model: ModelVersion) -> str:
        """Makes the run of a version, or finds it, and returns its id."""
        experiment = self._experiment(model.name)
        run, whole = self._run_of(experiment, model)
        if whole:
            return run
        at_ms = model.created_at_ms
        if not run:
            made = {
                "experiment_id": experiment,
                "run_name": model.id,
                "start_time": at_ms,
                "tags": _pairs(_tags(model)),
            }
            run = str(self._post("runs/create", made)["run"]["info"]["run_id"])
        settings = {_key(name): str(value) for name, value in model.hyperparameters.items()}
        for some in _parts(_pairs(settings)):
            self._post("runs/log-batch", {"run_id": run, "params": some})
        figures = [
            {"key": _key(key), "value": value, "timestamp": at_ms, "step": 0}
            for key, value in model.metrics.items()
        ]
        for some in _parts(figures):
            self._post("runs/log-batch", {"run_id": run, "metrics": some})
        self._post("runs/update", {"run_id": run, "status": FINISHED, "end_time": at_ms})
        return run

    def tell_state(self, model: ModelVersion) -> None:
        """Sets the state of a version as a tag of its run."""
        run = self.track(model)
        self._post(
            "runs/set-tag", {"run_id": run, "key": "tiergate.state", "value": model.state.value}
        )

    def _experiment(self, name: str) -> str:
        path = f"experiments/get-by-name?experiment_name={quote(f'tiergate/{name}', safe='')}"
        try:
            return str(self._call("GET", path, None)["experiment"]["experiment_id"])
        except _NotThere:
            made = self._post("experiments/create", {"name": f"tiergate/{name}"})
            return str(made["experiment_id"])

    def _run_of(self, experiment: str, model: ModelVersion) -> tuple[str, bool]:
        """Returns the run of a version, "" if there is none, and True where the run is complete."""
        wanted = {
            "experiment_ids": [experiment],
            "filter": f"tags.`tiergate.version` = '{model.version}'",
            "max_results": 1,
        }
        runs = self._post("runs/search", wanted).get("runs") or []
        if not runs:
            return "", False
        about = runs[0]["info"]
        # A fault in the middle leaves a run that was not finished: the next call goes on with it.
        return str(about["run_id"]), about.get("status") == FINISHED

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None) -> dict[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        place = f"{urlsplit(self._url).hostname} ({path.partition('?')[0]})"
        url = f"{self._url}/api/2.0/mlflow/{path}"
        try:
            # A redirect is none to follow: it would take the token to a server that nobody named.
            answered = call(method, url, content, self._headers, TIMEOUT_S, MOST_BYTES)
        except AnswerTooLong as error:
            raise RegistryError(f"MLflow at {place} {error}; {_EXPECTED}") from error
        except (OSError, ValueError) as error:
            raise RegistryError(f"MLflow at {place} does not answer: {error}") from error
        if answered.status != 200:
            fault = _error_of(answered)
            kind = _NotThere if fault.startswith(_MISSING) else RegistryError
            raise kind(f"MLflow at {place} answered {answered.status}: {fault}")
        try:
            answer = json.loads(answered.content or b"{}")
        except ValueError as error:
            raise RegistryError(f"MLflow at {place} answered no JSON; {_EXPECTED}") from error
        if not isinstance(answer, dict):
            raise RegistryError(f"MLflow at {place} answered what is no object; {_EXPECTED}")
        return answer


class _NotThere(RegistryError):
    """Reports an experiment that does not exist yet."""


def _error_of(answer: HttpAnswer) -> str:
    try:
        fault = json.loads(answer.content)
        words = f"{fault['error_code']}: {fault.get('message', '')}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.reason
    return "".join(c if c.isprintable() else " " for c in words[:MOST_SHOWN])


def _tags(model: ModelVersion) -> dict[str, str]:
    tags = {
        "tiergate.kind": model.kind.value,
        "tiergate.version": model.version,
        "tiergate.state": model.state.value,
        "tiergate.dataset": model.dataset,
        "tiergate.base": model.base,
        "tiergate.parents": ", ".join(model.parents),
        "tiergate.licence": model.licence,
        "mlflow.note.content": model.note,
    }
    return {key: value for key, value in tags.items() if value}


def _key(name: str) -> str:
    return _REFUSED.sub("_", name)


def _pairs(values: Mapping[str, str]) -> list[dict[str, object]]:
    return [{"key": key, "value": value[:LONGEST_VALUE]} for key, value in values.items()]


def _parts(values: Sequence[Mapping[str, object]]) -> Iterator[Sequence[Mapping[str, object]]]:
    for begin in range(0, len(values), AT_ONCE):
        yield values[begin : begin + AT_ONCE]


def _authorization(environ: Mapping[str, str]) -> dict[str, str]:
    token, user = environ.get("MLFLOW_TRACKING_TOKEN"), environ.get("MLFLOW_TRACKING_USERNAME")
    if token:
        return {"Authorization": f"Bearer {token}"}
    if not user:
        return {}
    secret = f"{user}:{environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
    return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
