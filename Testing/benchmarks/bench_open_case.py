# ruff: noqa: E402 - the test host must be installed before anything of Slicer is imported
"""How long the Slicer module keeps a person waiting: a CT of 512 x 512 x 400, and a table of 1,000 cases.

    python Testing/benchmarks/bench_open_case.py [--size 512 512 400] [--cases 1000]

Runs the real module on the test host (real MRML scene, real Qt widgets). Prints one JSON object: for each figure
seconds on the clock and seconds of the processor, which tell how busy the machine was with other things.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "host"), str(ROOT / "Testing" / "benchmarks")]

import slicer_host

slicer_host.install()

import qt
import slicer
from bench_preprocessing import synthetic
from slicer_host.application import let_events_pass

from SemiSegEmbedLib.application.case_rows import case_rows
from SemiSegEmbedLib.application.display_arrays import map_voxels
from SemiSegEmbedLib.application.volumes import add_volume, remove_node
from SemiSegEmbedLib.application.window import ModuleWindow
from SemiSegEmbedLib.study.display import RESULT_MAPS
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.display import prepare_display


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, nargs=3, default=(512, 512, 400), help="x y z")
    parser.add_argument("--cases", type=int, default=1000, help="rows of the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
        qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, folder)
        resources = ROOT / "SemiSegEmbed" / "Resources"
        window = ModuleWindow(lambda name: str(resources / name))
        window.widget.visible = True
        figures = measure_case(window, Path(folder), tuple(options.size))
        figures |= measure_table(window, Path(folder), options.cases)
        window.cleanup()
    print(json.dumps({name: value.round(3).tolist() for name, value in figures.items()}, indent=1))


def seconds(work: Callable[[], Any]) -> np.ndarray:
    """On the clock and of the processor."""
    begin = now()
    work()
    return now() - begin


def now() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def measure_case(window: ModuleWindow, folder: Path, size: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Opening from the file, preparing, opening from display arrays, maps, saving."""
    study = write_study(folder / "large", size)
    window.session.open(study.folder)
    scene, figures = window.workbench.scene, {}
    case = study.cases[0]
    paths = study.image_path(case), study.label_path(case)
    figures["open from the compressed files"] = seconds(lambda: scene.load(*paths, study.labels, case.key))
    scene.clear()
    figures["prepare, in a child process"] = seconds(lambda: prepare_display(study, [case.key]))
    study.reload()
    window.session.refresh()
    figures["open image and label"] = seconds(lambda: window.workbench.open(case.key))
    assert scene.volume.GetStorageNode() is None, "not opened from its display array"
    let_events_pass(0.1)
    window.workbench.leave()
    figures["open image and label again"] = seconds(lambda: window.workbench.open(case.key))
    for name in RESULT_MAPS:
        figures[f"map {name}"] = seconds(lambda name=name: load_map(study, name))
    parts = ("open image and label", *(f"map {name}" for name in RESULT_MAPS))
    figures["open image, label and all maps"] = sum(figures[part] for part in parts)
    scene.mark_unsaved()
    figures["save, window blocked"] = seconds(lambda: window.workbench.save("b"))
    figures["save, longest pause of the window meanwhile"] = longest_pause(window)
    return figures


def load_map(study: Study, name: str) -> None:
    case = study.cases[0]
    voxels = map_voxels(study, case, study.result_path(study.results[0]) / f"{name}.nii.gz")
    assert voxels is not None, name
    remove_node(add_volume(voxels, name, labelmap=name != "uncertainty"))


def longest_pause(window: ModuleWindow) -> np.ndarray:
    """The longest time between two events while a thread writes; the processor's seconds hold those of the thread."""
    longest, before = np.zeros(2), now()
    while window.background.busy:
        qt.QApplication.processEvents()
        window.background.poll()
        time.sleep(0.001)
        after = now()
        longest, before = np.maximum(longest, after - before), after
    return longest


def write_study(folder: Path, size: tuple[int, int, int]) -> Study:
    """One case with a label and a result of a model, as files that real runs would write."""
    image, label = synthetic(size, (0.75, 0.75, 0.8))
    study = Study.create(folder, "large", HIP_BONES)
    files = folder / "files"
    files.mkdir()
    sitk.WriteImage(image, str(files / "ct.nii.gz"))
    sitk.WriteImage(label, str(files / "label.nii.gz"))
    case = study.add_case(files / "ct.nii.gz")
    study.add_label(case.key, files / "label.nii.gz")
    result = study.results_folder / case.key / "m"
    result.mkdir(parents=True)
    uncertainty = sitk.SmoothingRecursiveGaussian(sitk.Cast(label, sitk.sitkFloat32), 2.0)
    for name in RESULT_MAPS:
        sitk.WriteImage(uncertainty if name == "uncertainty" else label, str(result / f"{name}.nii.gz"))
    study.add_result(case.key, "m", result, {"uncertainty": 0.1})
    return study


def measure_table(window: ModuleWindow, folder: Path, count: int) -> dict[str, np.ndarray]:
    """Opening a study of many cases, and what each change and each letter of the filter costs."""
    study = Study.create(folder / "many", "many", HIP_BONES)
    (folder / "scans").mkdir()
    for number in range(count):
        scan = folder / "scans" / f"{number}.nii"
        scan.write_bytes(np.int64(number).tobytes())
        study.manifest = many_cases(study, scan, number)
    study._change(lambda _manifest: study.manifest)
    figures = {f"open a study of {count} cases": seconds(lambda: window.session.open(study.folder))}
    figures["its rows without the table"] = seconds(lambda: case_rows(window.session.study))
    window.session.study.add_result("case-0500", "m", "results/case-0500/m", {"uncertainty": 0.5})
    figures["show a change of one case"] = seconds(window.session.cases_changed.emit)
    ui = slicer.util.childWidgetVariables(window.panels["Study"])
    figures["filter by a word"] = seconds(lambda: setattr(ui.studyFilterEdit, "text", "77"))
    figures["take the filter away"] = seconds(lambda: setattr(ui.studyFilterEdit, "text", ""))
    figures["next case"] = seconds(window.workbench.next_key)
    figures["select a case"] = seconds(lambda: window.study._view.select("case-0999"))
    return figures


def many_cases(study: Study, scan: Path, number: int) -> Any:
    from SemiSegEmbedLib.study import edits
    from SemiSegEmbedLib.study.intake import hash_incoming, settle_image
    from SemiSegEmbedLib.study.records import Role

    image = settle_image(hash_incoming(scan), study.folder, "", None)
    return edits.with_new_case(study.manifest, f"hip {number}", image, None, Role.UNANNOTATED, study.manifest.created)


if __name__ == "__main__":
    main()
