"""Runs the tests of this folder on both event loops: uvloop's, which serves, and asyncio's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Gives pytest-asyncio the loops on which it runs each test."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
