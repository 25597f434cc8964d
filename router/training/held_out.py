"""Calibrates heads on texts whose source or author taught them nothing.

Dev rows come from the sources of the training rows, so a head looks surer on them than on traffic
that nobody fitted. Two kinds of rows are read in their place, with half of the weight each:

- sources of messages, each left out whole: the head is fitted again without it and reads it;
- our authors, who did not teach the encoder. All of these heads learn from them: here a head that
  did not read an author's lines reads them.

The encoder has read the sources of the first kind, so they still look easier than a stranger's.
A head of classes gets its temperature on these rows, and the authors weigh its embedding and
n-grams together with the dev rows: words of a source that is known say more than those of others.
Which classes it says too often, writers of requests of all kinds tell (`class_offset`).
No temperature holds at the top, where a stranger's words are misread at any confidence, so that
the head gets a cap: the share that was right where it said most. A head of one chance says no more
than was right of the authors' lines of which it said as much, nor than a cap of that kind; what
`stakes` and `multi_factor` say is fitted on whole messages, under that cap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.stats import heads
from router.stats.calibration import (
    Floats,
    Isotonic,
    Platt,
    Temperature,
    capped,
    fit_isotonic,
    fit_platt,
    fit_temperature,
    lower_of,
)
from router.stats.heads import Early, Head, HeadKind
from router.stats.ngrams import in_floats
from router.training import unread_sources
from router.training.class_offset import class_offset
from router.training.data.authors import grave_texts
from router.training.dev_figures import both
from router.training.heads.fit_heads import (
    CLASS_HEADS,
    Part,
    calibration_weights,
    early_rows,
    part,
)
from router.training.heads.fit_one_head import Fitted, Judged, put_together
from router.training.heads.mix_ngrams import (
    LEAST_HONEST,
    LEAST_SURE,
    Mix,
    Parts,
    fit_mix,
    sure_from,
)
from router.training.unread_sources import SHARE_OF_AUTHORS, Material, Source, Taught, read_by

HEADS = ("domain", "request_type", "stakes", "multi_factor")
"""Heads that say .95 where fewer than 95 in 100 are right, and that take messages of several
sentences for what they are not."""

SETTLED = 0.01
"""Tables of n-grams are kept in bytes, so that the weight of one that is read back is off by a
thousandth."""
AS_IT_IS = Mix(1.0, 1.0)
WHOLE_REQUESTS = ("hint3", "prompts", "written")
"""Sources that calibrate a head of classes that no author taught. Their type a rule reads in each
text. In the sets of intents, which the encoder knows, and in templates it is that of the intent or
of the template: they look easier than a stranger's."""
EVERY_KIND = "messages_"
"""Begins the names of writers who wrote requests of all types and domains, about as many of each:
their shares are nobody's, but nearer to those of a stranger than those of exams and intents."""
WHOLE_MESSAGES = (EVERY_KIND, "weighing_")
"""Begins the names of writers of whole messages, of which somebody said how much they weigh. Other
authors wrote mostly single sentences: those of which `stakes` said .85 were grave in .91, the
messages weighed much in .76."""
BY_MESSAGES: Mapping[str, tuple[str, ...]] = {
    "stakes": WHOLE_MESSAGES,
    "multi_factor": (EVERY_KIND,),
}
"""Heads of one chance whose curve is that of whole messages, with the writers who count.

`stakes`: of each of eight writers, by a curve of the seven others, it says .79 from .7 on and is
right in .80; by a curve of all authors .83 and .70. `multi_factor`: half of the messages of the
writers of `weighing_` weigh several considerations since they were asked to, one in twenty of those
of requests of all kinds. Of each of these six, by a curve of the five others, it says .71 from .5
on where .75 weigh; by a curve of all authors .71 and .54 (decision 252)."""
OFFSET_SHARE = {"domain": 0.0, "request_type": 0.4}
"""Share of the offset that a head of classes gets, elsewhere all of it. The writers of requests of
all kinds have as many decisions as small talk; real traffic has other shares.

`request_type`: of 1,917 messages of six such writers, 639 that weigh or tell and 2,018 lines of
other authors, each read without its writer, the type of 2,620 is right without an offset, of 2,647,
2,658, 2,651, 2,633 and 2,604 with .25, .4, .5, .75 and all of it. `domain`: of 7,740 lines of
authors, 2,807 of them of nine such writers, 5,326, 5,316, 5,310, 5,310, 5,299 and 5,279 are right
(decision 258)."""
SAID = 0.9

