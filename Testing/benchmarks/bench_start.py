"""What the module adds to Slicer's start and to its first opening. Prints JSON.

    python Testing/benchmarks/bench_start.py [--repeats 5]

Runs on the test host (Qt and the MRML scene in plain Python), each time in a fresh process that has loaded before what
Slicer itself has loaded: Qt, VTK, numpy. The start imports the module and makes its description; the first opening
makes the widget with all panels. A last process lists the slowest imports of the first opening (`-X importtime`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import json, sys, time
sys.path[:0] = [{host!r}, {module!r}]
import slicer_host
slicer_host.install()
import numpy, qt, slicer, vtk
import slicer.ScriptedLoadableModule, slicer.parameterNodeWrapper, slicer.util, slicer.i18n
qt.QApplication.instance() or qt.QApplication([])
before = set(sys.modules)
start = time.perf_counter()
import SemiSegEmbed
started = time.perf_counter()
widget = SemiSegEmbed.SemiSegEmbedWidget()
opened = time.perf_counter()
heavy = sorted({{"torch", "SimpleITK", "scipy", "matplotlib", "monai"}} & (set(sys.modules) - before))
print(json.dumps({{"start_ms": 1000 * (started - start), "open_ms": 1000 * (opened - started), "heavy": heavy}}))
"""
LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)")


def once(*options: str) -> tuple[dict[str, Any], str]:
    code = CODE.format(host=str(ROOT / "Testing" / "host"), module=str(ROOT / "SemiSegEmbed"))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def own_imports(report: str) -> dict[str, float]:
    """Milliseconds of each file of ours alone, from the report of `-X importtime`."""
    found = [(name, int(own) / 1000) for own, _, name in LINE.findall(report)]
    return {name: ms for name, ms in found if name.partition(".")[0] in ("SemiSegEmbed", "SemiSegEmbedLib")}


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Medians over fresh processes; the first one, which may have to compile files, is left out."""
    rows = [once()[0] for _ in range(arguments.repeats + 1)][1:]
    imports = own_imports(once("-X", "importtime")[1])
    slowest = sorted(imports.items(), key=lambda item: -item[1])[:5]
    return {
        "settings": vars(arguments),
        "versions": {"python": platform.python_version()},
        "start_ms": round(statistics.median(row["start_ms"] for row in rows), 1),
        "open_ms": round(statistics.median(row["open_ms"] for row in rows), 1),
        "heavy": sorted({name for row in rows for name in row["heavy"]}),
        "own_imports_ms": round(sum(imports.values()), 1),
        "slowest_imports_ms": dict(slowest),
    }


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(parse()), indent=1))
