# ruff: noqa: E402 - the test host must be installed before anything of Slicer is imported
"""How long the buttons of the Slicer module hold up Slicer's main thread.

    python Testing/benchmarks/bench_pauses.py [--repeats 3] [--only WORD]

Runs the real module on the test host (real MRML scene, real Qt widgets) and presses its buttons: exports of a hip with
femora and sacrum of 400 x 300 x 400 voxels, overlays of a scan of 512 x 512 x 300, and what else works on whole scans.
Prints one JSON object: for each button the longest time in milliseconds in which the main thread handled no event (the
least of the repeats, and the median), and the time until all was done.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
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
from bench_open_case import many_cases, write_study

from SemiSegEmbedLib.application.overlays import OVERLAYS
from SemiSegEmbedLib.application.result_files import FORMATS
from SemiSegEmbedLib.application.scan_list import Scan
from SemiSegEmbedLib.application.window import ModuleWindow
from SemiSegEmbedLib.study.files import FileLock
from SemiSegEmbedLib.study.presets import HIP_SIDES
from SemiSegEmbedLib.study.store import LOCK_NAME
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.display import prepare_display

HIP = (400, 300, 400)
OVERLAID = (300, 512, 512)
LARGE = (400, 512, 512)
PATIENCE_S = 300.0


class Answers:
    """The user's answers to every question: one folder, and yes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask_folder(self, _title: str) -> Path:
        return self.folder

    def ask_files(self, _title: str, _endings: Any = ()) -> list[Path]:
        return []

    def confirm(self, _question: str) -> bool:
        return True


class Bench:
    """The module's window, and a watch on its main thread."""

    def __init__(self, folder: Path, repeats: int, only: str) -> None:
        self.folder = folder
        self._repeats = repeats
        self._only = only
        resources = ROOT / "SemiSegEmbed" / "Resources"
        self.answers = Answers(folder)
        self.window = ModuleWindow(lambda name: str(resources / name), self.answers)
        self.window.widget.visible = True
        self.ui = slicer.util.childWidgetVariables(self.window.widget)
        self.figures: dict[str, dict[str, float]] = {}

    def press(self, name: str, press: Callable[[], Any], done: Callable[[], bool]) -> None:
        """Press a button, and watch the main thread until the work is done."""
        if not name.startswith(self._only):
            return
        pauses, totals = [], []
        for _repeat in range(self._repeats):
            self.settle()
            begin = before = time.perf_counter()
            press()
            longest = time.perf_counter() - before
            while not done():
                assert time.perf_counter() - begin < PATIENCE_S, f"{name}: {self.ui.moduleMessageLabel.text}"
                before = time.perf_counter()
                qt.QApplication.processEvents()
                longest = max(longest, time.perf_counter() - before)
                time.sleep(0.002)
            pauses.append(1000 * longest)
            totals.append(1000 * (time.perf_counter() - begin))
        self.figures[name] = {
            "longest_pause_ms": round(min(pauses), 1),
            "median_ms": round(statistics.median(pauses), 1),
            "until_done_ms": round(min(totals), 1),
        }
        print(name, self.figures[name], file=sys.stderr)

    def settle(self) -> None:
        """Let timers and threads of earlier work end."""
        end = time.perf_counter() + 0.5
        while time.perf_counter() < end or self.window.background.busy:
            qt.QApplication.processEvents()
            time.sleep(0.005)
        self.ui.moduleMessageLabel.text = ""

    def says(self, text: str) -> Callable[[], bool]:
        """A condition: the module says something."""
        return lambda: text in self.ui.moduleMessageLabel.text


def hip_label(shape: tuple[int, int, int]) -> np.ndarray:
    """Hip bones, femora and sacrum of a phantom patient on a grid of 1 mm."""
    from SemiSegEmbedLib.phantom.anatomy import build_skeleton
    from SemiSegEmbedLib.phantom.labels import bone_box, paint_label
    from SemiSegEmbedLib.phantom.parameters import draw_patient
    from SemiSegEmbedLib.phantom.shape import BONES
    from SemiSegEmbedLib.phantom.voxels import Grid

    patient = draw_patient(1)
    skeleton = build_skeleton(patient)
    vertices = np.concatenate([mesh.vertices for mesh in skeleton.bones.values()])
    middle = ((vertices.min(0) + vertices.max(0)) / 2)[::-1]
    origin = tuple(float(m - n / 2) for m, n in zip(middle, shape, strict=True))
    grid, label = Grid(origin, (1.0, 1.0, 1.0), shape), np.zeros(shape, np.uint8)
    for name in BONES:
        box = bone_box(skeleton.bones[name], grid)
        paint_label(label[box], grid.part(box), patient, skeleton, name)
    return label


def measure_exports(bench: Bench) -> None:
    """Each format of the Segment panel; the result is in the scene, as after Show."""
    label = hip_label(HIP)
    image = sitk.GetImageFromArray(np.where(label > 0, 400, 0).astype(np.int16))
    sitk.WriteImage(image, str(bench.folder / "hip.nrrd"))
    path = bench.folder / "label.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(label), str(path))
    segment = bench.window.segment
    segment.scans.add([Scan(bench.folder / "hip.nrrd", "hip")])
    segment.scans[0].finish(path, HIP_SIDES)
    segment._show()
    bench.ui.segmentScanTable.selectRow(0)
    bench.ui.segmentShowButton.click()
    bench.answers.folder = bench.folder / "exports"
    bench.answers.folder.mkdir()
    for index, name in enumerate(FORMATS):
        bench.ui.segmentExportCombo.currentIndex = index
        bench.press(f"export {name}", bench.ui.segmentExportButton.click, bench.says("Written"))


