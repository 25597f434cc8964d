"""What was forgotten, by hand."""

from __future__ import annotations

from router.training.continual.forgetting import per_class, transfer


def test_matrix_of_three_tasks_comes_to_what_a_hand_works_out() -> None:
    matrix = [[0.9, 0.5, 0.2], [0.8, 0.9, 0.4], [0.6, 0.85, 0.95]]
    found = transfer(matrix, [0.5, 0.5, 0.25])
    assert found.acc == 0.8
    assert found.backward == -0.175  # (-0.3 - 0.05) / 2
    assert found.forward == 0.075  # (0.5 - 0.5 + 0.4 - 0.25) / 2
    assert found.forgotten == 0.175


def test_cells_that_were_not_measured_count_for_nothing() -> None:
    found = transfer([[0.9, None], [0.7, 0.8]], [0.5, 0.5])
    assert found.forward is None
    assert found.backward == -0.2


def test_one_task_has_no_transfer() -> None:
    found = transfer([[0.9]], [0.5])
    assert (found.acc, found.backward, found.forward) == (0.9, None, None)


def test_classes_that_lost_most_come_first() -> None:
    runs = [{"a": (9, 10), "b": (5, 10)}, {"a": (6, 10), "b": (8, 10), "c": (1, 2)}]
    assert [(c.name, c.best, c.now, round(c.loss, 2)) for c in per_class(runs)] == [
        ("a", 0.9, 0.6, 0.3),
        ("b", 0.8, 0.8, 0.0),
        ("c", 0.5, 0.5, 0.0),
    ]
