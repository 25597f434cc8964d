"""Reads what taught a head nothing: sources of messages and authors' lines, each left out whole.

A head is fitted again without the source, and reads it. Dev rows come from the sources of the
training rows, so on them a head looks surer than on traffic that nobody fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats
from router.stats.heads import Encoded
from router.training.data.authors import grave_texts, labelled_texts, money_texts
from router.training.data.authors.grave_texts import GraveText
from router.training.data.sources import Example
from router.training.heads.fit_heads import CLASS_HEADS, Part, fitted_parts, part
from router.training.heads.fit_one_head import Fitted
from router.training.heads.mix_ngrams import LEAST_HONEST, Mix, Parts
from router.triage.triage_model import Rarity
from router.types import Domain

LARGE_STAKES = frozenset({money_texts.LARGE, money_texts.GRAVE, grave_texts.COMPANY})
"""Sections of large stakes that are no grave matter."""
SHARE_OF_AUTHORS = {"stakes": 0.05, "domain": 0.25, "request_type": 0.2, "multi_factor": 0.2}
"""Heads that our authors' lines teach, too, and the weight of all of these lines, by that of all
other rows, which hold few messages of several sentences and few everyday lines that sound like
trouble. `stakes`: with .05, 15 % of harmless lines of strangers that sound like trouble are said to
be .4 and more, without 24 %; .2 wins two points more and loses half a point of AUROC on rows of
other people, of which .05 costs a point and a half. The others: of five authors left out `domain`
is right in .656 with .1, .666 with .2 and .671 with .4 (.543 with none), and the log loss of dev
rows is .146, .155 and .170 (.135)."""
BY_SECTION = 0.25
"""Weight of a line whose domain is that of its section, by that of a labelled one. Without these
lines 61 % of judging authors' grave lines have their domain, with them 79 % (72 % before)."""
MESSAGES: Mapping[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in ("clinc150", "banking77", "hwu64", "snips", "hint3", "tickets", "sms")
    },
    "prompts": ("user_oriented", "self_instruct", "ifeval", "vicuna", "arena_"),
    "templates": ("template_",),
    "written": ("written_",),
    "stakes_synthetic": ("stakes_synthetic", "stakes_manual"),
    "stakes_anthropic_hh": ("stakes_anthropic_hh",),
    "stakes_toolace": ("stakes_toolace",),
    "stakes_mts_dialog": ("stakes_mts_dialog",),
}
"""Sources that are left out whole, by the beginnings of their names: what people write to somebody,
and no exam questions or articles. Sets of one author or collection go together."""
MOST_ROWS = 1_500
"""Rows of one source that are read: more say no more about a temperature."""
SECTION_DOMAIN = {
    "medical": Domain.MEDICAL, "legal": Domain.LEGAL, "engineering": Domain.ENGINEERING_SAFETY,
}  # fmt: skip
"""Sections of our authors that are one domain. Fraud is money to one reader and support to
another, and poison, danger to oneself and violence are in no list of domains."""
LANGUAGE = "en"  # the language of these heads
QUICK_AUTHORS = (
    "first", "fiftieth", "money_of_customers", "messages_at_work", "messages_of_offices",
    "weighing_at_home", "held_out", "fifty_first", "fifty_second",
)  # fmt: skip
"""Authors whose lines a quick run reads, some of each kind, judges among them. Each head is fitted
once without each author, so that all of them together take most of a training's time."""


@dataclass(frozen=True, slots=True)
class AuthorLine:
    """Holds a line of one of our authors, and its class by head: that of the section in which its
    author wrote it, else of the labels that somebody gave it."""

    text: str
    author: str
    labels: Mapping[str, str]
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """Holds what heads are fitted and judged on: texts with labels, and what is read of them."""

    train: tuple[Sequence[Example], Encoded]
    dev: tuple[Sequence[Example], Encoded]
    authors: tuple[Sequence[AuthorLine], Encoded]
    rare: Rarity


