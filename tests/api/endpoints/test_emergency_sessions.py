"""An emergency is one in any turn: of a session, after a long text, before a yes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.kits.dashboard_kit import answerer
from tests.kits.server_kit import Served, Upstream

EMERGENCIES = [
    "I want to kill myself",
    "im having a heart attack",
    "Ho un infarto",
    "there is a gas leak in my kitchen right now",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("emergencies")
    with Upstream(folder) as upstream:
        tiers = [
            {
                "name": f"t{level}",
                "level": level,
                "answerers": [answerer(f"m{level}", "echo", upstream.url, 10)],
            }
            for level in (2, 3)
        ]
        domains = ("medical", "legal", "finance", "engineering_safety")
        policy = folder / "models.yaml"
        content = {
            "version": 1,
            "name": "models",
            "tiers": tiers,
            "exhausted": {
                "default": "best_answer",
                "by_domain": dict.fromkeys(domains, "review"),
            },
        }
        policy.write_text(yaml.safe_dump(content), "utf-8")
        with Served(folder, policy) as server:
            yield server


def verdict_on(served: Served, *said: str, **more: object) -> str:
    """Returns the verdict on a conversation, user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(said)]
    return verdict(served, "", {}, messages=messages, **more)


def verdict(served: Served, text: str, session: dict[str, str], **more: object) -> str:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], **more}
    response = served.post("/v1/chat/completions", body, **session)
    assert response.status_code == 200, response.text
    return str(response.headers["x-tiergate-verdict"])


@pytest.mark.parametrize("text", EMERGENCIES)
def test_an_emergency_in_a_later_turn_of_a_session_gets_words(served: Served, text: str) -> None:
    """It got the unverified text of a model, since a session's turns did not count as short."""
    session = {"x-session-id": f"later {text}"}
    assert verdict(served, "Where is my parcel?", session) == "accepted"
    assert verdict(served, text, session) == "safe_answer"


def test_what_follows_an_emergency_gets_words_in_a_session_too(served: Served) -> None:
    hint = {"routing": {"session": "followed"}}
    assert verdict(served, EMERGENCIES[0], {}, **hint) == "safe_answer"
    assert verdict(served, "How high is the bridge in town?", {}, **hint) == "safe_answer"


@pytest.mark.parametrize("text", EMERGENCIES)
def test_a_long_message_hides_no_emergency_that_follows(served: Served, text: str) -> None:
    """A model's text was accepted, since not all that was read was short."""
    letter = "I bought a shirt, and it was too small for me, so I sent it back. " * 8
    assert verdict_on(served, letter, "Thank you.", text) == "safe_answer"


def test_a_yes_to_the_assistant_after_an_emergency_gets_words(served: Served) -> None:
    said = verdict_on(served, EMERGENCIES[0], "Shall I tell you whom to call?", "yes")
    assert said == "safe_answer"
