"""Holds the knowledge file of a small shop, with four utterances an answer."""

from __future__ import annotations

KITE_SHOP = """version: 1
name: kite shop
intents:
  - id: repair
    domain: customer_support
    source: handbook
    answer: We mend torn sails within five days. A patch costs 18 euros.
    utterances: [Do you repair kites?, my sail is torn, price of a patch, mend a kite]
  - id: lessons
    domain: customer_support
    source: handbook
    answer: Lessons are on Saturdays from ten to one and cost 60 euros with all gear.
    utterances: [When are lessons?, beginner course, price of a lesson, learn to fly a kite]
  - id: returns
    domain: customer_support
    source: handbook
    answer: Send it back within 30 days, unflown, and you get your money back.
    utterances: [How do I return a kite?, return policy, money back, send it back]
"""