@dataclass(frozen=True, slots=True)
class Taught:
    """Holds what teaches a head: texts as read, their rows, and the source of each row.

    The lines of an author have the source `author/<name>`.
    """

    encoded: Encoded
    rows: Part
    sources: npt.NDArray[np.str_]  # (rows,)

    def without(self, out: npt.NDArray[np.bool_], classes: int, rare: Rarity) -> Parts:
        """Returns both readers, fitted on the rows that `out` (rows,) does not choose."""
        return fitted_parts((self.encoded, self.rows[~out]), classes, rare)

    def whole(self, classes: int, rare: Rarity) -> Parts:
        """Returns both readers, fitted on all rows."""
        return self.without(np.zeros(len(self.sources), bool), classes, rare)


@dataclass(frozen=True, slots=True)
class Source:
    """Holds one source that taught nothing: logits of both readers, (rows, classes), and labels."""

    name: str
    vectors: Floats
    words: Floats
    labels: npt.NDArray[np.int64]
    author: bool = False

    def pool(self, mix: Mix) -> Floats:
        return mix.vectors * self.vectors + mix.words * self.words

    def without(self, offset: npt.NDArray[np.float32], mix: Mix) -> Source:
        """Returns the source with `offset` (classes,) subtracted from what the readers say
        together."""
        return replace(self, vectors=self.vectors - offset / mix.vectors)

    def scaled(self, by: Mix) -> Source:
        return replace(self, vectors=by.vectors * self.vectors, words=by.words * self.words)


def author_lines(seed: int, quick: bool = False) -> list[AuthorLine]:
    """Returns one English text of each written line, those of judging authors last.

    With `quick`, only the lines of QUICK_AUTHORS.
    """
    labelled = list(labelled_texts.texts())
    of_lines = {one.text: one.labels for one in labelled if one.named}
    judges = [text for author in grave_texts.JUDGES for text in grave_texts.held_out(author)]
    lines = [
        *_first([*grave_texts.texts(seed), *money_texts.texts()], of_lines),
        *(AuthorLine(one.text, one.author, one.labels, True) for one in labelled if not one.named),
    ]
    lines += _first(judges, of_lines)
    return [line for line in lines if not quick or line.author in QUICK_AUTHORS]


def _first(
    texts: Sequence[GraveText], labelled: Mapping[str, Mapping[str, str]]
) -> list[AuthorLine]:
    """Returns the first English text of each line with its classes, `labelled` by its name."""
    first = {text.group: text for text in reversed(texts) if text.language == LANGUAGE}
    lines = []
    for group, text in reversed(first.items()):
        labels = labelled.get(group.replace(f"/{LANGUAGE}/", "/"), {})
        known = {**labels, **_section(text)}
        lines.append(AuthorLine(text.text, text.author, known, bool(labels)))
    return lines


def _section(text: GraveText) -> dict[str, str]:
    """Returns what the section of a line says of it."""
    large = text.grave or text.section in LARGE_STAKES
    domain = SECTION_DOMAIN.get(text.section)
    return {"stakes": "high" if large else "low"} | ({"domain": str(domain)} if domain else {})


