"""Hard rules about tools: the floor holds wherever a tool is offered that they name."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from router.policy.schema import Policy
from router.routing.constraints import Asked, ruled_tools
from router.routing.decision import decide
from router.types import ChatRequest, JsonText, Message, Reason, ToolSpec
from tests.kits.decision_kit import CALM, a_policy, facts

RISKY = {"name": "risky", "tools": ["delete_*", "wire"], "floor": 2}


def with_rules(*rules: dict[str, object]) -> Policy:
    return Policy.model_validate(a_policy().model_dump() | {"hard_rules": list(rules)})


def offering(*names: str, choice: str | None = None, own_name: str = "") -> ChatRequest:
    tools = tuple(ToolSpec(name, "", JsonText("{}"), own_name=own_name) for name in names)
    return ChatRequest(
        messages=(Message("user", "hello"),),
        requested_model="auto",
        tools=tools,
        tool_choice=None if choice is None else JsonText(choice),
    )


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (offering("read", "delete_user"), ("delete_user",)),
        (offering("wire", "delete_b", "delete_a"), ("delete_a", "delete_b", "wire")),
        (offering("delete_user", choice='"none"'), ()),
        (offering("delete_user", choice='"auto"'), ("delete_user",)),
        (offering("t_1", own_name="delete_everything"), ("delete_everything",)),
        (offering("undelete_user", "Delete_user", "wires"), ()),
        (offering(), ()),
    ],
)
def test_tools_are_named_that_a_rule_names(
    request_: ChatRequest, expected: tuple[str, ...]
) -> None:
    assert ruled_tools(with_rules(RISKY), request_) == expected


def test_no_name_is_kept_where_no_rule_has_tools() -> None:
    assert ruled_tools(a_policy(), offering("delete_user")) == ()


@pytest.mark.parametrize(("tools", "level"), [(("delete_user",), 2), (("read",), 1), ((), 1)])
def test_an_offered_tool_sets_the_floor(tools: tuple[str, ...], level: int) -> None:
    first = decide(with_rules(RISKY), CALM, facts(), Asked(tools=tools))
    assert (first.floor, Reason.POLICY_RULE in first.floor_reasons) == (level, level == 2)


def test_a_rule_with_terms_besides_needs_both() -> None:
    policy = with_rules(RISKY | {"terms": ["vip"]})
    vip = replace(CALM, risk_terms=("vip",))
    asked = Asked(tools=("wire",))
    floors = [decide(policy, one, facts(), asked).floor for one in (CALM, vip)]
    assert [*floors, decide(policy, vip, facts(), Asked()).floor] == [1, 2, 1]


def test_no_hint_lowers_the_floor_of_a_tool() -> None:
    asked = Asked(tools=("wire",), max_tier=1, may_lower=True)
    assert decide(with_rules(RISKY), CALM, facts(), asked).floor == 2


def test_an_empty_glob_is_refused() -> None:
    with pytest.raises(ValidationError, match="tools"):
        with_rules(RISKY | {"tools": [""]})
