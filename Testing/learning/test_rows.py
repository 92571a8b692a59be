"""The tables' rows are the experiments of the paper's Tables 1, 2 and 3."""

from __future__ import annotations

import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.effort import effort_until
from SemiSegEmbedLib.learning.rows import TABLES, table_rows


def test_table_1_has_all_seven_methods_of_the_paper_in_its_order() -> None:
    names = [row.config().method for row in table_rows("table1")]
    assert names == ["supervised", "mean_teacher", "uamt", "cct", "mtc", "dtc", "embedding_matching"]


def test_table_2_switches_the_two_matching_terms_and_keeps_l_ua() -> None:
    terms = [(row.title, c.use_ua, c.use_nn, c.use_en) for row in table_rows("table2") for c in [row.config()]]
    assert terms == [
        ("UA", True, False, False),
        ("UA+NN", True, True, False),
        ("UA+NN+EN", True, True, True),
        ("UA+EN", True, False, True),
    ]


def test_table_3_is_kernel_times_reduce() -> None:
    pairs = [(c.reduce, c.kernel) for row in table_rows("table3") for c in [row.config()]]
    assert pairs == [("mean", "euclidean"), ("max", "euclidean"), ("mean", "cosine"), ("max", "cosine")]


def test_the_proposed_method_is_one_experiment_in_all_three_tables() -> None:
    proposed = [row for table in ("table1", "table2", "table3") for row in table_rows(table)]
    same = [row.name for row in proposed if row.config(steps=10) == preset("paper", steps=10)]
    assert same == ["embedding_matching", "ua_nn_en", "mean_cosine"]


def test_robust_rows_are_all_four_choices_of_matching_terms_and_supervised() -> None:
    rows = {row.name: row.config() for row in table_rows("robust")}
    robust = preset("robust")
    assert rows["robust"] == robust
    assert rows["robust_supervised"] == robust.replace(method="supervised")
    assert (robust.use_nn, robust.use_en) == (False, True)
    assert rows["robust_with_nn"] == robust.replace(use_nn=True)
    assert rows["robust_nn_for_en"] == robust.replace(use_nn=True, use_en=False)
    assert rows["robust_without_matching"] == robust.replace(use_nn=False, use_en=False)


def test_supervised_as_long_as_robust_computes_equally_much_in_more_steps() -> None:
    rows = {row.name: row.config(steps=2000) for row in table_rows("robust")}
    robust, short, long = (rows[name] for name in ("robust", "robust_supervised", "robust_supervised_long"))
    assert long.replace(steps=2000) == short
    assert long.steps > 2200
    assert effort_until(long, long.steps) == pytest.approx(effort_until(robust, 2000), rel=1e-3)


def test_each_lever_is_one_change_of_robust_or_of_robust_with_nn() -> None:
    changes = []
    for row in table_rows("levers"):
        config = row.config()
        base = preset("robust", use_nn=config.use_nn).to_dict()
        changes.append(sum(base[name] != value for name, value in config.to_dict().items()) + row.rounds)
    assert changes == [0] + [1] * (len(changes) - 1)


@pytest.mark.parametrize("table", TABLES)
def test_names_are_unique_and_a_shared_budget_leaves_the_row_what_it_is(table: str) -> None:
    rows = table_rows(table)
    assert len({row.name for row in rows}) == len({row.title for row in rows}) == len(rows)
    for row in rows:
        config = row.config(steps=7, seed=3, method="uamt", kernel="cosine")
        assert config.seed == 3
        assert config.steps == 7 or row.as_long_as is not None
        assert all(getattr(config, name) == value for name, value in row.overrides.items())


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(BadInputError, match="table1, table2, table3"):
        table_rows("table9")
