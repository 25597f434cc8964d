"""Renders a replay as one HTML file that opens offline; `page` has its building blocks."""

from __future__ import annotations

from collections.abc import Sequence

from router.analysis.replay.fail_conditions import Judged, cannot_answer
from router.analysis.replay.replay import Replay
from router.analysis.replay.sentences import all_lines, headline, range_text, signed_percent
from router.analysis.replay.tables import grids
from router.analysis.replay.text import SHOWN
from router.rendering.figures_in_words import NOTHING, clean, count, percent, usd
from router.rendering.markup import Markup
from router.rendering.page import Tile, fine, page, page_header, section, table

FOOTER = "A what-if: no tier was called, and no row was changed. Computed by tiergate replay."


def replay_html(replay: Replay, judged: Sequence[Judged]) -> str:
    """Returns the whole page as UTF-8 text; it is well-formed XML too."""
    names = ("Replay", clean(replay.new_name), clean(replay.old_name))
    conditions = [
        f"{SHOWN[result.answer][0]}: {result.condition.text} ({result.told})" for result in judged
    ]
    header = page_header(names, headline(replay), _tiles(replay), conditions)
    sections = [
        section(grid.title, "", (table(grid.title, grid.columns, grid.rows, grid.words),))
        for grid in grids(replay)
    ]
    sections.append(section("What this rests on", "", _notes(replay)))
    return page(f"Tiergate replay: {clean(replay.new_name)}", header, sections, FOOTER)


def _notes(replay: Replay) -> tuple[Markup, ...]:
    lines = all_lines(replay)
    return (fine([*lines, replay.bad_lines] if replay.bad_lines else lines),)


def _tiles(replay: Replay) -> tuple[Tile, ...]:
    """Returns cost, changed decisions and error, each next to its comparison."""
    costs, errors = replay.costs, replay.errors
    share = costs.saved_share()
    changed = replay.changed / replay.requests if replay.requests else None
    # Without outcomes for every request, the tile shows the belief and says so.
    known = errors.dr is not None and not cannot_answer(replay)
    believed = replay.believed
    own = (
        f"{percent(believed.old, 2)} {clean(replay.old_name)}; by their own p over "
        f"{count(believed.requests)} requests, no outcome tells it"
    )
    return (
        (
            "Cost",
            usd(costs.own_nano_usd) if costs.count else NOTHING,
            f"{usd(costs.baseline_nano_usd)} {clean(replay.old_name)}" if costs.count else "",
        ),
        (
            "Change",
            NOTHING if share is None else signed_percent(0.0 - share),
            f"over {count(costs.count)} requests",
        ),
        ("Decisions that change", percent(changed), f"{count(replay.changed)} requests"),
        (
            "Expected error",
            percent(errors.dr.error if known and errors.dr is not None else believed.new, 2),
            f"{range_text(errors.dr.interval)} by {count(errors.requests)} outcomes"
            if known and errors.dr is not None
            else own,
        ),
    )