Figures = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """Holds a head, and per source what it says and what is right where it says SAID or more.

    Each source is judged by the temperature or the cap of the others, judging authors by all.
    """

    head: Head
    figures: Figures


def recalibrate(
    folder: Path, material: Material, encoder_sha256: str, names: Collection[str] = HEADS
) -> Figures:
    """Recalibrates heads of a folder; returns the figures of the card."""
    figures: Figures = {}
    for name in names:
        made = recalibrated(heads.load(folder, name, encoder_sha256=encoder_sha256), material)
        heads.save(made.head, folder)
        figures |= {f"{name}/{source}": row for source, row in made.figures.items()}
    return figures


def recalibrated(head: Head, material: Material) -> Recalibrated:
    """Returns a head that says no more than what held on unread texts.

    The weights within each reader stay but in SHARE_OF_AUTHORS. A head without n-grams, or with
    too few dev rows or lines of authors, stays as it is.
    """
    classes = _classes(head)
    fitted = _taken_apart(head, classes)
    dev_rows = part(material.dev[0], head.name, classes)
    if fitted is None or len(dev_rows.index) < LEAST_HONEST:
        return Recalibrated(head, {})
    rows = unread_sources.taught(head.name, classes, material)
    if head.name in SHARE_OF_AUTHORS:
        fitted, head, authors = _refitted(fitted, rows, dev_rows, material)
    else:
        authors = list(unread_sources.authors(fitted, rows, material))
    taught = _teaching(authors)
    left = list(unread_sources.left_out(fitted, rows, material.rare))
    if head.kind is HeadKind.CHANCE:
        return _bounded(head, left, authors) if taught else Recalibrated(head, {})
    if not taught:
        return _by_whole_requests(head, left)
    dev = read_by("dev", fitted.parts, material.dev[1][dev_rows.index], dev_rows.labels)
    mix = _mix(dev, calibration_weights(dev_rows), taught)
    share = OFFSET_SHARE.get(head.name, 1.0)
    fitted = replace(fitted, offset=offset_of(taught, mix, share))
    pool, weights = dev.pool(mix) - fitted.offset, calibration_weights(dev_rows)
    judged = Judged(pool, dev.words, dev.labels, weights)
    same = mix == AS_IT_IS and not fitted.offset.any()
    made = head if same else put_together(fitted, mix, judged, calibrate=False)
    figures: Figures = {}
    for source in [*left, *authors]:
        others = [other for other in [*left, *taught] if other is not source]
        # Whoever helps to find the offset is judged by that of the others.
        offset = offset_of([other for other in taught if other is not source], mix, share)
        moved = [other.without(offset, mix) for other in others]
        own = temperature(moved, mix)
        most = most_right(moved, mix, own)
        figures[source.name] = _class_figures(source.without(offset, mix), mix, own, most)
    every = [source.without(fitted.offset, mix) for source in [*left, *taught]]
    t = temperature(every, mix)
    early = _early(made, t, mix, early_rows(judged, dev_rows), fitted.offset)
    calibrator = Temperature(t, most_right(every, mix, t))
    return Recalibrated(replace(made, calibrator=calibrator, early=early), figures)


def offset_of(authors: Sequence[Source], mix: Mix, share: float = 1.0) -> npt.NDArray[np.float32]:
    """Returns what is to be subtracted from each class, by the writers of requests of all kinds.

    It is `share` of what fits them best. Without them, or with few of their lines, it is 0.
    """
    mine = [source for source in authors if source.name.startswith(EVERY_KIND)]
    if sum(len(source.labels) for source in mine) < LEAST_HONEST:
        return np.zeros(authors[0].vectors.shape[1], np.float32)
    pool = np.concatenate([source.pool(mix) for source in mine])
    whole = class_offset(pool, np.concatenate([source.labels for source in mine]))
    return np.float32(share) * whole


def _refitted(
    fitted: Fitted, rows: Taught, dev_rows: Part, material: Material
) -> tuple[Fitted, Head, list[Source]]:
    """Returns a head fitted again, apart and together, and the authors' lines as it reads them.

    Its readers are weighed as `_mix` does, on lines of authors whom they did not read.
    """
    none = np.zeros(len(fitted.classes), np.float32)
    plain = replace(fitted, parts=rows.whole(len(fitted.classes), material.rare), offset=none)
    dev = read_by("dev", plain.parts, material.dev[1][dev_rows.index], dev_rows.labels)
    authors = list(unread_sources.authors(plain, rows, material))
    weights = calibration_weights(dev_rows)
    mix = _mix(dev, weights, _teaching(authors))
    judged = Judged(dev.pool(mix), dev.words, dev.labels, weights)
    head = put_together(plain, mix, judged)
    head = replace(head, early=put_together(plain, mix, early_rows(judged, dev_rows)).early)
    apart = _taken_apart(head, fitted.classes)
    assert apart is not None
    return apart, head, [source.scaled(mix) for source in authors]