def measure_overlays(bench: Bench) -> None:
    """Each overlay of the Review panel, from display arrays as the module prepares them; and hiding it again."""
    study = write_study(bench.folder / "overlays", OVERLAID[::-1])
    prepare_display(study, ["case-0001"])
    bench.window.session.open(study.folder)
    bench.window.workbench.open("case-0001")
    overlay = bench.window.review._overlay
    for name in OVERLAYS:
        button = getattr(bench.ui, f"review{name.title()}Button")

        def press(button: Any = button) -> None:
            if overlay.name is not None:
                overlay.hide()
            button.click()

        def shown(name: str = name) -> bool:
            return overlay.name == name and bool(overlay._nodes)

        bench.press(f"overlay {name}", press, shown)
    overlay.hide()


def measure_scans(bench: Bench) -> None:
    """What works on all voxels of the open case or of a loaded volume, 512 x 512 x 400."""
    study = write_study(bench.folder / "scans", LARGE[::-1])
    prepare_display(study, ["case-0001"])
    window, ui = bench.window, bench.ui
    window.session.open(study.folder)
    window.workbench.open("case-0001")
    scene, bench.answers.folder = window.workbench.scene, bench.folder / "scans out"
    bench.answers.folder.mkdir()
    bench.press("scan: start from model", ui.annotatePrefillButton.click, bench.says("on the table"))
    versions = len(study.cases[0].labels)

    def saved() -> bool:
        return len(window.session.study.cases[0].labels) > versions and not window.background.busy

    def save() -> None:
        nonlocal versions
        versions = len(window.session.study.cases[0].labels)
        ui.annotateSaveButton.click()

    bench.press("scan: save", save, saved)

    def keep_draft() -> None:
        scene.mark_unsaved()
        window.workbench.keep_draft()

    bench.press("scan: autosave", keep_draft, lambda: not window.background.busy)

    def come_back() -> None:
        keep_draft()
        window.workbench.open("case-0001")

    bench.press("scan: open again while its draft is written", come_back, lambda: not window.background.busy)
    for kind in (np.int16, np.float32):
        measure_loaded(bench, kind)


def measure_loaded(bench: Bench, kind: type) -> None:
    """Add a volume that exists in Slicer alone to the list of the Segment panel and to the study."""
    segment, ui, session = bench.window.segment, bench.ui, bench.window.session
    voxels = slicer.util.arrayFromVolume(bench.window.workbench.scene.volume)
    volume = slicer.util.addVolumeFromArray(voxels.astype(kind), name=f"loaded {kind.__name__}")
    ui.segmentVolumeSelector.setCurrentNode(volume)
    count = 0

    def add() -> None:
        nonlocal count
        count = segment.scans.count
        ui.segmentAddLoadedButton.click()

    bench.press(f"scan: segment a loaded volume of {kind.__name__}", add, lambda: segment.scans.count > count)
    ui.studyVolumeSelector.setCurrentNode(volume)

    def add_to_study() -> None:
        nonlocal count
        count = len(session.study.cases)
        # Other voxels each time: a study refuses what it has.
        slicer.util.arrayFromVolume(volume)[0, 0, 0] += 1
        ui.studyAddLoadedButton.click()

    bench.press(
        f"scan: add a loaded volume of {kind.__name__}", add_to_study, lambda: len(session.study.cases) > count
    )
    slicer.mrmlScene.RemoveNode(volume)


def measure_table(bench: Bench) -> None:
    """A study of 1,000 cases, and one that another program holds for two seconds."""
    study = Study.create(bench.folder / "many", "many", HIP_SIDES)
    (bench.folder / "many scans").mkdir()
    for number in range(1000):
        scan = bench.folder / "many scans" / f"{number}.nii"
        scan.write_bytes(np.int64(number).tobytes())
        study.manifest = many_cases(study, scan, number)
    study._change(lambda _manifest: study.manifest)
    session, ui = bench.window.session, bench.ui
    bench.press("table: open", lambda: session.open(study.folder), lambda: True)
    bench.press("table: read again", session.refresh, lambda: True)
    roles = iter((3, 1) * 100)

    def use_for() -> None:
        ui.studyCaseTable.selectRow(500)
        ui.studyRoleCombo.currentIndex = next(roles)
        ui.studyRoleCombo.activated.emit(ui.studyRoleCombo.currentIndex)

    def written() -> bool:
        return not ui.studyWorkLabel.text and not bench.window.background.busy

    bench.press("table: use for", use_for, written)

    def while_held(press: Callable[[], None]) -> Callable[[], None]:
        def pressed() -> None:
            lock = FileLock(study.folder / LOCK_NAME)
            lock.acquire()
            threading.Timer(2.0, lock.release).start()
            press()

        return pressed

    bench.press("table: use for, held by another program", while_held(use_for), written)

    def remove() -> None:
        ui.studyCaseTable.selectRow(0)
        ui.studyRemoveButton.click()

    bench.press("table: remove", remove, written)
    bench.press("table: remove, held by another program", while_held(remove), written)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="export, overlay, scan or table, or a longer beginning of a name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
        qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, folder)
        bench = Bench(Path(folder), options.repeats, options.only)
        for name, measure in MEASURES.items():
            if options.only.startswith(name) or not options.only:
                measure(bench)
        bench.window.cleanup()
    print(json.dumps(bench.figures, indent=1))


MEASURES = {"export": measure_exports, "overlay": measure_overlays, "scan": measure_scans, "table": measure_table}

if __name__ == "__main__":
    main()
