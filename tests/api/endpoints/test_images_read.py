"""Images whose words are read on this machine, for endpoints by domain and for triage."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import stat
from pathlib import Path

import httpx
import pytest

from router.api.compose.mounted.images import LocalImages, image_of, words_of
from router.policy.loading import find_policy, policies_dir
from router.types import ContentPart, JsonText
from tests.kits.inputs.drawn import drawn
from tests.kits.server_kit import Served, Upstream, write_policy

real = pytest.mark.skipif(
    shutil.which("tesseract") is None or importlib.util.find_spec("PIL") is None,
    reason="needs tesseract (apt-get install tesseract-ocr) and Pillow (the [dev] extra)",
)
INVOICE = [
    "Harbor Supplies Ltd",
    "Invoice number 2026-0417",
    "Amount due: $48,250.00",
    "Payable by 30 June 2026",
]
PIXEL = "data:image/png;base64,iVBORw0KGgo="
HEAD = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
)


def part(url: str) -> ContentPart:
    return ContentPart("image_url", JsonText(json.dumps({"image_url": {"url": url}})))


def table(*words: tuple[str, float]) -> str:
    rows = [f"5\t1\t1\t1\t{i // 2}\t{i}\t0\t0\t1\t1\t{chance}\t{word}"
            for i, (word, chance) in enumerate(words)]  # fmt: skip
    return "\n".join([HEAD, *rows])


def program(folder: Path, script: str) -> LocalImages:
    """Returns a reader whose `tesseract` is a script of ours."""
    file = folder / "tesseract"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return LocalImages({"PATH": f"{folder}:{os.environ['PATH']}"})


def test_sure_words_are_put_into_lines() -> None:
    assert words_of(table(("Pay", 95), ("now", 91), ("twelve", 90))) == "Pay now\ntwelve"


@pytest.mark.parametrize(
    "words",
    [(), (("Pay", 95), ("now", 95)), (("a", 20), ("b", 30), ("c", 10)), (("|", 95), ("~", 95))],
)
def test_few_or_unsure_words_count_as_unread(words: tuple[tuple[str, float], ...]) -> None:
    assert words_of(table(*words)) is None


def test_a_table_of_another_form_counts_as_unread() -> None:
    assert words_of(table(("Pay", 95), ("now", 91), ("twelve", 90)).replace("95", "sure")) is None


@pytest.mark.parametrize(
    "url", ["https://example.com/a.png", "data:image/png;base64,", "data:image/png;base64,@@@",
            "data:image/png,plain", "data:text/plain;base64,YQ=="],
)  # fmt: skip
def test_what_carries_no_image_is_unread(url: str) -> None:
    assert image_of(part(url)) is None


async def test_words_come_from_a_program_without_a_shell(tmp_path: Path) -> None:
    rows = table(("Total", 96), ("due", 95), ("soon", 93)).replace("\t", "\\t").replace("\n", "\\n")
    images = program(tmp_path, f"cat > /dev/null; printf '{rows}'")
    assert await images.read(part(PIXEL)) == "Total due\nsoon"


@pytest.mark.parametrize("script", ["exit 3", "cat > /dev/null; echo nonsense", "kill -9 $$"])
async def test_a_program_that_fails_reads_nothing(tmp_path: Path, script: str) -> None:
    assert await program(tmp_path, script).read(part(PIXEL)) is None


async def test_without_the_program_nothing_is_read(tmp_path: Path) -> None:
    assert await LocalImages({"PATH": str(tmp_path)}).read(part(PIXEL)) is None


def test_an_image_beyond_the_rate_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, f"cat > /dev/null; echo run >> {tmp_path}/runs; exit 3")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    endpoint = {
        "domain": "test",
        "task": "notes",
        "description": "Notes of a test.",
        "extract": {"dates": "date"},
        "limits": {"requests_per_minute": 1},
    }
    policy = write_policy(tmp_path, "http://127.0.0.1:9", endpoints=[endpoint])
    with Served(tmp_path, policy) as served:
        codes = [
            served.client.post("/api/v1/test/notes/analyze", json={"image": PIXEL}).status_code
            for _ in range(2)
        ]
    assert codes == [422, 429]
    assert (tmp_path / "runs").read_text() == "run\n"


@real
@pytest.mark.slow
def test_an_invoice_is_read_and_its_amount_decides(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        chat = write_policy(
            tmp_path,
            upstream.url,
            triage={"images": "read"},
            tiers=[_seeing("small", 2, upstream.url), _seeing("large", 3, upstream.url)],
        )
        shipped = find_policy("domain_endpoints", policies_dir())
        with Served(tmp_path, chat, shipped) as served:
            path = "/api/v1/finance/fraud/analyze"
            body = served.client.post(path, json={"image": drawn(INVOICE)}).json()
            assert body["result"]["amounts"][0]["value"] == 48250.0
            found = body["result"]["references"][0]
            assert body["text"][found["start"] : found["end"]] == found["text"]

            unread = served.client.post(path, json={"image": PIXEL})
            assert (unread.status_code, unread.json()["error"]["code"]) == (422, "image_unreadable")

            invoice = _chat(served, drawn(INVOICE))
            assert invoice.headers["x-tiergate-tier"] == "large"  # $10,000 and more
            calm = _chat(served, drawn(["Our garden in spring", "The roses are in bloom today"]))
            assert calm.headers["x-tiergate-tier"] == "small"
            nothing = served.row(_chat(served, PIXEL))
            assert nothing["record"]["signals"]["novelty"] == 1.0


def _seeing(name: str, level: int, url: str) -> dict[str, object]:
    answerer = {
        "name": name,
        "kind": "upstream",
        "model": "answer",
        "base_urls": [url],
        "capabilities": ["images"],
        "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"},
    }
    return {"name": name, "level": level, "answerers": [answerer]}


def _chat(served: Served, image: str) -> httpx.Response:
    content = [
        {"type": "text", "text": "What does this say?"},
        {"type": "image_url", "image_url": {"url": image}},
    ]
    return served.chat(messages=[{"role": "user", "content": content}])
