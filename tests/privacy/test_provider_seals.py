"""Seals carry their issuer to the client and back, and reach nobody else."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from router.privacy.provider_seals import (
    SEAL_KEYS,
    issuer_of,
    opened,
    own,
    packed,
    read_back,
    shown,
    stamped,
    unstamped,
)
from router.types import JsonText, Sealed

HERE = issuer_of("", ["https://api.openai.com/v1"], "sk-one")
ITEM = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA.b="}


def sealed(kind: str = "reasoning", **item: object) -> Sealed:
    return Sealed(kind, JsonText(orjson.dumps(item or ITEM).decode()), HERE)


@given(st.text(), st.sampled_from(["a1", "5f2c0d1e2b3a"]))
def test_a_stamp_comes_off_again(seal: str, issuer: str) -> None:
    assert unstamped(stamped(seal, issuer)) == (issuer, seal)


def test_an_item_comes_back_as_its_issuer_wrote_it() -> None:
    told = shown(sealed())
    assert told["encrypted_content"] == f"tg1.{HERE}.gAAAA.b="
    assert told["id"] == "rs_1"
    assert read_back("reasoning", told) == sealed()


def test_what_was_sealed_elsewhere_is_nobodys() -> None:
    assert read_back("reasoning", ITEM) is None
    assert read_back("thinking", {"thinking": "Hm.", "signature": ""}) is None


def test_each_kind_has_its_own_key() -> None:
    for kind, key in SEAL_KEYS.items():
        one = sealed(kind, **{key: "blob"})
        assert shown(one)[key] == stamped("blob", HERE)
        assert read_back(kind, shown(one)) == one


@given(
    st.lists(st.tuples(st.sampled_from(sorted(SEAL_KEYS)), st.text(max_size=20), st.integers(0, 9)))
)
def test_packed_items_come_out_whole(items: list[tuple[str, str, int]]) -> None:
    found = tuple(
        Sealed(kind, JsonText(orjson.dumps({"blob": text}).decode()), HERE, at)
        for kind, text, at in items
    )
    assert opened(packed(found)) == found


@given(st.text() | st.binary().map(lambda raw: "tg1p." + raw.hex()) | st.just("tg1p.W10="))
def test_what_nobody_packed_holds_nothing(text: str) -> None:
    assert opened(text) == ()


def test_only_its_issuer_gets_a_seal() -> None:
    other = issuer_of("", ["https://api.openai.com/v1"], "sk-two")
    assert own([sealed()], HERE, ["reasoning"]) == (sealed(),)
    assert own([sealed()], other, ["reasoning"]) == ()
    assert own([sealed()], HERE, ["thinking"]) == ()


def test_endpoint_and_key_name_an_issuer_unless_the_policy_does() -> None:
    elsewhere = issuer_of("", ["https://proxy.example/v1"], "sk-one")
    assert elsewhere != HERE
    assert issuer_of("ours", ["https://a/v1"], "x") == issuer_of("ours", ["https://b/v1"], "y")
