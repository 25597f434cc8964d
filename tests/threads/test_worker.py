"""A worker runs what is put on a thread of its own, together what waits together."""

from __future__ import annotations

import threading
import weakref

from router.threads.worker import Worker


class Taken:
    """Keeps what a worker was given at once, and can be made to wait."""

    def __init__(self) -> None:
        self.items: list[list[int]] = []
        self.threads = set[str]()
        self.gate, self.began = threading.Event(), threading.Event()
        self.gate.set()

    def __call__(self, items: list[int]) -> None:
        self.began.set()
        self.gate.wait(timeout=60)
        self.threads.add(threading.current_thread().name)
        self.items.append(items)


def given(taken: Taken, most: int) -> list[list[int]]:
    """Returns what a worker is given of five items, four of which come while it is busy."""
    worker = Worker[int]("busy", taken, most)
    taken.gate.clear()
    worker.put(1)
    assert taken.began.wait(timeout=60)
    for item in (2, 3, 4, 5):
        worker.put(item)
    taken.gate.set()
    worker.close()
    return taken.items


def test_what_waits_is_given_together_in_order_and_up_to_a_bound() -> None:
    taken = Taken()
    assert given(taken, 3) == [[1], [2, 3, 4], [5]]
    assert taken.threads == {"busy"}


def test_by_default_items_are_given_one_by_one() -> None:
    assert given(Taken(), 1) == [[1], [2], [3], [4], [5]]


def test_closing_waits_for_what_was_put_and_a_later_item_starts_it_again() -> None:
    taken = Taken()
    worker = Worker[int]("again", taken, 8)
    worker.put(1)
    worker.close()
    assert taken.items == [[1]]
    worker.put(2)
    worker.close()
    assert taken.items == [[1], [2]]


def test_an_item_for_the_start_waits_until_the_thread_starts() -> None:
    taken = Taken()
    worker = Worker[int]("later", taken)
    worker.put_for_start(1)
    assert not taken.began.wait(timeout=0.05)
    worker.start()
    worker.close()
    assert taken.items == [[1]]


def test_closing_what_never_started_does_nothing() -> None:
    taken = Taken()
    Worker[int]("never", taken).close()
    assert taken.items == []


def test_closing_while_others_put_ends_and_loses_nothing() -> None:
    taken = Taken()
    worker = Worker[int]("race", taken, 4)

    def puts(begin: int) -> None:
        for item in range(begin, begin + 200):
            worker.put(item)

    threads = [threading.Thread(target=puts, args=(begin,)) for begin in (0, 1_000, 2_000)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        worker.close()
    for thread in threads:
        thread.join()
    worker.close()
    done = sorted(item for items in taken.items for item in items)
    assert done == [begin + item for begin in (0, 1_000, 2_000) for item in range(200)]


def test_nothing_of_the_last_items_is_kept_while_the_thread_waits() -> None:
    class Thing:
        pass

    done = threading.Event()
    worker = Worker[Thing]("clean", lambda _: done.set())
    thing = Thing()
    gone = threading.Event()
    weakref.finalize(thing, gone.set)
    worker.put(thing)
    del thing
    assert done.wait(timeout=60)
    assert gone.wait(timeout=60)
    worker.close()
