"""Puts SemiSegEmbed through everything that can go wrong, and writes results.json and docs/reliability.md.

    python Testing/reliability/campaign.py            every topic at full length, about 40 minutes on one core
    python Testing/reliability/campaign.py --short    as the tests do, and nothing is written
    python Testing/reliability/campaign.py --only fuzzing disk

With `--only` the other topics keep what they found last. It needs Linux; some situations need root, and are left
out without it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from trials.page import render  # noqa: E402
from trials.rows import Row  # noqa: E402

RESULTS = HERE / "results.json"
PAGE = ROOT / "docs" / "reliability.md"
TOPICS = (
    "killing",
    "power_loss",
    "disk",
    "places",
    "devices",
    "signals",
    "fuzzing",
    "hostile",
    "load",
    "privacy",
    "numbers",
    "mutation",
)
"""Modules of `trials`, in the order of the page."""


def run_topic(name: str, short: bool) -> list[Row]:
    """The rows of one topic, found now."""
    return importlib.import_module(f"trials.{name}").run(short)


def record(rows: Sequence[Row], seconds: float) -> dict[str, Any]:
    """What is kept of a topic."""
    import numpy
    import torch

    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "seconds": round(seconds),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}, NumPy {numpy.__version__}",
        "rows": [asdict(row) for row in rows],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs topics; 1 when anything went as it must not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="as the tests do; nothing is written")
    parser.add_argument("--only", nargs="+", choices=TOPICS, default=TOPICS, metavar="TOPIC", help=", ".join(TOPICS))
    options = parser.parse_args(arguments)
    bad = 0
    for name in options.only:
        began = time.monotonic()
        rows = run_topic(name, options.short)
        seconds = time.monotonic() - began
        for row in rows:
            bad += not row.good
            print(
                f"{'ok ' if row.good else 'BAD'} {row.tried} ({row.times}): {row.happened if row.good else row.lost}"
            )
        print(f"    {name}: {seconds:.0f} s", flush=True)
        if not options.short:
            # Read anew, since another topic may be running beside this one.
            results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
            results[name] = record(rows, seconds)
            ordered = {topic: results[topic] for topic in TOPICS if topic in results}
            RESULTS.write_text(json.dumps(ordered, indent=1) + "\n", encoding="ascii", newline="\n")
            PAGE.write_text(render(ordered), encoding="utf-8", newline="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
