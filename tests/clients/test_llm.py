"""The `llm` command, which reads its models from a file and its key from the shell."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.clients.client_kit import AGENT, QUESTION, Place, documented, run
from tests.kits.upstreams.upstream_agent import WORDS
from tests.kits.upstreams.upstream_wire import TEXT

LLM = str(Path(sys.executable).parent / "llm")
MODELS = """
- {model_id: tiergate, model_name: "auto", api_base: "URL", api_key_name: tiergate}
- model_id: agent
  model_name: "MODEL"
  api_base: "URL"
  api_key_name: tiergate
  supports_tools: true
  supports_schema: true
"""


@pytest.fixture
def home(place: Place, tmp_path: Path) -> Path:
    text = MODELS.replace("URL", place.url).replace("MODEL", AGENT)
    (tmp_path / "extra-openai-models.yaml").write_text(text)
    run(
        [LLM, "keys", "set", "tiergate", "--value", place.key],
        tmp_path,
        LLM_USER_PATH=str(tmp_path),
    )
    return tmp_path


def llm(home: Path, *words: str) -> str:
    return run([LLM, *words], home, LLM_USER_PATH=str(home)).strip()


def test_the_documented_block_runs(place: Place, tmp_path: Path) -> None:
    path = f"{Path(LLM).parent}:/usr/bin:/bin"
    block = documented("llm", place)
    shell = shutil.which("bash") or "sh"
    said = run([shell, "-ec", block], tmp_path, PATH=path, LLM_USER_PATH=str(tmp_path))
    assert TEXT in said


@pytest.mark.parametrize("how", [(), ("--no-stream",)])
def test_a_prompt_is_answered(home: Path, how: tuple[str, ...]) -> None:
    assert llm(home, "-m", "tiergate", QUESTION, *how) == TEXT


def test_a_conversation_goes_on(home: Path) -> None:
    llm(home, "-m", "tiergate", QUESTION)
    assert llm(home, "-c", "And now?") == TEXT


def test_a_schema_is_filled(home: Path) -> None:
    said = llm(home, "-m", "agent", "--schema", "number int, city", QUESTION)
    assert said.replace(" ", "") == '{"number":3,"city":"somewords"}'


def test_a_tool_is_called(home: Path) -> None:
    tool = "def get_parcel(number: int) -> str:\n    'Where it is.'\n    return 'in Ghent'"
    said = llm(home, "-m", "agent", "--functions", tool, QUESTION)
    assert said == "The tool said: in Ghent"


def test_its_usage_is_shown(home: Path) -> None:
    llm(home, "-m", "agent", QUESTION)
    assert WORDS in llm(home, "logs", "-n", "1", "--usage")
