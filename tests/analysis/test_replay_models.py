"""Recorded answers of a model that a policy no longer has under their name."""

from __future__ import annotations

from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.replay.recorded_models import models_in
from router.analysis.replay.replay import replay
from router.analysis.replay.sentences import all_lines
from tests.analysis.test_replay import DAY, THETAS, a_side, cases, play, tiers
from tests.kits.fakes import Houses


async def test_another_model_under_a_name_is_another_answerer(houses: Houses) -> None:
    """Two of four requests were answered by `mid`, and its outcomes are of the former model."""
    rows = await play(houses(tiers(), thetas=THETAS), DAY)
    labels = KnownCorrectness.of(Correctness(row.request_id, True) for row in rows)
    side = a_side("other")
    before = replay(cases(rows), side, None, labels, lambda _: {"mid": side.model("mid")})
    assert (before.changed, before.errors.no_overlap) == (0, 0)
    after = replay(cases(rows), side, None, labels, lambda _: {"mid": "former"})
    assert (after.changed, after.errors.no_overlap) == (2, 2)
    assert ("mid (former)", f"mid ({side.model('mid')})") in {key[:2] for key in after.changes}
    told = " ".join(all_lines(after))
    assert f"mid had the model former in 2 requests and has {side.model('mid')} here" in told


def test_models_of_a_policy_are_read_from_its_text() -> None:
    text = """
tiers:
  - name: llm
    answerers:
      - {name: mini, kind: upstream, model: instant}
      - {name: other, kind: upstream, model: "${MODEL}"}
      - {name: smol, kind: local}
"""
    assert models_in(text) == {"mini": "instant"}
    assert models_in("tiers: [") == {}
