"""Simulates days of traffic: how often an alarm of drift is false, and how soon a true one comes.

    python -m benchmarks.drift [--days 10000] [--runs 60]

Each day has ten features of five values and a sample of joint readings. Steady days give the rate
of false alarms. A new kind of request, which none had before, then takes a share of the traffic, at
once or by so much more each day. Found is the share of runs that told it within 27 days (90 where
it grows), and in how many days the median of them did. Two days are the least. No server runs; the
seeds are fixed.
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np

from router.money.days import DAY_MS
from router.policy.sections.learning import AlertsSection
from router.watch.alarms import Alarm, AlarmTurn, step
from router.watch.past import Past, drifts
from tests.kits.drift_kit import USUAL, began_on, day, references

SECTION = AlertsSection.model_validate(
    {"rules": [{"watch": "drift", "least": 10}], "window_minutes": 1440}
)
CHANGES, DAYS, SLOW_DAYS = 3, 30, 93


def delay(seed: int, requests: int, share: float, *, grows: bool = False) -> int | None:
    """Returns the days until a new kind of request was told; None where it never was.

    `grows`: it has `share` more of the traffic on each day.
    """
    chance = np.random.default_rng(seed)
    past, alarms = Past(), dict[str, Alarm]()
    for number in range(-28, SLOW_DAYS if grows else DAYS):
        today = day(chance, requests, 0)
        if number >= CHANGES:
            has = min(1.0, share * (number - CHANGES + 1)) if grows else share
            new = int(chance.binomial(requests, has))
            usual = chance.multinomial(requests - new, USUAL)
            counts = {str(bin): int(count) for bin, count in enumerate(usual)}
            today.requests["acme / p"].bins["type"] = {**counts, "new": new}
        if number >= 0:
            readings = drifts(today, *references(past, number, SECTION))
            alarms, notices = step(SECTION.rules, readings, alarms, number * DAY_MS)
            began = [one.subject for one in notices if one.turn is AlarmTurn.BEGAN]
            if number >= CHANGES and any(one.startswith("acme / p / type") for one in began):
                return number - CHANGES + 1
        past.add(number * DAY_MS, today)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=60)
    asked = parser.parse_args()
    print("what       requests a day  vectors  false alarms a month")
    for what, requests, sampled in (("drift", 100, 12), ("drift", 1000, 0), ("provider", 200, 0)):
        began = began_on(asked.days, requests, what=what, sampled=sampled)
        print(f"{what:9}  {requests:14}  {sampled:7}  {len(began) * 30 / asked.days:20.2f}")
    for what, shares in (("share of", (0.05, 0.1, 0.2, 0.4)), ("growth of", (0.0025, 0.005, 0.01))):
        print(f"requests a day  {what:9} the new kind  found  median days")
        for requests in (50, 100, 200, 1000):
            for share in shares:
                grows = what == "growth of"
                delays = [delay(seed, requests, share, grows=grows) for seed in range(asked.runs)]
                noticed = [one for one in delays if one is not None]
                median = f"{statistics.median(noticed):g}" if noticed else "-"
                share_noticed = f"{len(noticed) / asked.runs:5.0%}"
                print(f"{requests:14}  {share:22.2%}  {share_noticed}  {median:>11}")


if __name__ == "__main__":
    main()
