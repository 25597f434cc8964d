"""Bodies that no client should send, at every endpoint that takes one: 400 or an answer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.kits.server_kit import Served, Upstream, environment, write_policy

pytestmark = pytest.mark.process

TEXT_KEY = {  # where the text of a request stands, and what else it must have
    "/v1/chat/completions": '{"model":"auto","messages":[{"role":"user","content":%s}]%s}',
    "/v1/responses": '{"model":"auto","input":%s%s}',
    "/v1/messages": '{"model":"auto","max_tokens":9,"messages":[{"role":"user","content":%s}]%s}',
    "/v1/messages/count_tokens": '{"model":"auto","messages":[{"role":"user","content":%s}]%s}',
    "/v1/completions": '{"model":"auto","prompt":%s%s}',
    "/v1/embeddings": '{"model":"tiergate-embed","input":%s%s}',
    "/v1/moderations": '{"input":%s%s}',
    "/api/v1/email/pipeline/analyze": '{"text":%s%s}',
    "/api/v1/email/pipeline/batch": '{"texts":[%s]%s}',
}
NUMBERS = {
    "/v1/chat/completions": ("temperature", "max_tokens", "seed", "n", "top_logprobs"),
    "/v1/responses": ("temperature", "max_output_tokens", "top_logprobs"),
    "/v1/messages": ("temperature", "max_tokens", "top_k"),
    "/v1/completions": ("temperature", "max_tokens", "seed", "n", "logprobs"),
    "/v1/embeddings": ("dimensions",),
}
NO_JSON = {
    "nesting in the open": b"[" * 10_000_000,
    "nesting of objects": b'{"a":' * 2_000_000,
    "NaN": b'{"model":"auto","temperature":NaN}',
    "Infinity": b'{"model":"auto","temperature":-Infinity}',
    "1e309": b'{"model":"auto","temperature":1e309}',
    "a raw NUL": b'{"model":"a\x00uto"}',
    "NUL bytes": b"\x00" * 1_000_000,
    "a lone surrogate": b'{"model":"\\ud800"}',
    "half a pair": b'{"model":"\\udc00\\ud800"}',
    "bytes of no UTF-8": b'{"model":"\xff\xfe"}',
    "UTF-16": '{"model":"auto"}'.encode("utf-16"),
    "a mark before it": b'\xef\xbb\xbf{"model":"auto"}',
    "two documents": b'{"model":"auto"}{"model":"auto"}',
    "a comma too many": b'{"model":"auto",}',
    "nothing": b"",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, max_body_bytes=12_000_000)
        with Served(folder, policy, "--policy=email_pipeline") as server:
            yield server


def sent(served: Served, path: str, body: bytes | str) -> httpx.Response:
    response = served.post(path, body.encode() if isinstance(body, str) else body)
    assert response.headers["x-request-id"].startswith("req_")
    if response.status_code != 200:
        error = response.json()["error"]
        expected = (
            {"type", "message"} if "/messages" in path else {"type", "message", "param", "code"}
        )
        assert set(error) == expected
        assert len(response.content) < 2_000  # nothing long is said back
    return response


@pytest.mark.parametrize("path", TEXT_KEY)
@pytest.mark.parametrize("what", NO_JSON)
def test_what_is_no_json_is_400(served: Served, path: str, what: str) -> None:
    response = sent(served, path, NO_JSON[what])
    assert response.status_code == 400
    message = response.json()["error"]["message"]
    assert "The body is not JSON" in message or "The body is not UTF-8: byte " in message


@pytest.mark.parametrize("path", TEXT_KEY)
def test_nesting_where_a_text_should_be_is_400(served: Served, path: str) -> None:
    for depth in (100, 900):
        deep = "[" * depth + '"a"' + "]" * depth
        assert sent(served, path, TEXT_KEY[path] % (deep, "")).status_code == 400


@pytest.mark.parametrize("path", TEXT_KEY)
def test_nesting_under_a_key_that_is_not_known_is_bounded(served: Served, path: str) -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    body = TEXT_KEY[path] % ('"hi"', ',"unknown":' + deep)
    assert sent(served, path, body).status_code in (200, 400)


@pytest.mark.parametrize(
    "text",
    [
        '"\\u0000"',
        '"a\\u0000b\\u0001\\u001f"',
        '"\\ufffe\\uffff\\ud83d\\ude00"',
        '"' + "a" * 1_000_000 + '"',
        '"' + "é" * 1_000_000 + '"',
        '"' + "$1" * 500_000 + '"',
        '"' + "1," * 500_000 + '"',
        '"' + "((((" * 250_000 + '"',
        '"' + "a " * 500_000 + '"',
        '"' + "\\n" * 500_000 + '"',
        '"' + "e\\u0301" * 100_000 + '"',
        '""',
        '" "',
    ],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("path", TEXT_KEY)
def test_odd_text_is_read_or_refused(served: Served, path: str, text: str) -> None:
    assert sent(served, path, TEXT_KEY[path] % (text, "")).status_code in (200, 400)


@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize(
    "number", [str(2**70), str(-(2**70)), "1e308", "-1", "-0.0", "1e-400", "true", '"1"', "[]"]
)
def test_numbers_out_of_range_are_400(served: Served, path: str, number: str) -> None:
    for key in NUMBERS[path]:
        fine = (key == "temperature" and number in ("-0.0", "1e-400")) or (
            key in ("seed", "top_k") and number == "-1"
        )
        response = sent(served, path, TEXT_KEY[path] % ('"hi"', f',"{key}":{number}'))
        assert response.status_code == 400 or fine, (key, response.text)
        if response.status_code == 400:
            assert key in response.json()["error"]["message"]


@pytest.mark.parametrize("path", TEXT_KEY)
def test_of_two_equal_keys_the_last_one_counts(served: Served, path: str) -> None:
    first, last = '"routing":{"dry_run":"no boolean"},', ',"routing":{}'
    if path.startswith("/api/"):
        first, last = '"tags":7,', ',"tags":[]'
    body = TEXT_KEY[path] % ('"hi"', last)
    assert sent(served, path, "{" + first + body[1:]).status_code == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize(("count", "status"), [(10_000, 200), (100_000, 400)])
def test_a_hundred_thousand_messages_are_too_many(
    served: Served, path: str, count: int, status: int
) -> None:
    turn = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    messages = [*(turn * (count // 2))[1:], turn[0]]
    assert len(messages) == count
    body = {"model": "auto", "max_tokens": 9, "messages": messages}
    response = sent(served, path, json.dumps(body))
    assert response.status_code == status
    if status == 400:
        assert "10000" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["/v1/embeddings", "/v1/moderations", "/api/v1/email/pipeline/batch"]
)
def test_a_hundred_thousand_texts_are_too_many(served: Served, path: str) -> None:
    texts = ",".join(['"hi"'] * 100_000)
    body = TEXT_KEY[path] % (texts if "%s]" in TEXT_KEY[path] else f"[{texts}]", "")
    assert sent(served, path, body).status_code == 400


@pytest.mark.parametrize("path", TEXT_KEY)
def test_a_hundred_thousand_keys_are_read_or_refused(served: Served, path: str) -> None:
    keys = "".join(f',"k{i}":{i}' for i in range(100_000))
    assert sent(served, path, TEXT_KEY[path] % ('"hi"', keys)).status_code in (200, 400)


def test_others_are_answered_meanwhile(served: Served) -> None:
    """Health checks go on, and memory stays bounded, while four clients send the worst of it."""
    before, ended, statuses = served.resident_kb(), threading.Event(), set[int]()
    worst = {
        "/v1/chat/completions": '"' + "a1 $" * 250_000 + '"',
        "/v1/responses": "[" * 10_000_000,
        "/v1/embeddings": "[" + ",".join(['"' + "a b" * 300 + '"'] * 2048) + "]",
        "/v1/moderations": '"' + "kill " * 200_000 + '"',
    }

    def send(path: str) -> None:
        body = (TEXT_KEY[path] % (worst[path], "")).encode()
        headers = {"content-type": "application/json"}
        with httpx.Client(base_url=served.url, timeout=120.0) as client:
            while not ended.is_set():
                statuses.add(client.post(path, content=body, headers=headers).status_code)

    threads = [threading.Thread(target=send, args=(path,)) for path in worst]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            assert served.client.get("/healthz").status_code == 200
            assert served.chat().status_code == 200
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert statuses == {200, 400}
    assert served.resident_kb() - before < 600_000
    assert "Traceback" not in served.output


MEMORYLESS = """
import resource
from router.errors import Overloaded
from router.wire.checks import json_object

body = b'{"text":"' + b"x" * 50_000_000 + b'"}'
pages = int(open("/proc/self/statm").read().split()[0])
most = pages * resource.getpagesize() + 200_000_000  # less than reading it takes
resource.setrlimit(resource.RLIMIT_AS, (most, most))
try:
    json_object(body)
except Overloaded as error:
    print(error.status)
"""


def test_a_good_body_is_no_mistake_where_memory_is_short() -> None:
    program = [sys.executable, "-c", MEMORYLESS]
    told = subprocess.run(program, capture_output=True, text=True, check=False, env=environment())
    assert told.stdout == "503\n", told.stderr