def taught(task: str, classes: Sequence[str], material: Material) -> Taught:
    """Returns the rows that teach a task: training rows, and authors' lines if these teach it."""
    examples, encoded = material.train
    rows = part(examples, task, classes)
    sources = np.array([examples[place].source for place in rows.index], dtype=np.str_)
    if task not in SHARE_OF_AUTHORS:
        return Taught(encoded, rows, sources)
    texts, of_texts = material.authors
    every_label = [_label(task, text, classes) for text in texts]
    lines = np.array(
        [i for i, text in enumerate(texts) if every_label[i] >= 0 and _teaches(text.author)], int
    )
    names = np.array([f"author/{texts[place].author}" for place in lines], dtype=np.str_)
    labels = np.array([every_label[place] for place in lines], dtype=np.int64)
    # Six in ten messages are of the domain `general`: each class of an author weighs by its root.
    groups = np.char.add(names, labels.astype(np.str_)) if task in CLASS_HEADS else names
    _, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    weights = sizes[inverse] ** -0.5
    if task != "stakes":
        weights *= np.where([texts[place].labelled for place in lines], 1.0, BY_SECTION)
    weights *= SHARE_OF_AUTHORS[task] * rows.weights.sum() / max(weights.sum(), 1e-9)
    every = np.concatenate([rows.weights, weights])
    together = Part(
        np.arange(len(every)),
        np.concatenate([rows.labels, labels]),
        np.concatenate([rows.weak, np.zeros(len(lines), bool)]),
        every / every.mean(),
    )
    both = encoded[rows.index] + of_texts[lines]
    return Taught(both, together, np.concatenate([sources, names]))


def _teaches(author: str) -> bool:
    return author not in grave_texts.JUDGES


def read_by(
    name: str, parts: Parts, encoded: Encoded, labels: npt.NDArray[np.int64], author: bool = False
) -> Source:
    """Returns a source as both readers read it, each with the weight 1."""
    words = parts.by_words(encoded)
    assert words is not None
    return Source(name, parts.by_vectors(encoded), words, labels, author)


def authors(fitted: Fitted, rows: Taught, material: Material) -> Iterator[Source]:
    """Yields each author's lines. Those that taught a task are read without them, as fitted."""
    texts, encoded = material.authors
    classes, rare = fitted.classes, material.rare
    labels = np.array([_label(fitted.name, text, classes) for text in texts], dtype=np.int64)
    names = np.array([text.author for text in texts])
    for name in dict.fromkeys(names.tolist()):
        read = np.flatnonzero((names == name) & (labels >= 0))
        if not len(read):
            continue
        out = rows.sources == f"author/{name}"
        parts = rows.without(out, len(classes), rare) if out.any() else fitted.parts
        yield read_by(name, parts, encoded[read], labels[read], author=True)


def _label(task: str, line: AuthorLine, classes: Sequence[str]) -> int:
    """Returns the number of a line's class, -1 where nobody said it."""
    label = line.labels.get(task)
    return -1 if label is None else list(classes).index(label)


def left_out(fitted: Fitted, rows: Taught, rare: Rarity) -> Iterator[Source]:
    """Yields the sources of messages, each read by a head that was fitted without it.

    The readers weigh as those of the finished head do, so that one mix serves both.
    """
    classes, labels = len(fitted.classes), rows.rows.labels
    scale = _scale(fitted, rows.whole(classes, rare))
    for name, beginnings in MESSAGES.items():
        out = np.array([source.startswith(beginnings) for source in rows.sources.tolist()])
        known = np.isin(labels, labels[~out])
        read = np.flatnonzero(out & known)
        read = read[:: max(1, -(-len(read) // MOST_ROWS))]
        if len(read) < LEAST_HONEST:
            continue
        parts = rows.without(out, classes, rare)
        source = read_by(name, parts, rows.encoded[rows.rows.index[read]], labels[read])
        yield source.scaled(scale)


def _scale(fitted: Fitted, plain: Parts) -> Mix:
    """Returns by how much the readers of a head count, against the same readers as fitted."""
    counted = fitted.parts
    assert counted.table is not None
    assert plain.table is not None
    return Mix(_ratio(counted.weight, plain.weight), _ratio(counted.table, plain.table))


def _ratio(of: npt.NDArray[np.float32], by: npt.NDArray[np.float32]) -> float:
    """Returns the factor of least squares between two weights; only differences of classes say
    anything."""
    one, other = of[:, 1:] - of[:, :1], by[:, 1:] - by[:, :1]
    return float((one * other).sum() / (other * other).sum())
