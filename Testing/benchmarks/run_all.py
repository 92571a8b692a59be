"""Every number of docs/performance.md that needs no GPU, in one run: JSON, the page's tables, and its pictures.

Those that need one come from `run_gpu.py`.

    python Testing/benchmarks/run_all.py            # on a quiet machine; about 40 minutes on two cores
    python Testing/benchmarks/run_all.py --tables   # tables and plot anew from the JSON that is there
    python Testing/benchmarks/run_all.py --only step growth

Results go to `docs/figures/performance.json`, tables into docs/performance.md between their marks. A part that fails
leaves its old numbers. Each part says when and on what it was measured; one that was measured by itself on another
day or machine is named in the page's first table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tables import write_page

from SemiSegEmbedLib.learning.precision import has_bf16_units

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

RESULTS = ROOT / "docs" / "figures" / "performance.json"
GPU_RESULTS = RESULTS.with_name("performance_gpu.json")
"""From `run_gpu.py`; not there before somebody had a GPU."""
PAGE = ROOT / "docs" / "performance.md"
HIP = ["--phantom", "--shape", "400", "300", "400", "--norm", "batch"]
PARTS: dict[str, list[str]] = {
    "step": ["bench_step.py"],
    "matching": ["bench_matching.py"],
    "count": ["count_step.py"],
    "inference": [
        "bench_inference.py", *HIP, "--turns", "3", "--want", "default", "default, with uncertainty",
        "nothing skipped", "monai, our openvino engine", "network alone, our openvino engine",
    ],
    "inference_slow": [
        "bench_inference.py", *HIP, "--want", "default", "default, with uncertainty from all windows",
        "default, all maps", "fp32, nothing skipped",
    ],
    "inference_whole": ["bench_inference.py", *HIP, "--want", "default", "nothing skipped", "monai, fp32"],
    "inference_beside": [
        "bench_inference.py", "--shape", "168", "168", "168", "--norm", "batch", "--turns", "3", "--want",
        "openvino", "torch", "openvino, fp32", "torch, fp32",
        "monai, fp32", "monai, our openvino engine", "monai, our torch engine",
    ],
    "inference_instance": [
        "bench_inference.py", "--shape", "96", "96", "96", "--norm", "instance", "--repeats", "3", "--want",
        "openvino", "torch", "torch, fp32", "monai, fp32",
    ],
    "metrics": ["bench_metrics.py"],
    "preprocessing": ["bench_preprocessing.py"],
    "growth": ["bench_growth.py"],
    "start": ["bench_start.py"],
    "profile": ["profile_pictures.py", "--output", str(ROOT / "docs" / "figures" / "profile.png")],
}  # fmt: skip
LONGEST_S = 900


def machine() -> dict[str, Any]:
    """What was measured on: the kind of processor, its cores, and how busy it was when this began."""
    import torch

    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    busy = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "busy_at_start": busy,
        "torch": torch.__version__,
        "bf16_units": has_bf16_units(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def run_part(name: str) -> dict[str, Any] | None:
    """The JSON of one script, or None with a word on why."""
    start, here = time.perf_counter(), machine()
    try:
        done = subprocess.run(
            [sys.executable, str(HERE / PARTS[name][0]), *PARTS[name][1:]],
            capture_output=True, text=True, timeout=LONGEST_S, check=True,
        )  # fmt: skip
        result = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        print(f"{name}: longer than {LONGEST_S} s, left out", flush=True)
        return None
    except (subprocess.CalledProcessError, json.JSONDecodeError) as error:
        print(f"{name}: failed: {(getattr(error, 'stderr', '') or str(error)).strip().splitlines()[-1]}", flush=True)
        return None
    print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    return result | {"machine": here}


def draw_growth(rows: dict[str, Any], path: Path) -> None:
    """Opening and step over the number of cases."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    cases = [int(n) for n in rows]
    left.loglog(cases, [1000 * row["open_s"] for row in rows.values()], "o-", label="opening the study")
    left.axhline(1000, color="grey", linewidth=0.8, linestyle="--")
    left.set_ylabel("ms")
    right.semilogx(cases, [row["step_ms"] for row in rows.values()], "o-", label="training step")
    right.semilogx(cases, [row["draw_ms"] for row in rows.values()], "s-", label="of it: drawing patches")
    right.set_ylim(bottom=0)
    for axes in (left, right):
        axes.set_xlabel("cases in the study")
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=90)


def draw_useful_model(curve: list[dict[str, float]], path: Path) -> None:
    """Validation IoU and HD95 over the minutes of a run."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    minutes = [point["minutes"] for point in curve]
    for axes, name, title in zip(figure.subplots(1, 2), ("iou", "hd95"), ("IoU", "HD95, mm"), strict=True):
        axes.plot(minutes, [point[name] for point in curve], "o-", markersize=3)
        axes.set_ylabel(title)
        axes.set_xlabel("minutes of training and validation")
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=90)


def all_results() -> dict[str, Any]:
    """What is committed: the processor's numbers, under "gpu" a GPU's where somebody measured them, and "pictures"."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if GPU_RESULTS.exists():
        results["gpu"] = json.loads(GPU_RESULTS.read_text(encoding="utf-8"))
    return results | {"pictures": [path.name for path in RESULTS.parent.glob("*.png")]}


def write_all() -> None:
    """Tables and plots of the page from the JSON files that are there."""
    results = all_results()
    if "growth" in results:
        draw_growth(results["growth"]["rows"], RESULTS.with_name("growth.png"))
    curve = results.get("gpu", {}).get("useful_model", {}).get("curve")
    if curve:
        draw_useful_model(curve, RESULTS.with_name("useful_model.png"))
    PAGE.write_text(write_page(PAGE.read_text(encoding="utf-8"), all_results()), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--tables", action="store_true", help="measure nothing; write the tables anew")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if not arguments.tables:
        if set(arguments.only) == set(PARTS):
            results["machine"] = machine()
        for name in arguments.only:
            found = run_part(name)
            if found is not None:
                results[name] = found
                text = json.dumps(results, indent=1).replace(str(ROOT), ".")
                RESULTS.write_text(text + "\n", encoding="utf-8")
    write_all()


if __name__ == "__main__":
    main()
