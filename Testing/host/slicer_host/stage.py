"""A window of the module in the middle of the work, for pictures: a study with results, a run with curves."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import qt
import SimpleITK as sitk
import slicer

from slicer_host import slice_pictures
from slicer_host.application import let_events_pass

ROOT = Path(__file__).resolve().parents[3]
PANELS = ("Study", "Annotate", "Train", "Review", "Segment", "Models")
PATIENCE_S = 120.0
QUICK = 2
VIEW = (330, 300)
OVERLAYS = ("prediction", "uncertainty", "provenance")


class Stage:
    """A window of the module.

    Args:
        folder: An empty folder.
        study: A study with a model and results; it is copied. None: a small one with balls as bones is made up.
        language: Of the window.
    """

    def __init__(self, folder: Path, study: Path | None = None, language: str = "en_US") -> None:
        sys.path[:0] = [str(ROOT), str(ROOT / "SemiSegEmbed")]
        from SemiSegEmbedLib.application.self_test_parts import AnswersNothing, write_scan
        from SemiSegEmbedLib.application.window import ModuleWindow

        resources = ROOT / "SemiSegEmbed" / "Resources"
        slicer.app.applicationLocaleName = language
        slicer.app.loadTranslations(str(resources / "Translations"))
        if not slice_pictures.missing():
            slice_pictures.prepare()
        self._folder = folder
        self._ready = study is not None
        self._scans = (
            [] if study else [write_scan(folder / f"hip {number:02d}.nrrd", number) for number in range(1, 7)]
        )
        answers = AnswersNothing(folder / "hip study", self._scans)
        if study is not None:
            shutil.copytree(study, folder / "hip study")
        self.window = ModuleWindow(lambda name: str(resources / name), answers)
        self.ui = slicer.util.childWidgetVariables(self.window.widget)

    def prepare(self) -> None:
        """Cases in several states, a check, a run with validations, scans on the list."""
        if self._ready:
            self._put_a_run_under_way(self._folder / "hip study" / "runs")
            self.window.study.open(self._folder / "hip study")
        else:
            self._make_up_cases()
        self.window.session.cases_changed.emit()
        self.ui.studyCheckButton.click()
        self.wait(lambda: self.ui.studyProblemList.count > 0)
        self._open_a_result()
        self._fill_segment_panel()
        self.ui.trainPresetCombo.currentIndex = QUICK
        self.ui.trainMinutesSpin.value = 15
        for panel in ("Train", "Models"):
            self.unfold(panel)
            let_events_pass(1.0)
        self.wait(lambda: self.ui.trainDeviceCombo.count > 1)
        if self._ready:
            self.wait(lambda: self.ui.modelsTable.rowCount > 0)

    @staticmethod
    def _put_a_run_under_way(runs: Path) -> None:
        """The newest run of the study as it was after two thirds of its steps."""
        from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, newest_run

        events, _ = RunFolder(newest_run(runs)).events(0)
        total = max(int(event.get("total_steps") or 0) for event in events)
        run = RunFolder.create(runs, {})
        for event in events:
            if int(event.get("step") or 0) > 2 * total // 3:
                break
            run.append_event(**{key: value for key, value in event.items() if key != "time"})
        run.write_status(RunState.RUNNING, step=2 * total // 3, total_steps=total)

    def _make_up_cases(self) -> None:
        ui, session = self.ui, self.window.session
        ui.studyCreateButton.click()
        ui.studyAddFilesButton.click()
        self.wait(lambda: len(session.study.cases) == len(self._scans))
        for name in ("AB", "CD"):
            ui.studyNextCaseButton.click()
            scene = self.window.workbench.scene
            bone = (slicer.util.arrayFromVolume(scene.volume) > 400).astype(np.uint8)
            slicer.util.updateSegmentBinaryLabelmapFromArray(bone, scene.segmentation, "label_1", scene.volume)
            ui.annotateByEdit.text = name
            ui.annotateSaveButton.click()
            self.wait(lambda: not self.window.background.busy)
        study = session.study
        study.set_reviewed(["case-0001"], "EF")
        for number, key in enumerate(("case-0003", "case-0004", "case-0005")):
            facts = {"uncertainty": 0.031 + 0.027 * number, "confident": 0.86, "matched": 0.11, "neither": 0.03}
            study.add_result(key, "model", f"results/{key}/model", facts)
            self._write_result(study, key)
        study.set_role("case-0005", "held-out")
        study.set_role("case-0006", "excluded")
        self._write_run(study)
        session.open(study.folder)

    def _write_result(self, study: Any, key: str) -> None:
        """Maps as the segmenting process would write them."""
        folder = study.results_folder / key / "model"
        folder.mkdir(parents=True)
        image = sitk.ReadImage(str(study.image_path(study.case(key))))
        bone = sitk.Cast(image > 400, sitk.sitkUInt8)
        distance = sitk.Abs(sitk.SignedMaurerDistanceMap(bone, squaredDistance=False, useImageSpacing=True))
        uncertainty = sitk.Cast(0.6 * sitk.Exp(-0.4 * sitk.Cast(distance, sitk.sitkFloat32)), sitk.sitkFloat32)
        provenance = sitk.Cast(2 * bone, sitk.sitkUInt8) + sitk.Cast(uncertainty > 0.3, sitk.sitkUInt8)
        for name, map_ in (
            ("label", bone),
            ("matched", bone),
            ("uncertainty", uncertainty),
            ("provenance", provenance),
        ):
            sitk.WriteImage(map_, str(folder / f"{name}.nii.gz"))
        places = [(0.0, -4.0, 45.0, 812.0, 0.52), (6.0, 9.0, 63.0, 340.0, 0.47), (-12.0, 2.0, 81.0, 95.0, 0.41)]
        entries = [
            {"position_lps_mm": [x, y, z], "size_mm3": size, "mean_uncertainty": value, "score": size * value}
            for x, y, z, size, value in places
        ]
        (folder / "places.json").write_text(json.dumps(entries))

    def _write_run(self, study: Any) -> None:
        """A run folder as a process would write it, so that the picture shows numbers."""
        from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState

        run = RunFolder.create(study.runs_folder, {})
        run.write_status(RunState.RUNNING, step=240, total_steps=900)
        for step in range(0, 241, 10):
            run.append_event(
                event="step",
                step=step,
                total_steps=900,
                loss=0.9 * np.exp(-step / 90) + 0.12,
                seconds_left=1.4 * (900 - step),
                unreliable_fraction=0.5 * np.exp(-step / 150),
            )
            if step in (100, 200):
                scores = {"iou": 0.62 + step / 1500, "hd95": 9.1 - step / 40}
                run.append_event(event="validation", step=step, **scores, per_class={"1": scores}, optimistic=True)

    def _open_a_result(self) -> None:
        """The first case that is not annotated and has a result, with an overlay and a place chosen."""
        study = self.window.session.study
        keys = {result.case_key for result in study.results}
        case = next(case for case in study.cases if case.label is None and case.key in keys)
        self.window.workbench.open(case.key)
        self.wait(lambda: self.window.session.case is not None)
        let_events_pass(2.0)
        self.ui.reviewUncertaintyButton.click()
        self.ui.reviewNextButton.click()
        let_events_pass(0.5)

    def _fill_segment_panel(self) -> None:
        """Scans that are done, at work, and failed."""
        from SemiSegEmbedLib.application.scan_list import Scan, ScanState

        segment, study = self.window.segment, self.window.session.study
        scans = [Scan(Path(f"patient {letter}.nii.gz"), f"patient {letter}") for letter in "ABCD"]
        segment.scans.add(scans)
        scans[0].finish(Path("results") / "patient A" / "patient A-segmentation.seg.nrrd", study.labels)
        scans[1].fail("The file is damaged or cut short: copy it again.")
        scans[2].state, scans[2].percent = ScanState.RUNNING, 45
        segment._view.show_scans(segment.scans, running=True)
        self.ui.segmentScanTable.selectRow(0)

    def unfold(self, panel: str) -> None:
        """One panel unfolded, the others folded."""
        for name in PANELS:
            getattr(self.ui, f"module{name}Fold").collapsed = name != panel

    def wait(self, condition: Callable[[], bool]) -> None:
        """Let the timer of the window run until a condition holds."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(self.ui.moduleMessageLabel.text)
            let_events_pass(0.05)

    def slice_views(self) -> Any:
        """Overlays side by side, one column each: axial above coronal."""
        slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        pictures = {name: slice_pictures.SlicePicture(name, VIEW) for name in ("Red", "Green")}
        columns = []
        for overlay in OVERLAYS:
            button = getattr(self.ui, f"review{overlay.title()}Button")
            if not button.checked:
                button.click()
            let_events_pass(0.5)
            rows = []
            for picture in pictures.values():
                picture.logic.FitSliceToBackground()
                rows.append(picture.draw())
            columns.append(np.concatenate(rows, axis=0))
        pixels = np.ascontiguousarray(np.concatenate(columns, axis=1))
        height, width, _ = pixels.shape
        return qt.QImage(pixels.tobytes(), width, height, 3 * width, qt.QImage.Format_RGB888).copy()

    def close(self) -> None:
        """End timers, threads and child processes."""
        self.window.cleanup()
