"""Mutation testing: do the tests of a file alone notice small faults in it?"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import multiprocessing
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from trials.mutants import Mutant, mutants
from trials.rows import Row

ROOT = Path(__file__).resolve().parents[3]
TARGETS = {
    "learning/schedules.py": ["learning/test_schedules.py"],
    "learning/losses.py": ["learning/test_losses.py"],
    "learning/uncertainty.py": ["learning/test_uncertainty.py"],
    "learning/matching.py": ["learning/test_matching.py"],
    "evaluation/metrics.py": ["evaluation/test_metrics.py", "evaluation/test_metrics_properties.py"],
    "study/manifest.py": ["study/test_manifest.py"],
}
"""Files and their own tests."""
ENOUGH = 0.85
MOST = 30
"""Mutants of one file, drawn at random where there are more."""
UNCLEAR = 20
"""A part of code below so many characters does not say where it stands."""
TIMEOUT_S = 60
PROCESSES = 2


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    killed: bool


class _Replaced(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from other source."""

    def __init__(self, name: str, source: str, path: Path) -> None:
        self.name, self.source, self.path = name, source, path

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(self.path))

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)


def passes(target: str, source: str) -> None:
    """Ends this process with pytest's code for the target's tests; it must not have imported the library yet."""
    import pytest

    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    name = "SemiSegEmbedLib." + target.removesuffix(".py").replace("/", ".")
    sys.meta_path.insert(0, _Replaced(name, source, ROOT / "SemiSegEmbedLib" / target))
    tests = [str(ROOT / "Testing" / test) for test in TARGETS[target]]
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0", f"--rootdir={ROOT}"]
    from hypothesis import Phase, settings

    settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate], database=None, deadline=None)
    settings.load_profile("mutation")
    os._exit(int(pytest.main([*options, "-c", str(ROOT / "pyproject.toml"), *tests])))


def judge(target: str, chosen: Sequence[Mutant]) -> list[Verdict]:
    """Each mutant in a process of its own, two at a time."""
    root = str(ROOT)
    os.environ["PYTHONPATH"] = os.pathsep.join([root, str(ROOT / "Testing" / "reliability")])
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trials.warm_tests"])
    verdicts, running = [], []
    waiting = list(chosen)
    while waiting or running:
        while waiting and len(running) < PROCESSES:
            mutant = waiting.pop(0)
            process = context.Process(target=passes, args=(target, mutant.source))
            process.start()
            running.append((mutant, process))
        mutant, process = running.pop(0)
        process.join(TIMEOUT_S)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        verdicts.append(Verdict(mutant, code != 0))
    return verdicts


def row_of(target: str, verdicts: Sequence[Verdict]) -> Row:
    """How many were killed; the others are named."""
    left = tuple(named(verdict.mutant) for verdict in verdicts if not verdict.killed)
    killed = len(verdicts) - len(left)
    good = killed >= ENOUGH * len(verdicts)
    happened = f"{killed} of {len(verdicts)} killed, {killed / len(verdicts):.0%}."
    lost = "nothing" if good else "too many survive"
    return Row(f"`SemiSegEmbedLib/{target}`", len(verdicts), happened, lost=lost, good=good, left=left)


def named(mutant: Mutant) -> str:
    """A mutant in a few words."""
    place = f" in {_short(mutant.text)}" if len(mutant.before) < UNCLEAR else ""
    return f"{_short(mutant.before)} → {_short(mutant.after)}{place}"


def _short(code: str) -> str:
    line = " ".join(code.split()).replace("`", "'").replace("|", "¦")
    return line if len(line) <= 90 else f"{line[:87]}..."


def run(short: bool) -> list[Row]:
    """A row a file; in the short form a few mutants of one file, all of which its tests must kill."""
    rows = []
    for target in ["learning/schedules.py"] if short else TARGETS:
        source = (ROOT / "SemiSegEmbedLib" / target).read_text(encoding="utf-8")
        every = list(mutants(source))
        most = 3 if short else MOST
        chosen = every if len(every) <= most else random.Random(3).sample(every, most)
        unchanged = judge(target, [Mutant(0, "", "", source)])
        row = row_of(target, judge(target, chosen))
        if unchanged[0].killed:
            row = Row(row.tried, row.times, "The tests fail without any mutation.", lost="all", good=False)
        rows.append(row)
    return rows
