"""Every row of docs/performance.md that needs a GPU, in one command: one JSON file and two pictures.

    python Testing/benchmarks/run_gpu.py --output $OUT --minutes 9.5              # all rows but the useful model
    python Testing/benchmarks/run_gpu.py --output $OUT --minutes 9.5 --only useful_model
    python Testing/benchmarks/run_gpu.py --output out --tiny                      # rehearsal on a processor, seconds
    python Testing/benchmarks/run_gpu.py --take FOLDER ...                        # into docs/, afterwards

Needs torch, numpy and scipy; rows that need more (SimpleITK, MONAI) say that it is missing. A part that fails or takes
too long says why in its row, and the others go on. The file is written after each part. Parts that are in it already
are not measured again unless they failed; of a part with rows, a later call measures only those that are missing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench_inference import VARIANTS
from bench_matching import KERNELS
from bench_step import FLOOR
from measuring import NO_TIME, end_with_children, run_for
from run_all import HERE, PAGE, RESULTS, ROOT, machine, write_all

from SemiSegEmbedLib.study.files import atomic_write

NAME, PICTURE = "performance_gpu.json", "profile_gpu.png"
RESERVE_S = 80
"""For what a part does before and after the work that it can cut short: rendering, a row that lasts."""
STEP = [
    "ours", FLOOR, "ours, instance norm", "ours, eager", "ours, 4 GiB", "as the peers write it",
    "as the peers write it, TF32", "uamt, as many passes", "supervised", "cosine + max", "euclidean + mean",
    "euclidean + max", "ours, passes one by one", "ours, plain layout", "ours, fp32", "plain path",
]  # fmt: skip
"""In the order of their worth: first those that have a target."""
LABELS = ["default", "torch", "torch, fp32"]
UNCERTAIN = [name for name in VARIANTS if "uncertainty" in name]
BESIDE = ["torch", "torch, fp32", "monai, fp32", "monai, our torch engine"]


@dataclass(frozen=True)
class Part:
    """One script: its words, and what it takes at most.

    Attributes:
        words: Script and arguments; "{partial}" is a file that it fills while it runs, "{picture}" its picture, and
            after "{minutes}" it begins nothing more.
        tiny: Arguments of a rehearsal, after the others.
        seconds: It is stopped then.
        alone: Whether it runs only when it is asked for.
        rows: Names that the script takes after `--only`, in this order; empty where a part is measured as a whole.
    """

    words: tuple[str, ...]
    tiny: tuple[str, ...]
    seconds: int
    alone: bool = False
    rows: tuple[str, ...] = ()

    def missing(self, found: dict[str, Any]) -> list[str]:
        """Rows that nobody began; one that failed would fail again."""
        known = {**found.get("rows", {}), FLOOR: found.get("floor", {})}
        return [name for name in self.rows if known.get(name, {}).get("failed", NO_TIME) == NO_TIME
                and "ms" not in known.get(name, {})]  # fmt: skip


SIZE = ("--patch", "96", "--base-filters", "16")
HIP = ("--phantom", "--shape", "400", "300", "400", "--repeats", "3", "--output", "{partial}")
TINY_STEP = ("--patch", "16", "--base-filters", "2")
TINY_HIP = ("--shape", "40", "40", "40", "--patch", "16", "16", "16", "--base-filters", "2", "--repeats", "1")
PARTS = {
    "step": Part(
        ("bench_step.py", *SIZE, "--repeats", "5", "--group", "5", "--minutes", "{minutes}", "--output", "{partial}"),
        (*TINY_STEP, "--repeats", "1", "--group", "1"), 330, rows=tuple(STEP),
    ),
    "matching": Part(
        ("bench_matching.py", *SIZE, "--group", "5", "--minutes", "{minutes}", "--output", "{partial}"),
        (*TINY_STEP, "--rounds", "2", "--group", "1"), 150, rows=KERNELS,
    ),
    "inference": Part(("bench_inference.py", *HIP, "--norm", "batch", "--want", *LABELS, *UNCERTAIN), TINY_HIP, 180),
    "file_to_saved": Part(
        ("bench_file_to_saved.py",),
        ("--size", "48", "48", "32", "--patch", "32", "--base-filters", "2", "--steps", "3", "--repeats", "2"), 90,
    ),
    "data": Part(
        ("bench_data.py", *SIZE, "--scans", "40", "--output", "{partial}"),
        (*TINY_STEP, "--scans", "3", "--scan-shape", "40", "48", "48", "--repeats", "1"), 180,
    ),
    "profile": Part(("profile_pictures.py", *SIZE, "--output", "{picture}"), TINY_STEP, 120),
    "inference_beside": Part(("bench_inference.py", *HIP, "--norm", "batch", "--want", *BESIDE), TINY_HIP, 90),
    "inference_instance": Part(("bench_inference.py", *HIP, "--norm", "instance", "--want", *LABELS), TINY_HIP, 90),
    "useful_model": Part(
        ("bench_useful_model.py", "--workers", "16", "--minutes", "{minutes}", "--output", "{partial}"),
        ("--cases", "6", "--spacing", "6", "--steps", "4", "--workers", "1", "--minutes", "1", *TINY_STEP), 560, True,
    ),
}  # fmt: skip
"""In the order of their worth."""


def run_part(part: Part, arguments: argparse.Namespace, seconds: float, rows: list[str]) -> dict[str, Any]:
    """The JSON of a script; what it had when it was stopped, with a word on that; or why there is none.

    Of a part with rows, those alone are measured.
    """
    with tempfile.TemporaryDirectory() as name:
        partial, picture = Path(name) / "partial.json", Path(arguments.output) / PICTURE
        words = [*part.words, *(part.tiny if arguments.tiny else ()), "--device", arguments.device]
        words += ["--only", *rows] if rows else []
        minutes = f"{max(0.2, (seconds - RESERVE_S) / 60):.2f}"
        words = [word.format(partial=partial, picture=picture, minutes=minutes) for word in words]
        try:
            code, output, errors = run_for([str(HERE / words[0]), *words[1:]], seconds, capture=True)
            if code == 0:
                return json.loads(output)
            reason = (errors.strip().splitlines() or [f"exit code {code}"])[-1]
        except subprocess.TimeoutExpired:
            reason = f"stopped after {seconds:.0f} s"
        except json.JSONDecodeError:
            reason = "its output is no JSON"
        found = json.loads(partial.read_text(encoding="utf-8")) if partial.exists() else {}
        return {**found, "failed": reason}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every part that is wanted and not there yet, as far as time reaches."""
    began, path = time.monotonic(), Path(arguments.output) / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    here = machine() | ({"rehearsal": True} if arguments.tiny else {})
    results["machine"] = here
    wanted = arguments.only or [name for name, part in PARTS.items() if not part.alone]
    for name in sorted(wanted, key=lambda name: "rows" in results.get(name, {})):  # the rest of a part comes last
        part, old = PARTS[name], results.get(name, {})
        if old and "failed" not in old:
            continue
        left = 60 * arguments.minutes - (time.monotonic() - began)
        start = time.monotonic()
        if left < 10:
            results.setdefault(name, {"failed": NO_TIME})
        else:
            found = run_part(part, arguments, min(left, part.seconds), part.missing(old))
            results[name] = joined(old, found) | {"took_s": round(time.monotonic() - start), "machine": here}
            if part.missing(results[name]):
                results[name].setdefault("failed", NO_TIME)
        print(f"{name}: {time.monotonic() - start:.0f} s {results[name].get('failed', '')}", flush=True)
        atomic_write(path, (json.dumps(results, indent=1).replace(str(ROOT), ".") + "\n").encode())
    return results


