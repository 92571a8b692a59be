"""The tables of docs/performance.md about a GPU, from the JSON of `run_gpu.py`; without it they say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Results = dict[str, Any]
Rows = list[tuple[Any, ...]]
STEP, PEERS = "ours", "as the peers write it"
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Target:
    """One row of the table of targets.

    Attributes:
        title: What is measured.
        target: As a person says it.
        part: Of the results; where it failed, its reason is shown.
        value: Of this code, from that part; a missing number is a KeyError.
        prototype: What the prototype measured, shown while nothing else is there.
    """

    title: str
    target: str
    part: str
    value: Callable[[Results], str]
    prototype: str = ""

    def cell(self, gpu: Results) -> str:
        """The value, or that there is none and why."""
        found = gpu.get(self.part, {})
        try:
            return self.value(found)
        except (KeyError, TypeError):
            reason = found.get("failed", "")
        known = "; ".join(text for text in (reason, f"prototype: {self.prototype}" if self.prototype else "") if text)
        return f"{NOT_MEASURED} ({known})" if known else NOT_MEASURED


def _ms(name: str) -> Callable[[Results], str]:
    def value(step: Results) -> str:
        row, floor = step["rows"][name], step["floor"].get("ms")
        return f"{row['ms']:.0f} ms" + (f", the floor is {100 * floor / row['ms']:.0f} % of it" if floor else "")

    return value


def _times(slow: str, fast: str = STEP) -> Callable[[Results], str]:
    return lambda step: f"{step['rows'][slow]['ms'] / step['rows'][fast]['ms']:.1f} times"


def _matching(kernel: str) -> Callable[[Results], str]:
    return lambda part: f"{part['rows'][kernel]['percent']:.1f} %"


def _seconds(name: str) -> Callable[[Results], str]:
    return lambda part: f"{part['results'][name]['seconds']:.2f} s"


def _ratio(slow: str, fast: str) -> Callable[[Results], str]:
    return lambda part: f"{part['results'][slow]['seconds'] / part['results'][fast]['seconds']:.1f} times"


def _useful(part: Results) -> str:
    text = f"{part['useful_minute']:.1f} minutes"
    return text if part["finished"] else f"{text} of a run that was stopped at {part['training_minutes']:.1f}"


TARGETS = (
    Target("step of embedding matching, batch norm", "≤ 50 ms", "step", _ms(STEP), "86 ms; convolutions alone 41 ms"),
    Target("the same with instance norm", "≤ 50 ms", "step", _ms("ours, instance norm")),
    Target("against the peers' form in fp32", "≥ 8 times as fast", "step", _times(PEERS), "563 ms for that form"),
    Target("against it with TF32", "≥ 4 times as fast", "step", _times(f"{PEERS}, TF32"), "215 ms for that form"),
    Target("matching beyond UAMT, cosine + mean", "≤ 5 % of the step", "matching", _matching("cosine + mean")),
    Target("euclidean + mean", "≤ 15 %", "matching", _matching("euclidean + mean")),
    Target("cosine + max", "≤ 15 %", "matching", _matching("cosine + max")),
    Target("euclidean + max", "≤ 15 %", "matching", _matching("euclidean + max")),
    Target("eager against compiled", "≤ 1.4 times", "step", _times("ours, eager"), "109.5 against 86 ms"),
    Target("waiting for the host in a step", "none", "step", lambda step: step["rows"][STEP]["host_waits"]),
    Target(
        "peak memory", "≤ 6 GiB", "step", lambda step: f"{step['rows'][STEP]['peak_gib']:.1f} GiB", "5.9 GiB compiled"
    ),
    Target(
        "a preset for 4 GiB (`--set memory_gib=4`)", "≤ 4 GiB", "step",
        lambda step: f"{step['rows']['ours, 4 GiB']['peak_gib']:.1f} GiB",
    ),
    Target(
        "GPU idle for data, 40 scans of 512 × 512 × 400 on disk", "≤ 3 %", "data",
        lambda data: f"{data['idle_percent']:.1f} %",
    ),
    Target("useful model from 4 + 36 phantoms", "≤ 5 minutes", "useful_model", _useful),
    Target("hip CT 400 × 300 × 400, array to labels", "≤ 0.6 s", "inference", _seconds("default")),
    Target(
        "with uncertainty, M = 5", "≤ 5.5 times", "inference", _ratio("label and uncertainty", "torch"),
    ),
    Target(
        "with uncertainty where windows hold bone", "≤ 3 times", "inference",
        _ratio("label and uncertainty near bone", "torch"),
    ),
    Target(
        "against MONAI's sliding window, same engine and precision", "≥ 1.3 times as fast", "inference_beside",
        _ratio("monai, our torch engine", "torch"),
    ),
    Target("against it as a user calls it, fp32", "", "inference_beside", _ratio("monai, fp32", "torch")),
    Target(
        "file to saved segmentation, 512 × 512 × 400", "≤ 6 s", "file_to_saved",
        lambda part: f"{part['seconds']:.1f} s",
    ),
)  # fmt: skip


def targets_rows(results: Results) -> Rows:
    """Every target with what this code reaches."""
    return [(one.title, one.target, one.cell(results.get("gpu", {}))) for one in TARGETS]


def machine_rows(results: Results) -> Rows:
    """What the GPU rows were measured on."""
    gpu = results["gpu"]
    known = {**gpu["machine"], **gpu["step"].get("versions", {})}
    return [(name.replace("_", " "), value) for name, value in known.items()]


def step_rows(results: Results) -> Rows:
    """Every variant of the step; one that failed says why."""
    step = results["gpu"]["step"]
    rows, floor = step["rows"], step["floor"].get("ms")
    cells: Rows = []
    for name, row in rows.items():
        if "ms" not in row:
            cells.append((name, row["failed"], "", "", ""))
            continue
        share = f"{100 * floor / row['ms']:.0f} %" if floor else ""
        cells.append((name, f"{row['ms']:.1f}", f"{row['least_ms']:.1f}", share, row["peak_gib"]))
    return [*cells, ("convolutions alone (the floor)", f"{floor:.1f}" if floor else NOT_MEASURED, "", "", "")]


def inference_rows(results: Results) -> Rows:
    """A whole hip in every form."""
    cells: Rows = []
    for part, title in (("inference", "batch norm"), ("inference_instance", "instance norm"),
                        ("inference_beside", "beside MONAI")):  # fmt: skip
        for name, row in results["gpu"].get(part, {}).get("results", {}).items():
            if isinstance(row, dict):
                cells.append((f"{title}: {name}", f"{row['seconds']:.2f}", row["peak_gpu_gib"]))
            else:
                cells.append((f"{title}: {name}", row, ""))
    if not cells:
        raise KeyError("inference")
    return cells
