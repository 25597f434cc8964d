"""What the Dockerfile says of the running container: its user, and its check of health."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.stage import free_port
from tests import ROOT
from tests.kits.server_kit import Served, environment

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def health(port: int, **more: str) -> int:
    """Runs the check of health as the container does; 0 where it is well."""
    (text,) = re.findall(r"^HEALTHCHECK .*?CMD (\[.*?\])$", DOCKERFILE, re.M | re.S)
    program, *arguments = json.loads(text)
    assert program == "python"
    given = environment(TIERGATE_PORT=str(port), **more)
    return subprocess.run(
        [sys.executable, *arguments], env=given, capture_output=True, timeout=60, check=False
    ).returncode


@pytest.mark.process
def test_health_is_asked_past_any_proxy_of_the_environment(tmp_path: Path) -> None:
    proxy = f"http://127.0.0.1:{free_port()}"  # nobody listens there
    with Served(tmp_path, "--policy", "customer_support") as served:
        port = int(served.url.rpartition(":")[2])
        assert health(port) == 0
        assert health(port, http_proxy=proxy, HTTP_PROXY=proxy) == 0
    assert health(port) != 0


def test_the_user_is_a_number_which_kubernetes_can_tell_from_root() -> None:
    """With `runAsNonRoot` it starts no image whose user is a name."""
    (user,) = re.findall(r"^USER (.*)$", DOCKERFILE, re.M)
    (made,) = re.findall(r"useradd .*--uid (\d+)", DOCKERFILE)
    assert user == made