def _teaching(authors: Iterable[Source]) -> list[Source]:
    """Returns the authors that do not judge only."""
    return [source for source in authors if source.name not in grave_texts.JUDGES]


def _classes(head: Head) -> tuple[str, ...]:
    return CLASS_HEADS.get(head.name) or both(head.name)


def temperature(sources: Sequence[Source], mix: Mix) -> float:
    """Returns the temperature of least log loss on sources that taught nothing.

    Authors and other sources have half of the weight each; within each kind all count the same.
    """
    kinds = [source.author for source in sources]
    weights = [np.full(len(s.labels), 1.0 / len(s.labels) / kinds.count(s.author)) for s in sources]
    logits = np.concatenate([source.pool(mix) for source in sources])
    labels = np.concatenate([source.labels for source in sources])
    return fit_temperature(logits, labels, np.concatenate(weights)).t


def most_right(sources: Sequence[Source], mix: Mix, t: float) -> float:
    """Returns the share that is right of what a head of classes says from SAID on.

    Authors and other sources count half each: all lines of authors together, since few of them
    are said so surely, and each of the others the same.
    """
    lines: list[npt.NDArray[np.bool_]] = []
    shares: list[float] = []
    for source in sources:
        claimed, right = _claimed(source, mix, t)
        sure = right[claimed >= SAID]
        if source.author:
            lines.append(sure)
        elif len(sure) >= LEAST_SURE:
            shares.append(float(sure.mean()))
    together = np.concatenate([*lines, np.zeros(0, bool)])
    kinds = [float(np.mean(shares))] if shares else []
    kinds += [float(together.mean())] if len(together) >= LEAST_HONEST else []
    return round(float(np.mean(kinds)), 4) if kinds else 1.0