def joined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A part of which some rows were there: those of both. Why the old one was not complete is forgotten."""
    if "rows" not in old:
        return new
    kept = {name: value for name, value in old.items() if name != "failed"}
    measured = {name: value for name, value in new.items() if value}  # no empty floor in place of the old one
    return {**kept, **measured, "rows": {**old["rows"], **new.get("rows", {})}}


def take(folders: list[Path]) -> None:
    """What came home into docs/: parts that did not fail replace older ones, then the page's tables are made anew."""
    target = RESULTS.with_name(NAME)
    results = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    for folder in folders:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if found.get("machine", {}).get("rehearsal"):
            raise SystemExit("This is a rehearsal: its numbers say nothing and stay where they are.")
        for name, part in found.items():
            if "failed" not in part or set(part) - {"failed", "took_s", "machine"} or name not in results:
                results[name] = part
        if (folder / PICTURE).exists():
            shutil.copyfile(folder / PICTURE, RESULTS.with_name(PICTURE))
    atomic_write(target, (json.dumps(results, indent=1) + "\n").encode())
    write_all()
    print(f"{PAGE.name} is up to date; look at it, then commit it with {NAME} and the pictures.")


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="build/performance", help="folder for the JSON file and the picture")
    parser.add_argument("--only", nargs="*", choices=list(PARTS), metavar="PART", help="default: all but useful_model")
    parser.add_argument("--minutes", type=float, default=9.5, help="stop then, with what is done")
    parser.add_argument("--device", help="default: cuda, or cpu for a rehearsal")
    parser.add_argument("--tiny", action="store_true", help="sizes that say nothing, to rehearse")
    parser.add_argument("--take", type=Path, nargs="+", metavar="FOLDER", help="measure nothing; results into docs/")
    arguments = parser.parse_args(words)
    arguments.device = arguments.device or ("cpu" if arguments.tiny else "cuda")
    return arguments


if __name__ == "__main__":
    chosen = parse()
    end_with_children()
    if chosen.take:
        take(chosen.take)
    else:
        measure(chosen)
