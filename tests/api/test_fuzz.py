"""The whole HTTP surface, fuzzed by schemathesis from the server's own OpenAPI document.

Valid and invalid bodies, headers, paths and methods, the same ones each time; nothing may be
answered by a fault of the server, an undocumented status or content type, or a body that its
schema refuses.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kits.examples import number
from tests.kits.server_kit import Served, Upstream, environment, tiergate, write_policy

pytestmark = pytest.mark.fuzz

EXAMPLES = number(25)
"""Per operation in the last phase, beside some 90 that cover each keyword of its schema: 1,800
requests in all."""
TIMEOUT_S = 240 + 3 * EXAMPLES  # they take 0.3 s, on a machine that does nothing else

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "unsupported_method",
)


@pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None, reason="needs the [dev] extra"
)
def test_no_request_that_the_document_can_make_is_met_with_a_fault(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url)
        with Served(tmp_path, policy, "--policy=email_pipeline") as served:
            made = tiergate("keys", "create", "--tenant", "a", "--database", served.database)
            key = re.search(r"tg_\S+", made.stdout)
            assert key, made.stderr
            run = subprocess.run(
                [
                    sys.executable, "-m", "schemathesis.cli", "run", f"{served.url}/openapi.json",
                    "--header", f"Authorization: Bearer {key[0]}", "--checks", ",".join(CHECKS),
                    "--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES),
                    # In JSON two halves of a surrogate pair become one character, which the tool
                    # counts as two: a text at its `maxLength` is then taken, and rightly.
                    "--generation-deterministic", "--generation-codec", "utf-8",
                    "--suppress-health-check", "all", "--warnings", "off", "--no-color",
                    "--request-timeout", "30", "--continue-on-failure",
                ],
                capture_output=True, text=True, timeout=TIMEOUT_S, env=environment(),
                cwd=tmp_path, check=False,
            )  # fmt: skip
            assert run.returncode == 0, run.stdout[-8_000:] + run.stderr[-2_000:]
            tested = re.search(r"Tested: (\d+)", run.stdout)
            assert tested, run.stdout
            assert int(tested[1]) == 40  # a new endpoint raises it
            assert '"unexpected"' not in served.output
