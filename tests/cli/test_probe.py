"""`tiergate check --probe`: each answerer is asked for its models, and nothing is spent."""

from __future__ import annotations

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import yaml

from tests.kits.server_kit import Upstream, tiergate

PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"}


def probed(
    folder: Path, *answerers: dict[str, object], **environ: str
) -> tuple[subprocess.CompletedProcess[str], list[dict[str, str]]]:
    """Checks a policy with these answerers. Returns the finished program and the probes."""
    rows = [
        {"name": f"a{i}", "kind": "upstream", "price": PRICE, **one}
        for i, one in enumerate(answerers)
    ]
    tiers = [{"name": "llm", "level": 2, "answerers": rows}]
    path = folder / "p.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "name": "p", "tiers": tiers}), "utf-8")
    run = tiergate("check", path, "--probe", "--json", **environ)
    return run, json.loads(run.stdout)["policies"][0]["probes"]


def test_model_that_is_listed_is_fine(tmp_path: Path, upstream: Upstream) -> None:
    run, (found,) = probed(tmp_path, {"model": "answer", "base_urls": [upstream.url]})
    assert (run.returncode, found["found"], found["answerer"]) == (0, "ok", "a0")
    assert found["place"] == upstream.url


@pytest.mark.process
def test_model_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path, upstream: Upstream
) -> None:
    run, (found,) = probed(tmp_path, {"model": "answr", "base_urls": [upstream.url]})
    assert (run.returncode, found["found"], found["model"]) == (1, "no", "answr")
    assert "does not list this model, but answer" in found["said"]


@pytest.mark.process
def test_each_replica_is_asked(tmp_path: Path, upstream: Upstream) -> None:
    urls = [upstream.url, "http://127.0.0.1:9/v1"]
    run, found = probed(tmp_path, {"model": "answer", "base_urls": urls})
    assert run.returncode == 1
    assert [(one["place"], one["found"]) for one in found] == [(urls[0], "ok"), (urls[1], "no")]
    assert "cannot be reached" in found[1]["said"]


@pytest.mark.process
def test_the_last_line_names_what_the_probe_misses(tmp_path: Path, upstream: Upstream) -> None:
    urls = [upstream.url, "http://127.0.0.1:9/v1"]
    probed(tmp_path, {"model": "answer", "base_urls": urls})
    run = tiergate("check", tmp_path / "p.yaml", "--probe")
    assert run.stdout.splitlines()[-1] == "1 valid, 0 broken; no examples; the probe of a0 failed"


@pytest.mark.process
def test_address_that_lacks_v1_is_named(tmp_path: Path, upstream: Upstream) -> None:
    bare = upstream.url.removesuffix("/v1")
    run, (found,) = probed(tmp_path, {"model": "answer", "base_urls": [bare]})
    assert (run.returncode, found["found"]) == (1, "no")
    assert f"nothing at {bare}/models" in found["said"]
    assert "may lack `/v1`" in found["said"]


@pytest.mark.process
def test_server_without_a_list_stays_unknown(tmp_path: Path, upstream: Upstream) -> None:
    other = upstream.url.replace("/v1", "/v2")  # which the upstream does not have
    run, (found,) = probed(tmp_path, {"model": "answer", "base_urls": [other]})
    assert (run.returncode, found["found"]) == (0, "unknown")
    assert found["said"].startswith("has no list of models")


class Strict(BaseHTTPRequestHandler):
    """Knows `/v1/models` only without a query, and refuses every key but `good`."""

    def do_GET(self) -> None:
        status = 200 if self.path == "/v1/models" else 404
        if status == 200 and self.headers["authorization"] != "Bearer good":
            status = 401
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b'{"data": [{"id": "m"}]}' if status == 200 else b"{}")

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.mark.process
@pytest.mark.parametrize(
    ("key", "found", "said"),
    [("good", "ok", "lists this model"), ("bad", "no", "refused Tiergate's own key")],
)
def test_server_that_knows_no_query_is_asked_without_it(
    tmp_path: Path, key: str, found: str, said: str
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Strict) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        answerer = {"model": "m", "base_urls": [url], "api_key": "${PROBED_KEY}"}
        _, (probe,) = probed(tmp_path, answerer, PROBED_KEY=key)
        server.shutdown()
    assert probe["found"] == found
    assert said in probe["said"]


@pytest.mark.process
def test_local_model_whose_file_is_missing_is_named(tmp_path: Path) -> None:
    local = {"kind": "local", "model": "gone.gguf", "price": {}}
    run, (found,) = probed(tmp_path, local)
    assert (run.returncode, found["found"], found["place"]) == (1, "no", "this machine")


@pytest.mark.process
def test_probe_makes_no_call(tmp_path: Path, upstream: Upstream) -> None:
    before = httpx.get(upstream.url.replace("/v1", "/seen")).json()["count"]
    probed(tmp_path, {"model": "answer", "base_urls": [upstream.url]})
    assert httpx.get(upstream.url.replace("/v1", "/seen")).json()["count"] == before


@pytest.mark.process
def test_key_is_sent_and_not_printed(tmp_path: Path, upstream: Upstream) -> None:
    answerer = {"model": "x", "base_urls": [upstream.url], "api_key": "${PROBED_KEY}"}
    run, _ = probed(tmp_path, answerer, PROBED_KEY="sk-of-the-operator")
    assert "sk-of-the-operator" not in run.stdout + run.stderr


@pytest.mark.process
def test_without_probe_nobody_is_asked(tmp_path: Path) -> None:
    rows = [{"name": "a", "kind": "upstream", "model": "m", "base_urls": ["http://127.0.0.1:9/v1"]}]
    path = tmp_path / "p.yaml"
    tiers = [{"name": "llm", "level": 2, "answerers": rows}]
    path.write_text(yaml.safe_dump({"version": 1, "name": "p", "tiers": tiers}), "utf-8")
    run = tiergate("check", path, "--json")
    assert (run.returncode, json.loads(run.stdout)["policies"][0]["probes"]) == (0, [])