def _claimed(source: Source, mix: Mix, t: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Returns the chance of the likeliest class of each row, and the rows where it is right."""
    chances = Temperature(t)(source.pool(mix))
    return chances.max(axis=1), chances.argmax(axis=1) == source.labels


def _class_figures(source: Source, mix: Mix, t: float, most: float) -> dict[str, float]:
    claimed, right = _claimed(source, mix, t)
    return _figures(np.minimum(claimed, most), claimed >= SAID, right, right)


def _by_whole_requests(head: Head, left: Sequence[Source]) -> Recalibrated:
    """Returns a head of classes with the temperature and the cap of WHOLE_REQUESTS.

    Without such sources the head stays as it is.
    """
    taught = [source for source in left if source.name in WHOLE_REQUESTS]
    if not taught:
        return Recalibrated(head, {})
    figures: Figures = {}
    for source in left:
        others = [other for other in taught if other is not source] or taught
        own = temperature(others, AS_IT_IS)
        most = most_right(others, AS_IT_IS, own)
        figures[source.name] = _class_figures(source, AS_IT_IS, own, most)
    t = temperature(taught, AS_IT_IS)
    calibrator = Temperature(t, most_right(taught, AS_IT_IS, t))
    return Recalibrated(replace(head, calibrator=calibrator), figures)


def cap(head: Head, authors: Sequence[Source]) -> float:
    """Returns the share that is right of the lines of which a chance head says SAID or more."""
    chances = np.concatenate([_chances(head, author) for author in authors])
    labels = np.concatenate([author.labels for author in authors])
    sure = chances >= SAID
    return round(float((labels[sure] == 1).mean()), 4) if sure.sum() >= LEAST_HONEST else 1.0


def bound(head: Head, authors: Sequence[Source]) -> Isotonic:
    """Returns the curve of a chance head, nowhere above what was right of authors' lines.

    For BY_MESSAGES it is the curve of those writers' messages, under the cap of all lines.
    """
    assert isinstance(head.calibrator, Platt | Isotonic)
    most = cap(head, authors)
    writers = BY_MESSAGES.get(head.name, ())
    messages = [author for author in authors if author.name.startswith(writers)]
    if sum(len(one.labels) for one in messages) >= LEAST_HONEST:
        return capped(fit_platt(*_logits(messages)), most)
    curve = capped(head.calibrator, most)
    logits, right = _logits(authors)
    return curve if len(right) < LEAST_HONEST else lower_of(curve, fit_isotonic(logits, right))


def _logits(sources: Sequence[Source]) -> tuple[Floats, Floats]:
    """Returns what a chance head says of all rows, (rows,), and 1 where the class holds, else 0."""
    pool = np.concatenate([source.pool(AS_IT_IS) for source in sources])
    labels = np.concatenate([source.labels for source in sources])
    return pool[:, 1] - pool[:, 0], (labels == 1).astype(float)


def _bounded(head: Head, left: Sequence[Source], authors: Sequence[Source]) -> Recalibrated:
    taught = _teaching(authors)
    figures: Figures = {}
    for source in [*left, *authors]:
        others = replace(
            head, calibrator=bound(head, [other for other in taught if other is not source])
        )
        chances, yes = _chances(others, source), source.labels == 1
        sure = _chances(head, source) >= SAID
        figures[source.name] = _figures(chances, sure, yes, yes == (chances > 0.5))
    return Recalibrated(replace(head, calibrator=bound(head, taught)), figures)


def _chances(head: Head, source: Source) -> Floats:
    pool = source.pool(AS_IT_IS)
    chances: Floats = head.calibrator(pool[:, 1] - pool[:, 0])
    return chances


def _figures(
    claimed: Floats,
    sure: npt.NDArray[np.bool_],
    right: npt.NDArray[np.bool_],
    hits: npt.NDArray[np.bool_],
) -> dict[str, float]:
    """Returns the rows and the share of `hits`, and of the `sure` rows what is said and right."""
    figures: dict[str, float] = {"rows": len(claimed), "accuracy": round(float(hits.mean()), 4)}
    figures["sure"] = int(sure.sum())
    if sure.any():
        figures["said"] = round(float(claimed[sure].mean()), 4)
        figures["right"] = round(float(right[sure].mean()), 4)
    return figures


def _early(
    head: Head, t: float, mix: Mix, judged: Judged, offset: npt.NDArray[np.float32]
) -> Early | None:
    """Returns how n-grams alone read for a head of classes, softened as the whole head is."""
    if head.early is None or judged.words is None:
        return None
    words = mix.words * judged.words - offset
    own = fit_temperature(judged.pool, judged.labels, judged.weights).t
    calibrator = Temperature(fit_temperature(words, judged.labels).t * max(1.0, t / own))
    right = words.argmax(axis=1) == judged.labels
    whole = judged.pool.argmax(axis=1) == judged.labels
    top = calibrator(words).max(axis=1)
    sure = sure_from(top, right.astype(float), whole.astype(float))
    return replace(head.early, calibrator=calibrator, sure=sure)


def _taken_apart(head: Head, classes: Sequence[str]) -> Fitted | None:
    """Returns the two readers of a finished head as they count in it; None where it has one."""
    if head.words is None or head.early is None:
        return None
    words, bias = in_floats(head.words), head.early.bias
    chance = head.kind is HeadKind.CHANCE
    parts = Parts(head.weight, head.bias - bias, words, bias)
    if chance:
        parts = Parts(_two(head.weight), _two(head.bias - bias), _two(words), _two(bias))
    none = np.zeros(len(classes), np.float32)
    positive = head.classes[0] if chance else None
    return Fitted(
        head.name, tuple(classes), positive, parts, none, head.encoder_sha256, head.label_source
    )


def _two(column: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Returns the column of one probability after one of zeros."""
    return np.concatenate([np.zeros_like(column), column], axis=-1)


def _mix(dev: Source, weights: Floats, authors: Sequence[Source]) -> Mix:
    """Returns the weights of both readers: half by dev rows, half by authors, each the same.

    Readers that would move by less than SETTLED stay, so that a second run changes no file.
    """
    each = [np.full(len(a.labels), 1.0 / len(a.labels) / len(authors)) for a in authors]
    sources = [dev, *authors]
    mix = fit_mix(
        np.concatenate([source.vectors for source in sources]),
        np.concatenate([source.words for source in sources]),
        np.concatenate([source.labels for source in sources]),
        np.concatenate([weights / weights.sum(), *each]),
    )
    settled = max(abs(mix.vectors - 1.0), abs(mix.words - 1.0)) < SETTLED
    return AS_IT_IS if settled else mix
