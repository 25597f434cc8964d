"""Defines `tiergate demo`: plays a mixed day through the live path, and reports its cost."""

from __future__ import annotations

from typing import Annotated

import typer

from router.cli.options import AsJson, HtmlFile, one_stdout


def demo(
    requests: Annotated[
        int,
        typer.Option(min=1, max=1_000_000, help="How many requests to play; 1045 are a whole day."),
    ] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The same seed plays the same day.")] = 7,
    policy: Annotated[str, typer.Option("--policy", "-p", help="Name or file.")] = "demo",
    concurrency: Annotated[
        int, typer.Option(min=1, max=1000, help="Requests at the same time.")
    ] = 8,
    as_json: AsJson = False,
    html: HtmlFile = None,
) -> None:
    """Play a mixed day of requests and print what each tier cost and what was saved."""
    from router.cli.serve.demo_day import run_demo

    one_stdout(html, as_json=as_json)
    run_demo(
        requests=requests,
        seed=seed,
        policy=policy,
        concurrency=concurrency,
        as_json=as_json,
        html=html,
    )
