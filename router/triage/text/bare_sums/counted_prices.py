"""Finds how often a price is paid: "300 seats at $50", "3 chaises à 2 000 euros pièce".

English says it by the word between the count and the price, other languages often by a word behind
the price. A count stands in digits or in words, a few tokens from its price and in its sentence.

It knows nothing about exchange rates.
"""

from __future__ import annotations

from decimal import Decimal

from router.triage.text import money_words as words
from router.triage.text.bare_sums import bare_words as bare
from router.triage.text.bare_sums.siblings import SumsOfLists
from router.triage.text.numbers import NUMBER, WORD, Quantity, Sum

Times = tuple[Decimal, int, int]
"""Holds a count near a price: (count, first token of both, index after both)."""

REACH = 4
"""Tokens before a price among which its count is looked for: "3 large office chairs at"."""


class CountedPrices(SumsOfLists):
    """Finds the counts that prices of one text are multiplied by."""

    def _times(self, one: Sum, end: int, each: bool) -> Times | None:
        """Returns a count next to a price: "120 x $99", "300 seats at $50", "$10k each for 5"."""
        if self._word(end) in words.SIGNS or (each and self._word(end) == "for"):
            count = self._plain(end + 1)
            if count is not None:
                return count.value, count.start, count.end
        link = self._word(one.start - 1)
        nouns: list[str] = []
        for at in self._sentence(one.start - 1, -1, REACH):
            count = self._count_that_ends(at, words.COUNT_WORDS)
            if count is not None and self._is_size(count):
                # "2 30x40 prints": the count stands before the size.
                count = self._count_that_ends(count.start - 3, words.COUNT_WORDS)
                if count is None:
                    return None
            if count is not None:
                by_price = link in ("@", "at", "costing") and bool(nouns or link == "@")
                payments = link == "of" and any(noun in words.INSTALMENTS for noun in nouns)
                of_each = each and (link in ("for", "of", ",") or self._given_to(one, count))
                if link in words.SIGNS or by_price or payments or of_each:
                    return count.value, count.start, count.end
                return None
            if self._joins_name(at):
                continue
            if self._kind[at] != WORD or self._low[at] in words.LINKS:
                return None
            nouns.append(self._low[at])
        return None

    def _is_size(self, count: Quantity) -> bool:
        """Returns True for the second number of a size that is written together: "30x40"."""
        by = count.start - 1
        return (
            self._word(by) in ("x", "\u00d7")
            and self._kind_at(by - 1) == NUMBER
            and self._to[by - 1] == self._from[by]
            and self._to[by] == self._from[count.start]
        )

    def _given_to(self, one: Sum, count: Quantity) -> bool:
        """Returns True when what is counted stands right before a price: "40 guests $200 each"."""
        nouns = self._low[count.end : one.start]
        return 0 < len(nouns) <= 2 and words.LINKS.union(words.CONTEXT).isdisjoint(nouns)

    def _count_that_ends(self, at: int, in_words: frozenset[str]) -> Quantity | None:
        """Returns the count whose last token stands at an index: the 25 of "twenty-five".

        A word right behind digits is none: "3,000 one way tickets".
        """
        if self._kind[at] == NUMBER:
            return self._plain(at)
        if self._low[at] not in in_words or self._kind_at(at - 1) == NUMBER:
            return None
        count = self._in_words(self._first_of_count(at, in_words))
        return count if count is not None and count.end == at + 1 and count.value > 0 else None

    def _times_in_other_languages(self, one: Sum) -> Times | None:
        """Returns the count of a price in German, French or Spanish that is said to be of each.

        German says so before it ("zu je 2.000 Euro", "zu 2.000 Euro"), all three behind it ("2 000
        euros pièce"). "A" and "à" alone are no sign of it: they are among the commonest words.
        """
        at, end = one.start - 1, self._behind_each(one.end)
        priced = end > one.end or self._word(at) in bare.EACH_WORDS
        if self._word(at) in bare.EACH_WORDS:
            at -= self._word(at - 1) in bare.LINKS_TO_EACH
        elif self._word(at) == "zu":
            priced = priced or self._word(at - 1) not in bare.UP_TO
        elif self._word(at) not in bare.LINKS_TO_EACH:
            at += 1  # "3 sillas 2.000 euros cada una"
        if not priced:
            return None
        if end > one.end and self._word(end) in bare.FOR:
            count = self._plain(end + 1)
            if count is not None and self._kind_at(count.end) == WORD:
                return count.value, one.start, count.end
        for nouns, before in enumerate(self._sentence(at, -1, REACH)):
            count = self._count_that_ends(before, words.ALL_COUNT_WORDS)
            if count is not None:
                year = self._raw[before].isdigit() and count.value in bare.YEARS
                named = year or self._names(count.start)  # "Rechnung 4711 Nachtrag zu 500 Euro"
                return None if named or not nouns else (count.value, count.start, end)
            if self._joins_name(before):
                continue
            if self._kind[before] != WORD or self._is_money_word(before):
                return None
            no_thing = bare.LISTING if end > one.end else bare.NO_THING
            if self._low[before] in no_thing and not self._joins_name(before + 1):
                return None
        return None

    def _joins_name(self, at: int) -> bool:
        """Returns True for the hyphen of "e-bikes"."""
        joins = self._word(at) == "-" and self._touches(at) and self._touches(at + 1)
        return joins and self._kind[at - 1] == WORD == self._kind[at + 1]

    def _is_money_word(self, at: int) -> bool:
        """Returns True for the first "Euro" of "von 3.000 Euro zu 5.000 Euro"."""
        return self._is_currency(at) or self._low[at] in words.CURRENCY_WORDS

    def _behind_each(self, at: int) -> int:
        """Returns the index after words that say that a price is of each; `at` without any."""
        if self._word(at) in bare.EACH_BEHIND:
            return at + 1
        if self._word(at) == "l" and self._word(at + 1) == "'":  # "l'unité"
            return at + 3 if self._word(at + 2) in bare.EACH_PIECE else at
        if self._word(at) == "c" and self._word(at + 1) == "/" and self._word(at + 2) == "u":
            return at + 3
        pair = self._word(at) in bare.EACH_LEADS and self._word(at + 1) in bare.EACH_PIECE
        return at + 2 if pair else at
