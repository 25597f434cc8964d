"""A replay as one HTML file that opens offline; `page` has what it is made of."""

from __future__ import annotations

from collections.abc import Sequence

from router.analysis.replay.fail_conditions import Judged, cannot_answer
from router.analysis.replay.replay import Replay
from router.analysis.replay.sentences import all_lines, headline, signed_percent
from router.analysis.replay.tables import grids
from router.analysis.replay.text import SHOWN
from router.rendering.figures_in_words import NOTHING, clean, count, percent, usd
from router.rendering.markup import Markup
from router.rendering.page import Tile, fine, page, page_header, section, table

FOOTER = "A what-if: no tier was called, and no row was changed. Computed by tiergate replay."


def replay_html(found: Replay, judged: Sequence[Judged]) -> str:
    """The whole page, UTF-8 text; well-formed as XML too."""
    names = ("Replay", clean(found.new_name), clean(found.old_name))
    conditions = [f"{SHOWN[one.answer][0]}: {one.condition.text} ({one.told})" for one in judged]
    header = page_header(names, headline(found), _tiles(found), conditions)
    sections = [
        section(grid.title, "", (table(grid.title, grid.columns, grid.rows, grid.words),))
        for grid in grids(found)
    ]
    sections.append(section("What this rests on", "", _notes(found)))
    return page(f"Tiergate replay: {clean(found.new_name)}", header, sections, FOOTER)


def _notes(found: Replay) -> tuple[Markup, ...]:
    lines = all_lines(found)
    return (fine([*lines, found.bad_lines] if found.bad_lines else lines),)


def _tiles(found: Replay) -> tuple[Tile, ...]:
    """Cost, changed decisions and error, each with what it is beside."""
    costs, said = found.costs, found.errors
    share = costs.saved_share()
    changed = found.changed / found.requests if found.requests else None
    known = said.dr is not None and not cannot_answer(found)
    believed = found.believed
    own = (
        f"{percent(believed.old, 2)} {clean(found.old_name)}; by their own p over "
        f"{count(believed.requests)} requests, no outcome tells it"
    )
    return (
        (
            "Cost",
            usd(costs.own_nano_usd) if costs.count else NOTHING,
            f"{usd(costs.baseline_nano_usd)} {clean(found.old_name)}" if costs.count else "",
        ),
        (
            "Change",
            NOTHING if share is None else signed_percent(0.0 - share),
            f"over {count(costs.count)} requests",
        ),
        ("Decisions that change", percent(changed), f"{count(found.changed)} requests"),
        (
            "Expected error",
            percent(said.dr.error if known and said.dr is not None else believed.new, 2),
            "doubly robust" if known else own,
        ),
    )
