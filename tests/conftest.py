"""What holds for every test: nothing of the machine's own settings reaches the code under test."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# An operator's keys, a proxy or a TIERGATE_* of the shell would change what is tested.
FOREIGN = ("TIERGATE_", "OPENAI_", "ANTHROPIC_", "LITELLM_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")

# No deadline: on a loaded machine it measures the machine. The blob repeats a failure elsewhere.
settings.register_profile("tiergate", deadline=None, print_blob=True)
settings.load_profile("tiergate")


def pytest_configure(config: pytest.Config) -> None:
    for name in [*os.environ]:
        if name.startswith(FOREIGN) or name.lower() in PROXIES:
            del os.environ[name]
