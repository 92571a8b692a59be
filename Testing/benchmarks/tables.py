"""The tables of docs/performance.md from the JSON of `run_all.py`; a test compares the page with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import gpu_tables

Results = dict[str, Any]
MARK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", flags=re.DOTALL)


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def write_page(page: str, results: Results) -> str:
    """The page with every table between its marks written anew; a table without numbers says so."""

    def fill(found: re.Match[str]) -> str:
        try:
            body = TABLES[found[2]](results)
        except KeyError as missing:
            body = f"Not measured yet ({missing.args[0]})."
        return f"{found[1]}\n{body}\n\n{found[3]}"

    return MARK.sub(fill, page)


def step_table(results: Results) -> str:
    step = results["step"]
    rows, floor = step["rows"], step["floor"]["ms"]
    ours = rows["ours"]["ms"]
    cells = [
        (
            name,
            f"{row['ms']:.0f}",
            f"{row['least_ms']:.0f}",
            f"{row['ms'] / ours:.2f}",
            f"{100 * floor / row['ms']:.0f} %",
        )
        for name, row in rows.items()
    ]
    cells.append(("convolutions alone (the floor)", f"{floor:.0f}", "", f"{floor / ours:.2f}", "100 %"))
    return table(("a step", "ms, median", "ms, least", "of ours", "floor's share"), cells)


def matching_table(results: Results) -> str:
    """A similarity that failed says why."""
    limits, rows, found = {"cosine + mean": 5}, [], results["matching"]
    for name, row in found["rows"].items():
        cells = (row.get("failed", ""), "")
        if "percent" in row:
            cells = (f"{row['percent']:.1f} %", f"{row['low']:.1f} to {row['high']:.1f} %")
        rows.append((name, *cells, f"≤ {limits.get(name, 15)} %"))
    how = f"threads: {found['versions']['threads']}, busy at start: {found['machine']['busy_at_start']}"
    return table((f"similarity ({how})", "of the step", "middle half of the rounds", "target"), rows)


def count_table(results: Results) -> str:
    """What is counted of a step and not timed."""
    head = (
        "a step at the paper's size",
        "GiB of tensors",
        "GiB expected",
        "GB moved",
        "by convolutions",
        "launches",
        "TFLOP",
    )
    rows = [
        (
            name, f"{row['peak_gib']:.1f}", f"{row['expected_gib']:.1f}", f"{row['gb']:.0f}",
            f"{row['gb_of_convolutions']:.0f}", row["launches"], f"{row['tflop']:.1f}",
        )
        for name, row in results["count"]["rows"].items()
    ]  # fmt: skip
    return table(head, rows)


def hip_table(results: Results) -> str:
    """Labels alone; how many times as long as the default each takes."""
    rows = {**results["inference"]["results"], **results.get("inference_slow", {}).get("results", {})}
    default = results["inference"]["results"]["default"]["seconds"]
    rows["default"] = results["inference"]["results"]["default"]  # the one that took turns
    cells = [
        (name, *_inference_cells(row), f"{100 * row['windows_skipped']:.0f} %", f"{row['seconds'] / default:.1f}")
        for name, row in rows.items()
        if isinstance(row, dict) and name not in WITH_UNCERTAINTY
    ]
    return table(("400 × 300 × 400", "s", "Mvoxel/s", "peak GiB", "windows skipped", "of the default"), cells)


def whole_table(results: Results) -> str:
    """The whole hip beside MONAI as a user calls it."""
    found = results["inference_whole"]
    what = f"400 × 300 × 400, {found['machine']['cores']} cores of an {found['machine']['processor']}"
    return _beside(found["results"], what)


WITH_UNCERTAINTY = {
    "default, with uncertainty": ("inference", "≤ 3"),
    "default, with uncertainty from all windows": ("inference_slow", "≤ 5.5"),
    "default, all maps": ("inference_slow", ""),
}
"""The part that measures them, beside the label alone, and the target."""


def uncertainty_table(results: Results) -> str:
    cells = []
    for name, (part, target) in WITH_UNCERTAINTY.items():
        rows = results[part]["results"]
        ratio = rows[name]["seconds"] / rows["default"]["seconds"]
        cells.append((name, *_inference_cells(rows[name]), f"{ratio:.1f}", target))
    head = ("400 × 300 × 400, M = 5", "s", "Mvoxel/s", "peak GiB", "of the label alone", "target")
    return table(head, cells)


def beside_table(results: Results) -> str:
    return _beside(results["inference_beside"]["results"], "168 × 168 × 168, batch norm")


def instance_table(results: Results) -> str:
    return _beside(results["inference_instance"]["results"], "one window, instance norm")


def metrics_table(results: Results) -> str:
    found = results["metrics"]
    names = {"hd95+assd+nsd": "≤ 2 s", "monai_hd95": ""}
    rows = [(name, f"{found['seconds'][name]:.2f}", names.get(name, "")) for name in found["seconds"]]
    return table((f"one pair of {_times(found['shape'])}", "s", "target"), rows)


FILE_TO_SAVED = ("read_image", "to_training_grid", "islands_and_sides", "labels_to_native", "write_segmentation")
"""What `segment` does beside the network, when labels alone are asked for."""


def preprocessing_table(results: Results) -> str:
    found = results["preprocessing"]
    rows = [
        (name.replace("_", " "), f"{row['seconds']:.2f}", row["peak_mb"])
        for name, row in found.items()
        if isinstance(row, dict) and "seconds" in row
    ]
    preparation = sum(found[name]["seconds"] for name in ("read_image", "to_training_grid", "cache_put"))
    rows.append(("read, resample and cache together (target 8 s)", f"{preparation:.2f}", ""))
    if all(name in found for name in FILE_TO_SAVED):
        saved = sum(found[name]["seconds"] for name in FILE_TO_SAVED)
        rows.append(("from file to saved segmentation, without the network", f"{saved:.2f}", ""))
    return table((f"a CT of {_times(found['size'])}", "s", "peak MB"), rows)


def growth_table(results: Results) -> str:
    rows = [
        (n, f"{1000 * row['open_s']:.1f}", f"{row['begin_s']:.2f}", f"{row['draw_ms']:.2f}", f"{row['step_ms']:.1f}")
        for n, row in results["growth"]["rows"].items()
    ]
    return table(("cases", "opening, ms", "begin of a run, s", "drawing patches, ms", "step, ms"), rows)


def start_table(results: Results) -> str:
    found = results["start"]
    rows = [
        ("the library's part of Slicer's start", f"{found['start_ms']:.1f}", "≤ 50"),
        ("of the first opening", f"{found['open_ms']:.0f}", "≤ 300"),
        ("of that, reading our own files", f"{found['own_imports_ms']:.0f}", ""),
    ]
    return table(("", "ms", "target"), rows)


def machine_table(results: Results) -> str:
    """Of the last whole run, and of each part that was measured by itself on another day or machine."""
    whole = results["machine"]
    rows = [(name.replace("_", " "), value) for name, value in whole.items()]
    for part, found in results.items():
        own = found.get("machine", {}) if isinstance(found, dict) and part != "gpu" else {}
        if any(own[name] != whole.get(name) for name in SAME if name in own):
            rows.append(
                (f"of it, {part.replace('_', ' ')}", ", ".join(str(own[name]) for name in SAME if name in own))
            )
    return table(("measured on", ""), rows)


SAME = ("date", "processor", "cores", "torch")
"""What a part that was measured by itself may have of its own."""


def picture(name: str, shows: str) -> Callable[[Results], str]:
    """A picture where somebody made it; the page has no link to one that is not there."""

    def show(results: Results) -> str:
        if name not in results.get("pictures", []):
            raise KeyError(name)
        return f"![{shows}](figures/{name})"

    return show


def gpu_targets_table(results: Results) -> str:
    return table(("on an H100, 96³, 16 filters", "target", "this code"), gpu_tables.targets_rows(results))


def gpu_machine_table(results: Results) -> str:
    return table(("measured on", ""), gpu_tables.machine_rows(results))


def gpu_step_table(results: Results) -> str:
    return table(
        ("a step on the GPU", "ms, median", "least", "floor's share", "peak GiB"), gpu_tables.step_rows(results)
    )


def gpu_inference_table(results: Results) -> str:
    return table(("400 × 300 × 400 on the GPU", "s", "peak GPU GiB"), gpu_tables.inference_rows(results))


def _inference_cells(row: Results) -> tuple[str, str, str]:
    return f"{row['seconds']:.1f}", f"{row['mvoxel_per_s']:.2f}", f"{row['peak_ram_gib']:.1f}"


def _beside(found: Results, what: str) -> str:
    slowest = found["monai, fp32"]["seconds"]
    rows = [
        (name, *_inference_cells(row), f"{slowest / row['seconds']:.1f}") if isinstance(row, dict) else (name, row)
        for name, row in found.items()
    ]
    return table((what, "s", "Mvoxel/s", "peak GiB", "times as fast as MONAI in fp32"), rows)


def _times(shape: list[int]) -> str:
    return " × ".join(str(n) for n in shape)


TABLES: dict[str, Callable[[Results], str]] = {
    "machine": machine_table,
    "step": step_table,
    "matching": matching_table,
    "count": count_table,
    "hip": hip_table,
    "whole": whole_table,
    "beside": beside_table,
    "instance": instance_table,
    "uncertainty": uncertainty_table,
    "metrics": metrics_table,
    "preprocessing": preprocessing_table,
    "growth": growth_table,
    "start": start_table,
    "gpu_machine": gpu_machine_table,
    "gpu_targets": gpu_targets_table,
    "gpu_step": gpu_step_table,
    "gpu_inference": gpu_inference_table,
    "gpu_useful_model": picture("useful_model.png", "Validation over the minutes of a run on a GPU"),
    "gpu_profile": picture("profile_gpu.png", "Shares of a training step and of one window of inference on a GPU"),
}
