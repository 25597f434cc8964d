"""Measures mails a second: `python -m benchmarks.bench_classify [--rows 4000] [--tokens 256]`.

It writes mails of about so many tokens, each different, into a temporary folder and runs
`tiergate classify` on them in a process of its own, as a user does (`--task spam` for one field).
It prints processor time next to wall time: on a machine that others use, only the former is
reliable.
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
TOKENS_PER_WORD = 1.02  # for these words, by the shipped tokenizer


def mails(rows: int, tokens: int) -> str:
    """Returns JSON lines of mails with a subject and a body, always the same."""
    rng, words = random.Random(1), WORDS.split()
    count = max(7, round(tokens / TOKENS_PER_WORD))
    lines = []
    for i in range(rows):
        drawn = rng.choices(words, k=count)
        row = {"id": i, "subject": " ".join(drawn[:6]), "body": " ".join(drawn[6:])}
        lines.append(json.dumps(row) + "\n")
    return "".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_classify")
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--policy", default="email_pipeline")
    parser.add_argument("--task", default="", help="one field of the specialist alone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="as `tiergate classify` has it")
    parser.add_argument("--encoder", default="when_needed", help="as `tiergate classify` has it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "mails.jsonl"
        source.write_text(mails(options.rows, options.tokens), encoding="utf-8")
        command = [sys.executable, "-m", "router.cli", "classify", str(source), "--json"]
        command += ["--policy", options.policy, "--out", f"{folder}/said.jsonl"]
        command += ["--threads", str(options.threads), "--encoder", options.encoder]
        command += ["--processes", str(options.processes), "--device", options.device]
        command += ["--task", options.task] if options.task else []
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = used.ru_utime + used.ru_stime
    print(
        f"{report['rows']} mails of {options.tokens} tokens, {options.processes} processes, "
        f"{options.threads} threads, on {options.device}"
    )
    print(f"  {report['by_words_alone']} of them by their words alone")
    print(f"  {report['rows_per_s']:.0f} a second by the clock")
    print(f"  {1000 * processor_s / report['rows']:.2f} ms of processor time each, start included")
    print(f"  {report['peak_rss_bytes'] / 1e6:.0f} MB at most held")
    print(f"  {sum(report['disk_bytes'].values()) / 1e6:.1f} MB on disk")


if __name__ == "__main__":
    main()
