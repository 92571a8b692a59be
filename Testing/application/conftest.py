"""Runs the application on the test host, and skips with a reason where the host cannot run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "host"))

import slicer_host

if not slicer_host.missing():
    slicer_host.install()

from .training_runs import phantom_study, phantoms, training  # noqa: F401


@pytest.fixture(autouse=True)
def _host() -> None:
    if slicer_host.missing():
        pytest.skip(slicer_host.missing())


@pytest.fixture
def scene():
    """An empty MRML scene."""
    import slicer

    slicer.mrmlScene.Clear(0)
    yield slicer.mrmlScene
    slicer.mrmlScene.Clear(0)


@pytest.fixture
def settings_file(tmp_path: Path):
    """QSettings in a folder of the test, never in the user's home."""
    import qt

    qt.QApplication.instance().organizationName = "SlicerHost"
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch):
    """The clock of this process is nine hours ahead of UTC."""
    import time

    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Answers:
    """Dialogs that answer as a test says, and remember what they were asked."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.files: list[Path] = []
        self.agrees = True
        self.questions: list[str] = []

    def ask_folder(self, title: str) -> Path | None:
        return self.folder

    def ask_files(self, title: str, endings: tuple[str, ...] = ()) -> list[Path]:
        return self.files

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        return self.agrees


class Module:
    """The module as a user has it: its widget in the host, its named widgets, and dialogs that answer."""

    def __init__(self) -> None:
        folder = Path(__file__).resolve().parents[2] / "SemiSegEmbed"
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
        import slicer
        from slicer_host import module_bases

        import SemiSegEmbed

        self.answers = Answers()
        self.widget = SemiSegEmbed.SemiSegEmbedWidget(module_bases.ModuleParent())
        self.widget.setup()
        self.window = self.widget.window
        for presenter in (self.window.study, self.window.annotate, self.window.segment, self.window.models):
            presenter._dialogs = self.answers
        self.ui = slicer.util.childWidgetVariables(self.window.widget)
        self.widget.enter()

    @property
    def message(self) -> str:
        """What the strip at the top says."""
        return self.ui.moduleMessageLabel.text

    def new_study(self, folder: Path, *scans: Path):
        """Create a study and add scans by pressing the buttons; the study."""
        self.answers.folder, self.answers.files = folder, list(scans)
        self.ui.studyCreateButton.click()
        self.ui.studyAddFilesButton.click()
        self.wait(lambda: len(self.window.session.study.cases) == len(scans))
        return self.window.session.study

    def wait(self, condition, seconds: float = 60.0) -> None:
        """Let the module's own timer run until a condition holds."""
        import time

        from slicer_host.application import let_events_pass

        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"still waiting; the module says: {self.message}"
            let_events_pass(0.02)


@pytest.fixture
def module(scene, settings_file):
    """A running module in an empty scene."""
    running = Module()
    yield running
    running.widget.cleanup()
    running.widget.parent.close()


@pytest.fixture
def hip(tmp_path: Path):
    """Writes small CT files: a bright ball in soft tissue."""
    import numpy as np

    sitk = pytest.importorskip("SimpleITK")

    def write(name: str, seed: int = 0) -> Path:
        z, y, x = np.mgrid[:24, :40, :44]
        noise = np.random.default_rng(seed).normal(0, 20, z.shape)
        ball = (z - 12) ** 2 * 4 + (y - 20) ** 2 + (x - 22) ** 2 < 100
        image = sitk.GetImageFromArray((np.where(ball, 700, 40) + noise).astype(np.int16))
        image.SetSpacing((2.0, 2.0, 4.0))
        image.SetOrigin((-44.0, -40.0, 100.0))
        path = tmp_path / "scans" / name
        path.parent.mkdir(exist_ok=True)
        sitk.WriteImage(image, str(path))
        return path

    return write


@pytest.fixture
def shown(module, hip, tmp_path: Path):
    """A scan on the list of the Segment panel that is done, in view; its result is the ball as the left hip bone."""
    sitk = pytest.importorskip("SimpleITK")
    from SemiSegEmbedLib.application.image_files import title_of
    from SemiSegEmbedLib.application.scan_list import Scan
    from SemiSegEmbedLib.study.presets import HIP_BONES

    scan_path, label = hip("hip a.nii.gz"), tmp_path / "label.nii.gz"
    sitk.WriteImage(sitk.Cast(sitk.ReadImage(str(scan_path)) > 400, sitk.sitkUInt8), str(label))
    module.answers.folder = tmp_path / "out"
    module.answers.folder.mkdir()
    segment = module.window.segment
    segment.scans.add([Scan(scan_path, title_of(scan_path.name))])
    segment.scans[0].finish(label, HIP_BONES)
    segment._show()
    module.ui.segmentScanTable.selectRow(0)
    module.ui.segmentShowButton.click()
    return module


TINY = ("patch_size=[16,16,16]", "base_filters=4", "passes=1", "k=4", "l=1", "precision=fp32", "validate_every=50")


def ask(*arguments: str) -> None:
    """Run the terminal door and wait for it."""
    import time

    from SemiSegEmbedLib.application.child import Child

    child = Child(arguments, lambda _result: None, pytest.fail)
    while child.running:
        child.poll()
        time.sleep(0.05)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of coarse phantom hips with a model that has seen fifty steps."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("segment") / "hips"
    ask("phantom", str(folder), "--count", "2", "--annotated", "1", "--held-out", "0", "--spacing", "5")
    settings = [text for setting in TINY for text in ("--set", setting)]
    ask("train", str(folder), "--preset", "quick", "--steps", "50", "--device", "cpu", *settings)
    return folder
