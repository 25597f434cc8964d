"""Two processes read a text alike to the last bit, whatever order their sets have."""

from __future__ import annotations

import os
import subprocess
import sys

READ = """
from router import Gateway

with Gateway.from_policy("default", environ={}) as gateway:
    for text in TEXTS:
        print(repr(gateway.route(text).signals))
"""
TEXTS = [
    "behind with the property tax for 3 years, may the county sell my house",
    "I could come by today",
    "at what age may my daughter have a debit card of her own",
    "baby has gone quiet, foetal movements less than last week",
    "szafka wisząca wywróciła się i leży pod spodem dziecko",
    "where's my parcel, and how long may I send it back",
    "Wie lange dauert der Versand nach Österreich?",
    "how much are 4 chairs at $85 each",
]


def test_signals_do_not_hang_on_the_seed_of_hashes() -> None:
    first, second = (_signals(seed) for seed in ("1", "2"))

    assert len(first) == len(TEXTS)
    assert first == second


def _signals(seed: str) -> list[str]:
    code = f"TEXTS = {TEXTS!r}\n{READ}"
    environ = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()
