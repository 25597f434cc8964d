"""Prints what pseudonyms cost: reading, hiding and restoring one request, on one core."""

from __future__ import annotations

import statistics
import time

from router.privacy.entities.kinds import EntityKind
from router.privacy.pseudonyms.texts import Reader
from router.privacy.pseudonyms.veil import Veil
from router.types import ChatRequest, Delta, Message

LETTER = (
    "Dear colleague, I refer Anneliese Wackernagel, born 3 May 1980 (MRN: 00483921), who lives at "
    "12 Elm Street, Boston, MA 02118. She reports chest pain since Friday and takes 5 mg of "
    "ramipril. Please call +1 (415) 555-0132 or write to a.wacker@example.com. "
)
ROUNDS = 200


def veil_of(request: ChatRequest, reader: Reader) -> Veil:
    kinds, trusted = frozenset(EntityKind), frozenset[str]()
    return Veil(request, reader=reader, kinds=kinds, trusted=trusted, secret=b"k" * 32)


def main() -> None:
    for times in (1, 4, 15):
        request = ChatRequest((Message("user", LETTER * times),), "auto")
        for name, reader in (("new", None), ("read before", Reader())):
            spent = []
            for _ in range(ROUNDS // times):
                veil = veil_of(request, reader or Reader())
                begin = time.perf_counter()
                hidden = veil.hidden(request)
                spent.append(1_000 * (time.perf_counter() - begin))
            p99 = sorted(spent)[int(0.99 * len(spent))]
            size = len(LETTER * times)
            print(
                f"{size:6,} characters, {name:11}: p50 {statistics.median(spent):.2f} ms, "
                f"p99 {p99:.2f} ms"
            )
        stream = veil.stream(in_json=False)
        text = hidden.messages[0].text
        begin = time.perf_counter()
        pieces = [
            out for at in range(0, len(text), 4) for out in stream.feed(Delta(text[at : at + 4]))
        ]
        each = 1e6 * (time.perf_counter() - begin) / (len(text) / 4)
        print(
            f"        restoring its stream: {each:.1f} us a piece of four characters, "
            f"{len(pieces)} pieces"
        )


if __name__ == "__main__":
    main()
