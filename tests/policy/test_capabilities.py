"""Capabilities: their usual names in a policy, and which a request needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.policy.loading import load_policy
from router.policy.sections.capabilities import complete
from router.types import Capability, ChatRequest, Message, ResponseFormat
from tests.kits.inputs.policy_texts import GOOD, mistakes_of, write


def with_capabilities(stated: str) -> str:
    """A policy whose answerer states these capabilities."""
    upstream = (
        "kind: upstream\n        model: m\n        base_urls: ['http://127.0.0.1:9/v1']\n"
        f"        capabilities: {stated}"
    )
    return GOOD.replace("kind: local", upstream)


def asking(kind: str) -> ChatRequest:
    shape = ResponseFormat(kind)
    return ChatRequest((Message("user", "hi"),), "auto", response_format=shape)


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ("[vision]", [Capability.IMAGES]),
        ("[function_calling, Structured-Outputs]", [Capability.TOOLS, Capability.JSON_SCHEMA]),
        ("[supports_vision, json]", [Capability.IMAGES, Capability.JSON_MODE]),
        (
            "[json_mode, pdf, n]",
            [Capability.JSON_MODE, Capability.FILES, Capability.MULTIPLE_CHOICES],
        ),
    ],
)
def test_usual_names_of_capabilities_are_understood(
    tmp_path: Path, stated: str, meant: list[Capability]
) -> None:
    policy = load_policy(write(tmp_path, with_capabilities(stated)), {}).policy
    found = policy.answerer("smol").capabilities
    assert found == meant


@pytest.mark.parametrize(
    ("stated", "nearest"), [("[imges]", "images"), ("[jsn_mode]", "json_mode")]
)
def test_an_unknown_capability_is_told_what_is_known(
    tmp_path: Path, stated: str, nearest: str
) -> None:
    (mistake,) = mistakes_of(tmp_path, with_capabilities(stated))
    assert mistake.key_path == "tiers[0].answerers[0].capabilities[0]"
    assert nearest in mistake.expected


def test_json_of_any_shape_needs_less_than_a_schema() -> None:
    assert asking("json_object").needs == {Capability.JSON_MODE}
    assert asking("json_schema").needs == {Capability.JSON_SCHEMA}


def test_a_server_that_keeps_schemas_can_do_json_mode() -> None:
    assert asking("json_object").needs <= complete([Capability.JSON_SCHEMA])
    assert not asking("json_schema").needs <= complete([Capability.JSON_MODE])
