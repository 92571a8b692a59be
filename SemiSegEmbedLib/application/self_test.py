"""The self-test of the module: the loop of a user, in a running Slicer, without network and GPU."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from SemiSegEmbedLib.application.contract import Contract
from SemiSegEmbedLib.application.label_file import write_nrrd
from SemiSegEmbedLib.application.result_files import FORMATS, Result, ResultExport, take_result
from SemiSegEmbedLib.application.result_scene import show_result, show_surfaces
from SemiSegEmbedLib.application.run_follower import RunFollower
from SemiSegEmbedLib.application.self_test_parts import AnswersNothing, Belongings, installed, write_scan
from SemiSegEmbedLib.application.self_test_views import try_curves, try_overlays, try_protection
from SemiSegEmbedLib.application.train_view import PRESETS
from SemiSegEmbedLib.application.volumes import loaded_voxels, remove_node
from SemiSegEmbedLib.jobs.run_folder import RunState, newest_run
from SemiSegEmbedLib.study.newest_model import newest_model
from SemiSegEmbedLib.study.study import Study

CASES = 3
ANNOTATED = 2
BONE_HU = 400
STEPS = 2
PATIENCE_S = 120.0


class SelfTest:
    """Presses the buttons of a window of its own.

    Args:
        resource_path: Gives the path of a file in the module's Resources folder.
        folder: An empty folder.
        say: Shows one line.
    """

    def __init__(self, resource_path: Callable[[str], str], folder: Path, say: Callable[[str], Any]) -> None:
        from SemiSegEmbedLib.application.window import ModuleWindow

        self._say = say
        self._folder = folder
        self._belongings = Belongings()
        self._study_folder = folder / "study"
        self._scans = [write_scan(folder / f"scan{index}.nrrd", index) for index in range(CASES)]
        self._answers = AnswersNothing(self._study_folder, self._scans)
        self.window = ModuleWindow(resource_path, self._answers)
        self._ui = slicer.util.childWidgetVariables(self.window.widget)

    def run(self) -> None:
        """All steps, in the order of the work."""
        try:
            self.create()
            for number in range(ANNOTATED):
                self.annotate(number)
            self.take_up_a_draft()
            self.survive_a_closed_scene()
            self.look()
            self.check()
            self.use_a_result()
            if installed("torch"):
                self.train()
                self.segment()
                self.review()
            else:
                self._say("training skipped: torch absent")
        finally:
            self.close()

    def close(self) -> None:
        """Nothing stays behind that a later test or the exit of the application could stumble over."""
        self.window.cleanup()
        self.window.widget.deleteLater()
        slicer.mrmlScene.Clear(0)
        self._belongings.restore(self._study_folder)
        slicer.app.processEvents()

    def create(self) -> None:
        """A new study with scans from disk."""
        self._ui.studyCreateButton.click()
        assert self._session.study is not None, self._message
        self._ui.studyAddFilesButton.click()
        self._wait(lambda: len(self._session.study.cases) == CASES)
        assert self._ui.studyCaseTable.rowCount == CASES
        self._say("A study was created and scans were added.")

    def annotate(self, number: int) -> None:
        """Open the next case, paint, save."""
        case, scene = self._open_next(), self.window.workbench.scene
        bone = (slicer.util.arrayFromVolume(scene.volume) > BONE_HU).astype(np.uint8)
        slicer.util.updateSegmentBinaryLabelmapFromArray(bone, scene.segmentation, "label_1", scene.volume)
        self._ui.annotateByEdit.text = "self-test"
        self._ui.annotateSaveButton.click()
        self._wait(lambda: Study.open(self._study_folder).case(case).label is not None)
        self._wait(lambda: not self.window.background.busy)
        self._session.refresh()
        path = self._session.study.label_path(self._session.study.case(case))
        label = slicer.util.loadLabelVolume(str(path), {"show": False})
        assert np.array_equal(slicer.util.arrayFromVolume(label), bone), "the saved label is not what was painted"
        remove_node(label)
        self._say(f"Case {number + 1} was annotated, saved and read back.")

    def take_up_a_draft(self) -> None:
        """What was drawn and not saved is there again."""
        key, scene = self._open_next(), self.window.workbench.scene
        block = np.zeros_like(slicer.util.arrayFromVolume(scene.volume), np.uint8)
        block[4:6, 5:9, 5:9] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(block, scene.segmentation, "label_2", scene.volume)
        self._open(self._session.study.cases[0].key)
        self._open(key)
        drawn = scene.snapshot(self._session.study.labels).label_volume()
        assert np.array_equal(drawn, 2 * block), "the draft was not restored"
        self._say("Unsaved work was kept.")

    def survive_a_closed_scene(self) -> None:
        """Closing the scene leaves a window that works."""
        self.window.scene_closes()
        slicer.mrmlScene.Clear(0)
        assert self._session.case is None
        self._open_next()
        self._say("The scene was closed and the work went on.")

    def look(self) -> None:
        """Tools, overlays and curves in the views of the application."""
        scene = self.window.workbench.scene
        try_protection(scene, self._ui.annotateSegmentEditor)
        try_overlays(scene, self._session.study)
        try_curves()
        self._say("Tools, overlays and curves reached the views.")

    def check(self) -> None:
        """Look for problems before training."""
        self._ui.studyCheckButton.click()
        self._wait(lambda: self._ui.studyProblemList.count > 0)
        self._say("The study was checked.")

    def use_a_result(self) -> None:
        """Show a result, in slices and as surfaces, and export it in every format."""
        image = slicer.util.loadVolume(str(self._scans[0]), {"show": False})
        voxels, grid = loaded_voxels(image)
        remove_node(image)
        label = self._folder / "label.nrrd"
        write_nrrd(label, (voxels > BONE_HU).astype(np.uint8), grid)
        labels = self._session.study.labels
        node = show_result(self._scans[0], label, labels, "self-test")
        show_surfaces(node, 0.5)
        for ending in FORMATS:
            (path,) = self._export(take_result(node, labels), ending)
            assert path.stat().st_size > 100, path.name
        self._say(f"A result was shown and exported as {', '.join(FORMATS)}.")

    def _export(self, result: Result, file_format: str) -> list[Path]:
        files: list[Path] = []
        problems: list[str] = []
        export = ResultExport(lambda paths, _left_out: files.extend(paths), problems.append, lambda _line: None)
        export.start(result, self._folder, file_format, 0.5)

        def ended() -> bool:
            export.poll()
            return not export.running

        self._wait(ended)
        export.cleanup()
        assert not problems, problems
        return files

    def train(self) -> None:
        """Train for some steps and stop; the run leaves a model."""
        ui = self._ui
        ui.trainPresetCombo.currentIndex = PRESETS.index("quick")
        ui.trainMinutesSpin.value = 1
        ui.trainStartButton.click()
        self._wait(lambda: ui.trainStopButton.enabled)
        self._wait(lambda: self._steps() >= STEPS or not self.window.train.live)
        ui.trainStopButton.click()
        self._wait(lambda: not self.window.train.live)
        assert self.window.train.state in (RunState.STOPPED, RunState.FINISHED), self._message
        self._wait(lambda: newest_model(self._session.study.models_folder) is not None)
        self._session.refresh()
        self._say("A training run was started in the background, followed and stopped.")

    def segment(self) -> None:
        """Segment a scan from disk."""
        ui, segment = self._ui, self.window.segment
        self._answers.files = self._scans[:1]
        ui.segmentAddFilesButton.click()
        ui.segmentStartButton.click()
        self._wait(lambda: not segment.running)
        done, failed = segment.scans.finished()
        assert not failed, [scan.problem for scan in segment.scans]
        assert done
        self._say("A scan was segmented.")

    def review(self) -> None:
        """Segment a case of the study, look at its overlays, accept it."""
        ui = self._ui
        self._open(self._session.study.cases[-1].key)
        ui.reviewSegmentButton.click()
        self._wait(lambda: ui.reviewContent.enabled)
        for button in (ui.reviewPredictionButton, ui.reviewUncertaintyButton, ui.reviewProvenanceButton):
            button.click()
            assert button.checked, self._message
        ui.reviewAcceptButton.click()
        self._wait(lambda: self._session.result(self._session.case.key).status == "accepted")
        self._say("A result was reviewed and accepted.")

    def _steps(self) -> int:
        """How many steps the newest run has made."""
        folder = newest_run(self._session.study.runs_folder)
        if folder is None:
            return 0
        follower = RunFollower(folder)
        follower.poll()
        return follower.progress.step

    @property
    def _session(self) -> Any:
        return self.window.session

    @property
    def _message(self) -> str:
        return self._ui.moduleMessageLabel.text

    def _open_next(self) -> str:
        """Press Next case; a case may first be prepared in a child process."""
        before = self._session.case.key if self._session.case else ""
        self._ui.studyNextCaseButton.click()
        self._wait(lambda: self._session.case is not None and self._session.case.key != before)
        return self._session.case.key

    def _open(self, key: str) -> None:
        self.window.workbench.open(key)
        self._wait(lambda: self._session.case is not None and self._session.case.key == key)

    def _wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"nothing happened; the module says: {self._message}"
            slicer.app.processEvents()
            time.sleep(0.02)


def open_module() -> None:
    """The widget that the application itself makes of the module can be entered and left."""
    widget = slicer.util.getModuleWidget("SemiSegEmbed")
    widget.enter()
    slicer.app.processEvents()
    widget.exit()


def run_self_test(resource_path: Callable[[str], str], say: Callable[[str], Any]) -> None:
    """Run the self-test in the scene of the application.

    Args:
        resource_path: Gives the path of a file in the module's Resources folder.
        say: Shows one line.

    Raises:
        AssertionError: With what went wrong.
    """

    def announce(line: str) -> None:
        # What is logged reaches the application log, but not the terminal of whoever runs the test.
        sys.stdout.write(f"{line}\n")
        say(line)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        contract = Contract(Path(folder))
        broken = contract.broken()
        assert not broken, "\n".join(broken)
        announce(f"{len(contract.statements())} statements about this application hold.")
        open_module()
        announce("The module was opened and left.")
        SelfTest(resource_path, Path(folder), announce).run()
        announce("The self-test passed.")
