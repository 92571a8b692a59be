"""The mutator makes faults, one at a time, and leaves alone what no test can see."""

from __future__ import annotations

import ast

from trials.mutants import mutants

SOURCE = '''
def share(part: int, whole: int = 1) -> float:
    """What part of it is."""
    if whole <= 0 or not part:
        raise ValueError(f"{whole + 1} is too small")
    return max(part, 0) / whole
'''


def test_every_mutant_differs_in_one_place_and_is_valid() -> None:
    found = list(mutants(SOURCE))
    changes = {(one.before, one.after) for one in found}
    assert ("whole <= 0", "whole < 0") in changes
    assert ("whole <= 0 or not part", "whole <= 0 and (not part)") in changes
    assert ("max(part, 0) / whole", "max(part, 0) * whole") in changes
    assert ("max", "min") in changes
    assert ("1", "2") in changes
    assert ("return max(part, 0) / whole", "return None") in changes
    for one in found:
        ast.parse(one.source)
        assert one.source != ast.unparse(ast.parse(SOURCE))
    assert len({one.source for one in found}) == len(found)


def test_texts_of_errors_docstrings_and_hints_stay() -> None:
    for one in mutants(SOURCE):
        assert "is too small" in one.source
        assert "{whole + 1}" in one.source
        assert "What part of it is." in one.source
        assert "part: int, whole: int" in one.source


def test_a_mutant_changes_what_the_function_does() -> None:
    (swapped,) = [one for one in mutants(SOURCE) if one.before == "max"]
    names: dict[str, object] = {}
    exec(swapped.source, names)
    assert names["share"](3, 2) == 0.0  # type: ignore[operator]
