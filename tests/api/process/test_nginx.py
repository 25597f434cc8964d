"""The configuration of nginx in the operations guide, run by a real nginx before a real server."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from benchmarks.stage import free_port
from tests import ROOT
from tests.kits.server_kit import (
    ROUTINE,
    Served,
    Upstream,
    eventually,
    tiergate,
    write_behaviours,
    write_policy,
)

pytestmark = pytest.mark.process

GUIDE = ROOT / "docs/guides/operations.md"


def configuration(folder: Path, port: int, gateway: str) -> Path:
    """Writes the guide's configuration for this machine: other ports, and a certificate of ours."""
    (block,) = re.findall(r"^```nginx\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    places = {
        "127.0.0.1:8080": gateway.removeprefix("http://"),
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/llm.example.com.pem": str(folder / "cert.pem"),
        "/etc/ssl/llm.example.com.key": str(folder / "key.pem"),
    }
    for of_guide, here in places.items():
        assert block.count(of_guide) == 1, of_guide
        block = block.replace(of_guide, here)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    page = folder / "nginx.conf"
    page.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log warn;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{block}}}\n"
    )
    return page


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, httpx.Client]]:
    """A server with a key, and a client of the nginx before it."""
    nginx, openssl = shutil.which("nginx"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("nginx is not installed (apt-get install nginx)")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    with Upstream(folder) as upstream:
        policies = [
            write_policy(folder, upstream.url),
            *write_behaviours(folder, upstream.url, "lasting"),
        ]
        made = tiergate("keys", "create", "--tenant", "acme", "--database", folder / "ledger.db")
        (key,) = re.findall(r"tg_\S+", made.stdout)
        with Served(folder, *policies) as served:
            page = configuration(folder, port, served.url)
            process = subprocess.Popen([nginx, "-c", str(page), "-p", str(folder)])
            try:
                trusted = ssl.create_default_context(cafile=str(folder / "cert.pem"))
                with httpx.Client(
                    base_url=f"https://localhost:{port}", verify=trusted, timeout=120.0
                ) as client:
                    client.headers["authorization"] = f"Bearer {key}"
                    eventually(lambda: answers(client))
                    yield served, client
            finally:
                process.terminate()
                process.wait(30)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_chats_are_answered_over_tls(behind: tuple[Served, httpx.Client]) -> None:
    _, client = behind
    response = client.post("/v1/chat/completions", json=ROUTINE)
    assert response.status_code == 200, response.text
    wrong = {"authorization": "Bearer tg_not-a-key-of-this-server"}
    assert client.post("/v1/chat/completions", json=ROUTINE, headers=wrong).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/dashboard", "/dashboard/data", "/docs", "/openapi.json"),
        *("//metrics", "/%6detrics", "/v1/../metrics"),
    ],
)
def test_pages_of_operators_are_closed(behind: tuple[Served, httpx.Client], path: str) -> None:
    served, client = behind
    target = client.base_url.copy_with(raw_path=path.encode())
    response = client.send(client.build_request("GET", target))
    assert response.status_code == 404
    assert "nginx" in response.text  # it did not reach the gateway
    assert served.client.get("/metrics").status_code == 200  # this machine reads it


def test_a_plain_proxy_without_the_closed_paths_is_asked_for_a_key(
    behind: tuple[Served, httpx.Client],
) -> None:
    served, _ = behind
    passed_on = {"x-forwarded-for": "203.0.113.7"}
    assert served.client.get("/metrics", headers=passed_on).status_code == 401


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        return


def test_machines_that_are_back_are_asked_at_once(tmp_path: Path) -> None:
    """Without max_fails=0, nginx answers "no live upstreams" for ten seconds after an outage."""
    nginx, ports = shutil.which("nginx"), [free_port() for _ in range(3)]
    if nginx is None:
        pytest.skip("nginx is not installed (apt-get install nginx)")
    page = configuration(tmp_path, free_port(), "http://gateways")
    text = page.read_text("utf-8")
    (server,) = re.findall(r"server gateways (.*);.*", text)
    several = "".join(f"server 127.0.0.1:{port} {server};\n" for port in ports)
    text = re.sub(r"server gateways .*;.*", several, text)
    text = re.sub(r"ssl_.*;\n|(?<=listen ).*(?=;)", "", text)
    front = free_port()
    page.write_text(text.replace("listen ;", f"listen 127.0.0.1:{front};"))
    process = subprocess.Popen([nginx, "-c", str(page), "-p", str(tmp_path)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{front}") as client:
            eventually(lambda: client_status(client) == 502)
            assert {client_status(client) for _ in range(6)} == {502}
            with ExitStack() as running:
                for port in ports:
                    machine = ThreadingHTTPServer(("127.0.0.1", port), Healthy)
                    running.callback(machine.server_close)
                    running.callback(machine.shutdown)
                    threading.Thread(target=machine.serve_forever, daemon=True).start()
                assert [client_status(client) for _ in range(20)] == [200] * 20
    finally:
        process.terminate()
        process.wait(30)


def client_status(client: httpx.Client) -> int:
    try:
        return client.get("/v1/models").status_code
    except httpx.TransportError:
        return 0


def test_no_prompt_is_written_to_the_disk_of_nginx(behind: tuple[Served, httpx.Client]) -> None:
    served, client = behind
    long = [{"role": "user", "content": "Where is my parcel? " * 10_000}]
    response = client.post("/v1/chat/completions", json={**ROUTINE, "messages": long})
    assert response.status_code == 200, response.text
    told = (served.folder / "error.log").read_text("utf-8")
    assert "buffered to a temporary file" not in told


def test_a_body_too_large_for_the_policy_gets_the_refusal_of_the_gateway(
    behind: tuple[Served, httpx.Client],
) -> None:
    _, client = behind
    content = b" " * 9_000_000  # above the 8 MB of a policy that states none, below the 10 of nginx
    for _ in range(5):  # nginx still writes the body when the refusal comes
        response = client.post("/v1/chat/completions", content=content)
        assert response.status_code == 413, response.text
        assert response.json()["error"]["code"] == "body_too_large"


def test_pieces_of_a_stream_come_as_they_are_sent(behind: tuple[Served, httpx.Client]) -> None:
    served, client = behind
    body = {**ROUTINE, "model": "auto:lasting", "stream": True}
    began = time.monotonic()
    with client.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.status_code == 200, response.read()
        pieces = response.iter_text()
        assert next(pieces)
        assert next(pieces)
    # All of it takes a quarter of an hour.
    assert time.monotonic() - began < 120
    # A client that leaves nginx leaves the gateway.
    eventually(lambda: "cancelled" in [row["state"] for row in served.rows()])
