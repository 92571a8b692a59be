"""Pictures of the panels: `python Testing/host/screenshots.py FOLDER`, in a light and a dark theme."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import slicer_host

slicer_host.install()

import numpy as np  # noqa: E402
import qt  # noqa: E402
import SimpleITK as sitk  # noqa: E402
import slicer  # noqa: E402
from slicer_host.application import let_events_pass  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "SemiSegEmbed")]
WIDTH = 520
PANELS = ("Study", "Annotate", "Train", "Review", "Segment", "Models")


def dark_palette():
    """A dark palette such as Slicer's dark style uses."""
    palette = qt.QPalette()
    roles = qt.QPalette
    for role, color in (
        (roles.Window, "#353535"),
        (roles.WindowText, "#f0f0f0"),
        (roles.Base, "#232323"),
        (roles.AlternateBase, "#2d2d2d"),
        (roles.Text, "#f0f0f0"),
        (roles.Button, "#404040"),
        (roles.ButtonText, "#f0f0f0"),
        (roles.PlaceholderText, "#a0a0a0"),
        (roles.Highlight, "#2a82da"),
        (roles.HighlightedText, "#ffffff"),
    ):
        palette.setColor(role, qt.QColor(color))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(roles.Disabled, role, qt.QColor("#808080"))
    return palette


class Stage:
    """A window of the module on a small study, with a run that has curves."""

    def __init__(self, folder: Path) -> None:
        from SemiSegEmbedLib.application.self_test import AnswersNothing, write_scan
        from SemiSegEmbedLib.application.window import ModuleWindow

        resources = ROOT / "SemiSegEmbed" / "Resources"
        self._scans = [write_scan(folder / f"hip {number:02d}.nrrd", number) for number in range(1, 7)]
        answers = AnswersNothing(folder / "hip study", self._scans)
        self.window = ModuleWindow(lambda name: str(resources / name), answers)
        self.ui = slicer.util.childWidgetVariables(self.window.widget)

    def prepare(self) -> None:
        """Cases in every status, a check, a run with validations."""
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
        study.set_reviewed("case-0001", "EF")
        for number, key in enumerate(("case-0003", "case-0004", "case-0005")):
            facts = {"uncertainty": 0.031 + 0.027 * number, "confident": 0.86, "matched": 0.11, "neither": 0.03}
            study.add_result(key, "model", f"results/{key}/model", facts)
            self._write_result(study, key)
        study.set_role("case-0005", "held-out")
        study.set_role("case-0006", "excluded")
        session.cases_changed.emit()
        ui.studyNextCaseButton.click()
        ui.studyCheckButton.click()
        self.wait(lambda: ui.studyProblemList.count > 0)
        self._run()

    def _write_result(self, study, key: str) -> None:
        """Maps as the segmenting process would write them."""
        folder = study.results_folder / key / "model"
        folder.mkdir(parents=True)
        image = sitk.ReadImage(str(study.image_path(study.case(key))))
        sitk.WriteImage(sitk.Cast(image > 400, sitk.sitkUInt8), str(folder / "label.nii.gz"))
        places = [(0.0, -4.0, 45.0, 812.0, 0.52), (6.0, 9.0, 63.0, 340.0, 0.47), (-12.0, 2.0, 81.0, 95.0, 0.41)]
        entries = [
            {"position_lps_mm": [x, y, z], "size_mm3": size, "mean_uncertainty": value, "score": size * value}
            for x, y, z, size, value in places
        ]
        (folder / "places.json").write_text(json.dumps(entries))

    def _run(self) -> None:
        """A run folder as a process would write it, so that the picture shows numbers."""
        from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState

        study = self.window.session.study
        run = RunFolder.create(study.runs_folder, {})
        run.write_status(RunState.RUNNING, step=240, total_steps=900)
        for step in range(0, 241, 10):
            loss = 0.9 * np.exp(-step / 90) + 0.12
            run.append_event(
                event="step",
                step=step,
                total_steps=900,
                loss=loss,
                seconds_left=1.4 * (900 - step),
                unreliable_fraction=0.5 * np.exp(-step / 150),
            )
            if step in (100, 200):
                scores = {"iou": 0.62 + step / 1500, "hd95": 9.1 - step / 40}
                run.append_event(event="validation", step=step, **scores, per_class={"1": scores}, optimistic=True)
        self.window.session.open(study.folder)
        self.window.workbench.open("case-0003")
        self.ui.reviewPredictionButton.click()
        self.ui.reviewNextButton.click()
        self.ui.moduleTrainFold.collapsed = False
        self.wait(lambda: self.ui.trainDeviceCombo.count > 1)

    def wait(self, condition) -> None:
        end = time.monotonic() + 90
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(self.ui.moduleMessageLabel.text)
            let_events_pass(0.05)

    def picture(self, panel: str, path: Path) -> None:
        """One panel unfolded, the others folded."""
        for name in PANELS:
            getattr(self.ui, f"module{name}Fold").collapsed = name != panel
        widget = self.window.widget
        widget.size = qt.QSize(WIDTH, 100)
        let_events_pass(0.3)
        widget.size = qt.QSize(WIDTH, max(widget.minimumSizeHint.height(), widget.sizeHint.height()))
        let_events_pass(0.3)
        widget.grab().save(str(path))


def main(folder: Path) -> None:
    """Draw all panels."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
        qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, place)
        stage = Stage(Path(place))
        stage.window.widget.show()
        stage.prepare()
        light = qt.QApplication.instance().palette()
        for theme, palette in (("light", light), ("dark", dark_palette())):
            qt.QApplication.setPalette(palette)
            for panel in PANELS:
                stage.picture(panel, folder / f"{panel.lower()}-{theme}.png")
        stage.window.cleanup()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
