"""`python -m benchmarks.bench_classify [--rows 4000] [--tokens 256] [--task spam]`: mails a second.

Writes mails of about so many tokens, each different, into a temporary folder and runs
`tiergate classify` on them in a process of its own, as a user does. Processor time is printed
beside wall time: on a machine that others use, only the former holds.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

WORDS = (
    "invoice payment delivery account password printer laptop meeting contract schedule customer "
    "order shipment refund server network update request team project report budget approval "
    "holiday training office supplier price quote question answer problem solution regards monday "
    "tuesday morning afternoon number address phone attached document version change need want "
    "could would should about with from into over under after before because however therefore "
    "today tomorrow week month year please thank"
)
TOKENS_PER_WORD = 1.02  # of these words, by the shipped tokenizer


def mails(rows: int, tokens: int, seed: int = 1) -> str:
    """JSON lines of mails with a subject and a body, the same under the same seed."""
    rng, words = random.Random(seed), WORDS.split()
    count = max(7, round(tokens / TOKENS_PER_WORD))
    lines = []
    for i in range(rows):
        said = rng.choices(words, k=count)
        row = {"id": i, "subject": " ".join(said[:6]), "body": " ".join(said[6:])}
        lines.append(json.dumps(row) + "\n")
    return "".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_classify")
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--policy", default="email_pipeline")
    parser.add_argument("--task", default="", help="one field of the specialist alone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--encoder", default="when_needed", help="as `tiergate classify` has it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "mails.jsonl"
        source.write_text(mails(asked.rows, asked.tokens), encoding="utf-8")
        command = [sys.executable, "-m", "router.cli", "classify", str(source), "--json"]
        command += ["--policy", asked.policy, "--out", f"{folder}/said.jsonl"]
        command += ["--threads", str(asked.threads), "--encoder", asked.encoder]
        command += ["--task", asked.task] if asked.task else []
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = used.ru_utime + used.ru_stime
    print(f"{said['rows']} mails of {asked.tokens} tokens, {asked.threads} threads")
    print(f"  {said['by_words_alone']} of them by their words alone")
    print(f"  {said['rows_per_s']:.0f} a second by the clock")
    print(f"  {1000 * processor_s / said['rows']:.2f} ms of processor time each, start included")
    print(f"  {said['peak_rss_bytes'] / 1e6:.0f} MB at most held")
    print(f"  {sum(said['disk_bytes'].values()) / 1e6:.1f} MB on disk")


if __name__ == "__main__":
    main()
