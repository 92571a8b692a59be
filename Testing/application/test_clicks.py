"""How many clicks it takes from a new study to a segmented new hip: counted in the window, as docs/clicks.md says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")

from SemiSegEmbedLib.jobs.local import stop  # noqa: E402
from SemiSegEmbedLib.jobs.run_folder import RunFolder, newest_run  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clicks.md"
CLICKS_OF_A_DIALOG = 2
CASES = 5


def table(heading: str) -> list[list[str]]:
    """Rows of the first table below a heading."""
    below = PAGE.read_text(encoding="utf-8").split(f"{heading}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", below, flags=re.MULTILINE).group().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


class Hand:
    """Presses what a person can press, and counts."""

    def __init__(self, module) -> None:
        self.clicks = 0
        self._module = module
        for name in ("ask_folder", "ask_files"):
            setattr(module.answers, name, self._counted(getattr(module.answers, name)))

    def _counted(self, ask):
        def answer(*arguments):
            self.clicks += CLICKS_OF_A_DIALOG
            return ask(*arguments)

        return answer

    def press(self, name: str) -> None:
        """Click a button, which must be in sight and enabled."""
        button = getattr(self._module.ui, name)
        assert button.isVisibleTo(self._module.window.widget), f"{name} is not in sight"
        assert button.enabled, f"{name} cannot be pressed"
        self.clicks += 1
        button.click()

    def unfold(self, name: str) -> None:
        """Click the title of a section."""
        fold = getattr(self._module.ui, name)
        assert fold.collapsed, f"{name} is open already"
        self.clicks += 1
        fold.collapsed = False


def test_from_a_new_study_to_a_segmented_hip(module, trained: Path, tmp_path: Path) -> None:
    window, session = module.window, module.window.session
    window.widget.show()
    scans = tmp_path / "scans"
    scans.mkdir()
    for number in range(1, CASES + 1):
        image = sitk.ReadImage(str(trained / "phantoms" / "phantom-002.nii.gz"))
        sitk.WriteImage(image + number, str(scans / f"hip {number}.nii.gz"))  # a study refuses a scan that it has
    hand = Hand(module)

    module.answers.folder = tmp_path / "study"
    hand.press("studyCreateButton")
    module.answers.folder = scans
    hand.press("studyAddFolderButton")
    module.wait(lambda: len(session.study.cases) == CASES)
    hand.press("studyNextCaseButton")
    for number in range(1, CASES):
        module.wait(lambda number=number: session.case is not None and session.case.key == f"case-{number:04d}")
        scene = window.workbench.scene
        bone = (slicer.util.arrayFromVolume(scene.volume) > 250).astype("uint8")
        slicer.util.updateSegmentBinaryLabelmapFromArray(bone, scene.segmentation, "label_1", scene.volume)
        hand.press("annotateSaveNextButton")
    module.wait(lambda: session.case.key == f"case-{CASES:04d}")

    hand.unfold("moduleTrainFold")
    hand.press("trainStartButton")
    module.wait(lambda: window.train.live, 120)
    # The rest of the training is waiting: a model that another run left takes its place.
    stop(RunFolder(newest_run(session.study.runs_folder)), grace_s=0)
    (model,) = [path for path in (trained / "models").iterdir() if not path.stem.endswith("-last")]
    session.study.models_folder.mkdir(exist_ok=True)
    shutil.copy(model, session.study.models_folder)
    session.refresh()

    hand.unfold("moduleReviewFold")
    hand.press("reviewSegmentButton")
    module.wait(lambda: session.result(f"case-{CASES:04d}") is not None, 120)

    rows = table("## SemiSegEmbed")
    assert hand.clicks == sum(int(row[1]) for row in rows)
    summary = {row[0]: (int(row[1]), int(row[2])) for row in table("# Clicks and key presses")}
    assert summary["SemiSegEmbed"] == (hand.clicks, 0)
    assert sum(summary["SemiSegEmbed"]) < sum(summary["MONAI Label"])
    assert hand.clicks < summary["MONAI Label"][0]


def test_the_count_of_monai_label_adds_up() -> None:
    page = PAGE.read_text(encoding="utf-8")
    lines = re.search(r"^```\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE).group(1).splitlines()
    clicks = sum(int(row[1]) for row in table("## MONAI Label"))
    keys = sum(len(line) + 1 for line in lines)
    (row,) = [row for row in table("# Clicks and key presses") if row[0] == "MONAI Label"]
    assert row[1:] == [str(clicks), str(keys)]
