"""The self-test of the module: the loop of a user, in a running Slicer, without network and GPU."""

from __future__ import annotations

import importlib.metadata
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from SemiSegEmbedLib.application.label_file import Grid, write_nrrd
from SemiSegEmbedLib.jobs.run_folder import RunState
from SemiSegEmbedLib.study.study import Study

CASES = 3
ANNOTATED = 2
PATIENCE_S = 120.0


class AnswersNothing:
    """Dialogs for a run without a person: a folder that the test chose, and agreement."""

    def __init__(self, folder: Path, files: list[Path]) -> None:
        self._folder = folder
        self._files = files

    def ask_folder(self, _title: str) -> Path | None:
        """The folder of the test."""
        return self._folder

    def ask_files(self, _title: str, _endings: Sequence[str] = ()) -> list[Path]:
        """The scans of the test."""
        return self._files

    def confirm(self, _question: str) -> bool:
        """Agrees."""
        return True


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
        self._study_folder = folder / "study"
        scans = [write_scan(folder / f"scan{index}.nrrd", index) for index in range(CASES)]
        self.window = ModuleWindow(resource_path, AnswersNothing(self._study_folder, scans))
        self._ui = slicer.util.childWidgetVariables(self.window.widget)

    def run(self) -> None:
        """All steps, in the order of the work."""
        try:
            self.create()
            for number in range(ANNOTATED):
                self.annotate(number)
            self.take_up_a_draft()
            self.survive_a_closed_scene()
            self.train()
        finally:
            self.window.cleanup()

    def create(self) -> None:
        """A new study with scans from disk."""
        self._ui.studyCreateButton.click()
        assert self.window.session.study is not None, self._message
        self._ui.studyAddFilesButton.click()
        self._wait(lambda: len(self.window.session.study.cases) == CASES)
        assert self._ui.studyCaseTable.rowCount == CASES
        self._say("A study was created and scans were added.")

    def annotate(self, number: int) -> None:
        """Open the next case, paint, save."""
        self._ui.studyNextCaseButton.click()
        case = self.window.session.case
        assert case is not None, self._message
        scene = self.window.workbench.scene
        bone = (slicer.util.arrayFromVolume(scene.volume) > 400).astype(np.uint8)
        slicer.util.updateSegmentBinaryLabelmapFromArray(bone, scene.segmentation, "label_1", scene.volume)
        self._ui.annotateByEdit.text = "self-test"
        self._ui.annotateSaveButton.click()
        self._wait(lambda: Study.open(self._study_folder).case(case.key).label is not None)
        self._wait(lambda: not self.window.background.busy)
        label = slicer.util.loadLabelVolume(str(self.window.session.study.label_path(self._case(case.key))))
        assert np.array_equal(slicer.util.arrayFromVolume(label), bone), "the saved label is not what was painted"
        slicer.mrmlScene.RemoveNode(label)
        self._say(f"Case {number + 1} was annotated, saved and read back.")

    def take_up_a_draft(self) -> None:
        """What was drawn and not saved is there again."""
        self._ui.studyNextCaseButton.click()
        key, scene = self.window.session.case.key, self.window.workbench.scene
        block = np.zeros_like(slicer.util.arrayFromVolume(scene.volume), np.uint8)
        block[4:6, 5:9, 5:9] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(block, scene.segmentation, "label_2", scene.volume)
        assert self.window.workbench.open(self.window.session.study.cases[0].key), self._message
        assert self.window.workbench.open(key), self._message
        drawn = scene.snapshot(self.window.session.study.labels).label_volume()
        assert np.array_equal(drawn, 2 * block), "the draft was not restored"
        self._say("Unsaved work was kept.")

    def survive_a_closed_scene(self) -> None:
        """Closing the scene leaves a window that works."""
        self.window.scene_closes()
        slicer.mrmlScene.Clear(0)
        assert self.window.session.case is None
        self._ui.studyNextCaseButton.click()
        assert self.window.session.case is not None, self._message
        self._say("The scene was closed and the work went on.")

    def train(self) -> None:
        """Train for some steps and stop, where torch is installed."""
        try:
            importlib.metadata.version("torch")
        except importlib.metadata.PackageNotFoundError:
            self._say("training skipped: torch absent")
            return
        ui = self._ui
        ui.trainPresetCombo.currentIndex = 2
        ui.trainMinutesSpin.value = 1
        ui.trainStartButton.click()
        self._wait(lambda: ui.trainStopButton.enabled)
        ui.trainStopButton.click()
        self._wait(lambda: not self.window.train.live)
        assert self.window.train.state in (RunState.STOPPED, RunState.FINISHED), self._message
        self._say("A training run was started in the background, followed and stopped.")

    @property
    def _message(self) -> str:
        return self._ui.moduleMessageLabel.text

    def _case(self, key: str) -> Any:
        self.window.session.study.reload()
        return self.window.session.study.case(key)

    def _wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"nothing happened; the module says: {self._message}"
            slicer.app.processEvents()
            time.sleep(0.02)


def write_scan(path: Path, seed: int) -> Path:
    """A small CT: a ball of bone in soft tissue with noise, 2 x 2 x 3 mm."""
    z, y, x = np.mgrid[:40, :56, :60]
    noise = np.random.default_rng(seed).normal(0, 15, z.shape)
    ball = (z - 20) ** 2 * 2.25 + (y - 28) ** 2 + (x - 30) ** 2 < (13 + seed) ** 2
    voxels = np.where(ball, 700, 40) + noise
    matrix = np.array([[2.0, 0, 0, -60], [0, 2.0, 0, -56], [0, 0, 3.0, 0], [0, 0, 0, 1]])
    write_nrrd(path, voxels.astype(np.int16), Grid(voxels.shape, matrix))
    return path


def run_self_test(resource_path: Callable[[str], str], say: Callable[[str], Any]) -> None:
    """Run the self-test in the scene of the application.

    Args:
        resource_path: Gives the path of a file in the module's Resources folder.
        say: Shows one line.

    Raises:
        AssertionError: With what went wrong.
    """
    slicer.mrmlScene.Clear(0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        SelfTest(resource_path, Path(folder), say).run()
