"""Heads: read by one product, kept in plain files, refused when they are not what they say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from router.errors import ModelFileError
from router.stats import heads
from router.stats.calibration import Isotonic, Platt, Temperature
from router.stats.heads import (
    Early,
    Encoded,
    Head,
    HeadKind,
    Likeness,
)
from router.stats.ngrams import BUCKETS, NOTHING, Grams, in_floats
from router.stats.stacks.head_stack import EarlyHeads, HeadStack
from tests.kits.changed import replace

SHA = "ab" * 32
RNG = np.random.default_rng(5)


def class_head(name: str = "colour", classes: tuple[str, ...] = ("red", "green", "blue")) -> Head:
    weight = RNG.normal(size=(4, len(classes))).astype(np.float32)
    bias = np.zeros(len(classes), np.float32)
    return Head(name, HeadKind.CLASSES, classes, weight, bias, Temperature(2.0), SHA)


def chance_head(name: str = "hot") -> Head:
    weight = np.array([[1.0], [0.0], [0.0], [0.0]], np.float32)
    return Head(
        name, HeadKind.CHANCE, ("yes",), weight, np.zeros(1, np.float32), Platt(1.0, 0.0), SHA
    )


def read(vectors: object) -> Encoded:
    """Texts of these vectors, without a single n-gram."""
    rows = np.array(vectors, np.float32)
    return Encoded(rows, Grams.of([NOTHING] * len(rows)))


def said(*buckets: list[int]) -> Grams:
    return Grams.of(
        [
            (
                np.array(row, np.int32),
                np.full(len(row), len(row) ** -0.5 if row else 0.0, np.float32),
            )
            for row in buckets
        ]
    )


def test_chances_of_a_class_head_sum_to_one() -> None:
    rows = class_head()(read(RNG.normal(size=(7, 4))))
    assert rows.sum(axis=1) == pytest.approx(np.ones(7))


def test_a_chance_head_worked_by_hand() -> None:
    p = chance_head()(read([[0.0, 5, 5, 5], [np.log(3), 0, 0, 0]]))
    assert p == pytest.approx([0.5, 0.75])


def test_a_value_head_is_not_squashed() -> None:
    weight = np.full((4, 1), 2.0, np.float32)
    head = Head("d", HeadKind.VALUE, ("d",), weight, np.ones(1, np.float32), Platt(1, 0), SHA)
    assert head(read(np.ones((1, 4)))) == pytest.approx([9.0])


def test_a_stack_reads_each_head_as_the_head_itself_does() -> None:
    curved = replace(chance_head("curved"), calibrator=Isotonic((-1.0, 1.0), (0.2, 0.7)))
    bounded = replace(chance_head("bounded"), calibrator=Platt(2.0, -0.5, 0.3, 0.6))
    members = [class_head(), chance_head(), class_head("size", ("s", "l")), curved, bounded]
    stack, vectors = HeadStack(members), read(RNG.normal(size=(5, 4)))
    logits = stack.logits(vectors)
    together = stack.read_all(logits)
    assert together.keys() == stack.heads.keys()
    for head in members:
        assert stack.read(logits, head.name) == pytest.approx(head(vectors), abs=1e-6)
        assert np.array_equal(together[head.name], stack.read(logits, head.name))


def test_a_saved_head_reads_the_same(tmp_path: Path) -> None:
    head, vectors = class_head(), read(RNG.normal(size=(3, 4)))
    heads.save(head, tmp_path)
    again = heads.load(tmp_path, head.name, encoder_sha256=SHA)
    assert np.array_equal(again(vectors), head(vectors))


def test_an_isotonic_curve_is_saved_with_its_head(tmp_path: Path) -> None:
    curve = Isotonic((-1.0, 1.0), (0.1, 0.9))
    base = chance_head()
    heads.save(Head("c", HeadKind.CHANCE, ("yes",), base.weight, base.bias, curve, SHA), tmp_path)
    assert heads.load(tmp_path, "c", encoder_sha256=SHA).calibrator == curve


def test_a_head_of_another_encoder_is_refused(tmp_path: Path) -> None:
    heads.save(chance_head(), tmp_path)
    with pytest.raises(ModelFileError, match="fitted on encoder abababababab"):
        heads.load(tmp_path, "hot", encoder_sha256="cd" * 32)


def test_altered_arrays_are_refused(tmp_path: Path) -> None:
    arrays, _ = heads.save(chance_head(), tmp_path)
    raw = bytearray(arrays.read_bytes())
    raw[200] ^= 1
    arrays.write_bytes(bytes(raw))
    with pytest.raises(ModelFileError, match="corrupt"):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


def test_a_file_of_something_else_says_what_it_lacks(tmp_path: Path) -> None:
    heads.save(chance_head(), tmp_path)
    (tmp_path / "hot.json").write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(ModelFileError, match="it lacks 'arrays_sha256'; expected the two files"):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    heads.save(chance_head(), tmp_path)
    (tmp_path / f"hot.{suffix}").unlink()
    with pytest.raises(ModelFileError, match=rf"cannot be read: .*hot\.{suffix}: .*; expected hot"):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


@pytest.mark.parametrize(
    ("key", "value"),
    [("calibrator", {"kind": "magic"}), ("kind", "mood"), ("format", 99), ("classes", ["a", "b"])],
)
def test_a_malformed_description_is_refused(tmp_path: Path, key: str, value: object) -> None:
    _, text = heads.save(chance_head(), tmp_path)
    described = json.loads(text.read_text())
    text.write_text(json.dumps(described | {key: value}))
    with pytest.raises(ModelFileError):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


def test_files_hold_no_pickle(tmp_path: Path) -> None:
    arrays, _ = heads.save(class_head(), tmp_path)
    with np.load(arrays, allow_pickle=False) as inside:
        assert set(inside) == {"weight", "bias"}


def test_a_matrix_that_does_not_fit_its_classes_is_refused() -> None:
    with pytest.raises(ModelFileError, match="do not fit"):
        Head("x", HeadKind.CLASSES, ("a", "b"), np.ones((4, 3), np.float32),
             np.ones(3, np.float32), Temperature(1.0), SHA)  # fmt: skip


def worded(name: str = "hot") -> Head:
    """Bucket 7 speaks for it with 2, bucket 9 against it with 1."""
    table = np.zeros((BUCKETS, 1), np.float32)
    table[7], table[9] = 2.0, -1.0
    early = Early(np.array([0.5], np.float32), Platt(1.0, 0.0), 0.9)
    return replace(chance_head(name), words=table, early=early)


def test_words_add_to_what_the_embedding_says_worked_by_hand() -> None:
    encoded = Encoded(np.array([[1.0, 0, 0, 0]], np.float32), said([7, 8, 9, 10]))
    assert worded().logits(encoded).tolist() == [[1.0 + (2.0 - 1.0) / 2.0]]


def test_a_stack_of_heads_with_words_reads_each_as_the_head_itself_does() -> None:
    members = [class_head(), worded(), class_head("size", ("s", "l"))]
    encoded = Encoded(RNG.normal(size=(3, 4)).astype(np.float32), said([7], [], [3, 7, 9]))
    stack = HeadStack(members)
    logits = stack.logits(encoded)
    for head in members:
        assert stack.read(logits, head.name) == pytest.approx(head(encoded), abs=1e-6)


def test_heads_of_a_stack_share_one_table_of_words() -> None:
    given = [worded(), class_head(), replace(worded(), name="hotter")]
    encoded = Encoded(np.ones((1, 4), np.float32), said([3, 7, 9]))
    hot, plain, hotter = HeadStack(given).heads.values()
    assert hot.words is not None
    assert hotter.words is not None
    assert plain.words is None
    assert hot.words.base is hotter.words.base is not None
    assert not np.shares_memory(hot.words, hotter.words)
    assert hot(encoded) == pytest.approx(given[0](encoded))


def test_a_table_of_words_is_saved_to_within_a_127th(tmp_path: Path) -> None:
    head = worded()
    heads.save(head, tmp_path)
    again = heads.load(tmp_path, "hot", encoder_sha256=SHA)
    assert again.words is not None
    assert head.words is not None
    assert np.abs(in_floats(again.words) - in_floats(head.words)).max() <= 2.0 / 127
    assert again.early is not None
    assert again.early.sure == 0.9
    assert again.early.bias.tolist() == [0.5]


def test_words_alone_say_no_more_than_the_whole_head_does() -> None:
    whole = replace(worded(), calibrator=Isotonic((-5.0, 5.0), (0.1, 0.7)))
    early = EarlyHeads.of([whole])
    assert early is not None
    _, outputs, sure = early(said([7]))
    assert outputs["hot"] == pytest.approx([0.7])
    # It is still sure: a cap of what is said makes no reading worse.
    assert sure.tolist() == [True]


def test_classes_by_words_alone_are_capped_as_the_whole_head_is() -> None:
    table = np.zeros((BUCKETS, 3), np.float32)
    table[7, 0] = 9.0
    early = heads.Early(np.zeros(3, np.float32), Temperature(1.0), 0.95)
    whole = replace(class_head(), words=table, early=early, calibrator=Temperature(2.0, 0.9))
    able = EarlyHeads.of([whole])
    assert able is not None
    _, outputs, sure = able(said([7]))
    assert outputs[whole.name].max() == pytest.approx(0.9)
    assert sure.tolist() == [True]


def test_a_head_of_the_older_format_still_loads(tmp_path: Path) -> None:
    heads.save(chance_head(), tmp_path)
    path = tmp_path / "hot.json"
    described = json.loads(path.read_text())
    del described["early"]
    path.write_text(json.dumps(described | {"format": heads.OLDER}))
    assert heads.load(tmp_path, "hot", encoder_sha256=SHA).words is None


def altered(folder: Path, **arrays: np.ndarray) -> None:
    """Puts other arrays into the saved head `hot`, under a fitting sha256."""
    with np.load(folder / "hot.npz") as kept:
        whole = {name: kept[name] for name in kept.files} | arrays
    np.savez(folder / "hot.npz", **whole)
    described = json.loads((folder / "hot.json").read_text())
    sha = hashlib.sha256((folder / "hot.npz").read_bytes()).hexdigest()
    (folder / "hot.json").write_text(json.dumps(described | {"arrays_sha256": sha}))


@pytest.mark.parametrize("beyond", [BUCKETS, -1])
def test_a_table_beyond_the_buckets_is_refused(tmp_path: Path, beyond: int) -> None:
    heads.save(worded(), tmp_path)
    altered(tmp_path, words_used=np.array([7, beyond], np.int32))
    with pytest.raises(ModelFileError, match="do not fit 65536 buckets"):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("words", np.ones((2, 3), np.int8)),
        ("early_bias", np.ones(2, np.float32)),
    ],
)
def test_words_that_do_not_fit_the_classes_are_refused(
    tmp_path: Path, name: str, found: np.ndarray
) -> None:
    heads.save(worded(), tmp_path)
    altered(tmp_path, words_scale=np.ones(1, np.float32), **{name: found})
    with pytest.raises(ModelFileError, match="does not fit"):
        heads.load(tmp_path, "hot", encoder_sha256=SHA)


def test_words_alone_are_sure_only_above_their_threshold() -> None:
    early = EarlyHeads.of([worded()])
    assert early is not None
    logits, _, sure = early(said([7], [9], []))  # logits 2.5, -.5, .5: chances .92, .38, .62
    assert logits[:, 0].tolist() == [2.5, -0.5, 0.5]
    assert sure.tolist() == [True, False, False]


def test_heads_read_early_only_where_all_of_them_can() -> None:
    assert EarlyHeads.of([worded(), chance_head("cold")]) is None
    never = replace(worded(), early=replace(worded().early, sure=2.0))  # type: ignore[type-var]
    assert EarlyHeads.of([never]) is None


LIKE = Likeness(np.eye(4, 2, dtype=np.float32), Isotonic((0.2, 0.6), (0.1, 1.0)), 0.25)
"""Taught texts lie along the first two axes; a cosine of .6 is as near as nine in ten of them."""
NEAR, HALF, FAR = [0.9, 0.0, 0.4, 0.1], [0.4, 0.0, 0.9, 0.1], [0.0, 0.0, 1.0, 0.0]


def test_a_chance_of_a_text_unlike_the_taught_ones_nears_the_usual_one() -> None:
    chances = LIKE.doubted(np.full(3, 0.95), LIKE.cosines(np.array([NEAR, HALF, FAR], np.float32)))
    # 0.25 + trust x 0.70, where the trust is 1, halfway 0.55, and 0.1.
    assert chances == pytest.approx([0.95, 0.635, 0.32])


def test_a_low_chance_of_an_unlike_text_stays_low() -> None:
    assert LIKE.doubted(np.array([0.02]), np.array([0.0])) == pytest.approx([0.02])


def test_doubted_classes_keep_their_order() -> None:
    rows = np.array([[0.9, 0.06, 0.03, 0.01]])
    (doubted,) = LIKE.doubted(rows, np.array([0.0]))
    assert doubted.sum() == pytest.approx(1.0)
    assert doubted[0] == pytest.approx(0.315)
    assert list(np.argsort(doubted)) == [3, 2, 1, 0]


@pytest.mark.parametrize("head", [class_head(), chance_head()], ids=["classes", "chance"])
def test_a_stack_doubts_as_its_heads_do(head: Head) -> None:
    doubting = replace(head, likeness=LIKE)
    others = [class_head("other", ("a", "b")), replace(chance_head("third"), likeness=LIKE)]
    encoded = read([NEAR, HALF, FAR])
    stack = HeadStack([others[0], doubting, others[1]])
    logits = stack.logits(encoded)
    for one in (doubting, *others):
        assert stack.read(logits, one.name) == pytest.approx(one(encoded), abs=1e-6)
        assert np.array_equal(stack.read_all(logits)[one.name], stack.read(logits, one.name))
    assert doubting(encoded)[0] == pytest.approx(head(encoded)[0])
    assert not np.allclose(doubting(encoded)[2], head(encoded)[2])


def test_a_head_that_doubts_survives_its_files(tmp_path: Path) -> None:
    head = replace(chance_head(), likeness=LIKE, calibrator=Platt(1.0, 0.0, 0.02, 0.97))
    heads.save(head, tmp_path)
    loaded = heads.load(tmp_path, "hot", encoder_sha256=SHA)
    encoded = read([NEAR, HALF, FAR])
    assert loaded(encoded) == pytest.approx(head(encoded))
    assert loaded.calibrator == head.calibrator


def test_a_file_of_before_doubts_nothing(tmp_path: Path) -> None:
    _, path = heads.save(class_head(), tmp_path)
    described = json.loads(path.read_text())
    del described["likeness"]
    path.write_text(json.dumps(described))
    assert heads.load(tmp_path, "colour", encoder_sha256=SHA).likeness is None


def test_centres_of_another_width_are_refused() -> None:
    with pytest.raises(ModelFileError, match="its centres"):
        replace(class_head(), likeness=replace(LIKE, centres=np.eye(3, dtype=np.float32)))
