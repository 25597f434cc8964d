"""Checks tags: stable, unguessable for other conversations, and put back under any chunking."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.privacy.entities.kinds import EntityKind
from router.privacy.pseudonyms.masks import Channel, Mask, held_from

SECRET = b"s" * 32
VALUES = ("Anna Keller", "Bo", "anna@example.com", 'Elm "9"', "José", "[NAME]", "12 Elm St\nBoston")


def mask_of(*texts: str, conversation: bytes = b"c") -> Mask:
    mask = Mask(SECRET, conversation)
    for value in VALUES:
        mask.tag(value, EntityKind.NAME, lambda code: any(code in text.upper() for text in texts))
    return mask


def tag_of(mask: Mask, value: str = "Anna Keller") -> str:
    return mask.tag(value, EntityKind.NAME, lambda code: False)


def in_pieces(mask: Mask, text: str, cuts: list[int], *, in_json: bool = False) -> str:
    channel, out, begin = Channel(mask, in_json=in_json), [], 0
    for cut in [*sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]:
        out.append(channel.feed(text[begin:cut]))
        begin = cut
    return "".join([*out, channel.flush()])


PIECES = st.lists(
    st.one_of(
        st.sampled_from(range(len(VALUES))),
        st.text(max_size=12),
        st.sampled_from(["[", "]", "\\", "%5B", "NAME_", "[NAME_", "n", "{", "_", "'s", "K2M3P"]),
    ),
    max_size=20,
)  # fmt: skip


@given(PIECES, st.lists(st.integers(0, 500), max_size=30))
def test_any_text_comes_back_under_any_chunking(pieces: list[int | str], cuts: list[int]) -> None:
    own = [piece for piece in pieces if isinstance(piece, str)]
    mask = mask_of("".join(own), *own)
    hidden = "".join([tag_of(mask, VALUES[p]) if isinstance(p, int) else p for p in pieces])
    original = "".join([VALUES[p] if isinstance(p, int) else p for p in pieces])
    assert mask.restored(hidden) == original
    assert in_pieces(mask, hidden, cuts) == original


@given(st.text(max_size=80), st.lists(st.integers(0, 200), max_size=20))
def test_chunks_give_what_the_whole_text_gives(text: str, cuts: list[int]) -> None:
    mask = mask_of()
    tag = tag_of(mask)
    for altered in (tag, tag.lower(), tag[1:-1], f"\\{tag[:-1]}\\]".replace("_", "\\_"), tag[:-3]):
        mixed = text[: len(text) // 2] + altered + text[len(text) // 2 :]
        assert in_pieces(mask, mixed, cuts) == mask.restored(mixed)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda tag: tag, "Anna Keller"),
        (str.lower, "Anna Keller"),
        (lambda tag: tag[1:-1], "Anna Keller"),
        (lambda tag: tag.replace("[", "<").replace("]", ">"), "Anna Keller"),
        (lambda tag: tag.replace("[", "【").replace("]", "】"), "Anna Keller"),
        (lambda tag: tag.replace("NAME", "NOMBRE"), "Anna Keller"),
        (lambda tag: tag.replace("NAME_", "NAME "), "Anna Keller"),
        (lambda tag: tag.replace("NAME_", ""), "Anna Keller"),
        (lambda tag: tag + "'s", "Anna Keller's"),
        (lambda tag: tag[:-1] + "'s]", "Anna Keller's"),
        (lambda tag: tag[:-1] + "s]", "Anna Kellers"),
        (lambda tag: f"**{tag}**", "**Anna Keller**"),
        (lambda tag: f"({tag[1:-1]})", "(Anna Keller)"),
        (lambda tag: f"\\{tag[:-1]}\\]".replace("_", "\\_"), "Anna Keller"),
        (lambda tag: tag.replace("[", "%5B").replace("]", "%5D"), "Anna%20Keller"),
    ],
)  # fmt: skip
def test_altered_tag_is_still_read(change, expected: str) -> None:  # type: ignore[no-untyped-def]
    mask = mask_of()
    assert mask.restored(f"Dear {change(tag_of(mask))}!") == f"Dear {expected}!"


def test_same_value_has_the_same_tag_in_every_turn() -> None:
    first, second = Mask(SECRET, b"c"), mask_of()
    assert tag_of(first) == tag_of(second)


def test_other_conversation_has_other_tags() -> None:
    assert tag_of(mask_of()) != tag_of(mask_of(conversation=b"d"))


def test_other_tenant_has_other_tags() -> None:
    assert tag_of(mask_of()) != tag_of(Mask(b"t" * 32, b"c"))


def test_tag_that_the_user_typed_stays() -> None:
    typed = tag_of(Mask(SECRET, b"c"))
    mask = Mask(SECRET, b"c")
    own = mask.tag("Anna Keller", EntityKind.NAME, lambda code: code in typed)
    assert own != typed
    assert mask.restored(f"{typed} and {own}") == f"{typed} and Anna Keller"


def test_tag_of_nobody_stays() -> None:
    assert mask_of().restored("[NAME_B2B2B] and [IBAN_C3C3C]") == "[NAME_B2B2B] and [IBAN_C3C3C]"


def test_value_keeps_json_whole() -> None:
    mask = mask_of()
    tag = mask.tag('Elm "9"', EntityKind.NAME, lambda code: False)
    assert json.loads(mask.restored(json.dumps({"to": tag}), in_json=True)) == {"to": 'Elm "9"'}


@pytest.mark.parametrize("text", ["Hello there.", "See [1] below", "a, b (c)", "{'x': 2}"])
def test_text_that_begins_no_tag_is_not_held(text: str) -> None:
    assert held_from(text) == len(text)


def test_partial_tag_at_the_end_goes_out() -> None:
    channel = Channel(mask_of())
    assert channel.feed("Dear [NAME_") == "Dear "
    assert channel.flush() == "[NAME_"
