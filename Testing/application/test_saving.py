"""Nothing that was drawn is lost: full disks, locked studies, other cases, single voxels that nobody annotated."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from SemiSegEmbedLib.application import window as window_module
from SemiSegEmbedLib.study.files import FileLock
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.records import IGNORE
from SemiSegEmbedLib.study.store import ManifestStore
from SemiSegEmbedLib.study.study import Study

slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")

BLOCK = (slice(10, 13), slice(15, 25), slice(18, 26))


@pytest.fixture
def study(module, tmp_path: Path, hip) -> Study:
    """A study with two cases, the first of them open."""
    study = Study.create(tmp_path / "hips", "hips", HIP_BONES)
    for seed, name in enumerate(("a.nii.gz", "b.nii.gz")):
        study.add_case(hip(name, seed))
    module.window.session.open(study.folder)
    module.window.workbench.open("case-0001")
    return study


def paint(module, value: int = 1, region=BLOCK, noise: bool = False) -> np.ndarray:
    """Draw a block, or noise that no compression makes small; returns the mask."""
    scene = module.window.workbench.scene
    mask = np.zeros(slicer.util.arrayFromVolume(scene.volume).shape, np.uint8)
    mask[region] = np.random.default_rng(0).integers(0, 2, mask.shape)[region] if noise else 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, scene.segmentation, f"label_{value}", scene.volume)
    return mask


def drawn(module) -> np.ndarray:
    return module.window.workbench.scene.snapshot(HIP_BONES).label_volume()


def versions(study: Study, key: str = "case-0001") -> int:
    return len(Study.open(study.folder).case(key).labels)


def saved(study: Study, key: str = "case-0001") -> np.ndarray:
    study = Study.open(study.folder)
    return sitk.GetArrayFromImage(sitk.ReadImage(str(study.label_path(study.case(key)))))


@pytest.fixture
def full_disk():
    """No file of this process may grow beyond one kilobyte: the system refuses, as it does on a full disk."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Disk:
        def fill(self) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))

        def free(self) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    disk = Disk()
    yield disk
    disk.free()


def test_a_full_disk_is_a_sentence_and_saving_works_when_there_is_room_again(module, study, full_disk) -> None:
    mask = paint(module, noise=True, region=(slice(None),) * 3)
    full_disk.fill()
    module.ui.annotateSaveButton.click()
    module.wait(lambda: module.message.startswith("⚠"))
    full_disk.free()
    assert "\n" not in module.message
    assert versions(study) == 0
    assert module.window.workbench.scene.modified
    assert [path.name for path in (study.folder / "drafts").iterdir()] == []
    module.ui.annotateSaveButton.click()
    module.wait(lambda: versions(study) == 1)
    assert np.array_equal(saved(study), mask)


def test_a_drawing_that_could_not_be_kept_when_its_case_was_left_is_there_again(module, study, full_disk) -> None:
    mask = paint(module, noise=True, region=(slice(None),) * 3)
    full_disk.fill()
    assert module.window.workbench.open("case-0002")
    module.wait(lambda: module.message.startswith("⚠"))
    assert not drawn(module).any()
    assert module.window.workbench.open("case-0001")
    assert np.array_equal(drawn(module), mask)
    module.wait(lambda: module.window.workbench.scene.modified)
    full_disk.free()
    module.window.workbench.keep_draft()
    module.wait(lambda: (study.folder / "drafts" / "case-0001.nrrd").is_file())


def test_a_drawing_in_memory_is_written_as_soon_as_there_is_room(module, study, full_disk) -> None:
    paint(module, noise=True, region=(slice(None),) * 3)
    full_disk.fill()
    module.window.workbench.open("case-0002")
    module.wait(lambda: module.message.startswith("⚠"))
    full_disk.free()
    module.window.workbench.keep_draft()
    module.wait(lambda: (study.folder / "drafts" / "case-0001.nrrd").is_file())


def test_a_case_opens_at_once_while_its_label_is_on_its_way_to_the_disk(module, study) -> None:
    mask = 2 * paint(module, 2)
    with FileLock(study.folder / ".study.lock"):
        module.ui.annotateSaveButton.click()
        assert module.window.workbench.open("case-0002")
        assert not drawn(module).any()
        begin = time.monotonic()
        assert module.window.workbench.open("case-0001")
        assert time.monotonic() - begin < 3.0, "the study is locked for ten seconds"
        assert versions(study) == 0
        assert np.array_equal(drawn(module), mask)
        assert not module.window.workbench.scene.modified
    module.wait(lambda: versions(study) == 1)
    assert np.array_equal(saved(study), mask)
    assert np.array_equal(drawn(module), mask)


def test_a_draft_that_fails_after_its_case_was_opened_again_counts_as_unsaved(module, study, full_disk) -> None:
    mask = paint(module, noise=True, region=(slice(None),) * 3)
    full_disk.fill()
    module.window.workbench.open("case-0002")
    module.window.workbench.open("case-0001")
    module.wait(lambda: module.message.startswith("⚠"))
    assert np.array_equal(drawn(module), mask)
    assert module.window.workbench.scene.modified
    full_disk.free()


def test_a_study_that_another_program_changes_is_a_sentence_and_the_draft_stays(
    module, study, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = study._store.lock
    monkeypatch.setattr(ManifestStore, "lock", lambda self, timeout_s=None: lock(0.3))
    code = (
        "import sys\nfrom SemiSegEmbedLib.study.files import FileLock\n"
        "with FileLock(sys.argv[1]):\n    print('held', flush=True)\n    sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(study.folder / ".study.lock")],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    mask = paint(module)
    module.ui.annotateSaveButton.click()
    module.wait(lambda: module.message.startswith("⚠"))
    holder.communicate()
    assert "in use by another program" in module.message
    assert (study.folder / "drafts" / "case-0001.nrrd").is_file()
    assert module.window.workbench.scene.modified
    module.ui.annotateSaveButton.click()
    module.wait(lambda: versions(study) == 1)
    assert np.array_equal(saved(study), mask)


def test_unsaved_work_is_kept_by_itself(module, study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_module, "AUTOSAVE_AFTER_S", 0.2)
    mask = paint(module)
    draft = study.folder / "drafts" / "case-0001.nrrd"
    module.wait(draft.is_file)
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(draft))), mask)
    assert versions(study) == 0


def test_an_empty_drawing_is_saved_only_when_it_is_meant(module, study) -> None:
    module.answers.agrees = False
    module.ui.annotateSaveButton.click()
    assert "Nothing is drawn" in module.answers.questions[-1]
    assert not module.window.background.busy
    module.answers.agrees = True
    module.ui.annotateSaveButton.click()
    module.wait(lambda: versions(study) == 1)


def test_marked_empty_slices_are_saved_without_a_question(module, study) -> None:
    module.ui.annotatePartialCheck.checked = True
    module.ui.annotateMarkSliceButton.click()
    module.ui.annotateSaveButton.click()
    module.wait(lambda: versions(study) == 1)
    assert module.answers.questions == []
    assert [int(value) for value in np.unique(saved(study))] == [0, IGNORE]


def test_single_voxels_that_nobody_annotated_stay_so(module, study, tmp_path: Path) -> None:
    label = np.zeros((24, 40, 44), np.uint8)
    label[5, 5:9, 5:9] = 1
    label[5, 20:30, 20:30] = IGNORE
    image = sitk.GetImageFromArray(label)
    image.CopyInformation(sitk.ReadImage(str(study.image_path(study.cases[0]))))
    sitk.WriteImage(image, str(tmp_path / "partial.nii.gz"))
    study.add_label("case-0001", tmp_path / "partial.nii.gz", complete=False)
    module.window.session.refresh()
    module.window.workbench.open("case-0001")
    assert module.ui.annotatePartialCheck.checked
    expected = label.copy()
    expected[5, 20, 20] = 2
    paint(module, 2, (slice(5, 6), slice(20, 21), slice(20, 21)))
    module.ui.annotateSaveButton.click()
    module.wait(lambda: versions(study) == 2)
    assert np.array_equal(saved(study), expected)


def test_a_completed_segment_cannot_be_drawn_in(module, study) -> None:
    scene, logic = module.window.workbench.scene, slicer.vtkSlicerSegmentationsModuleLogic
    node, kind, editor = scene.editor(), slicer.vtkMRMLSegmentationNode, module.ui.annotateSegmentEditor
    node.SetSelectedSegmentID("label_1")
    editor.setActiveEffectByName("Paint")
    assert editor.activeEffect().name == "Paint"
    logic.SetSegmentStatus(scene.segmentation.GetSegmentation().GetSegment("label_1"), logic.Completed)
    assert "cannot be drawn in" in module.message
    assert editor.activeEffect() is None
    module.window.messages.tell("")
    editor.setActiveEffectByName("Draw")
    assert "cannot be drawn in" in module.message
    assert editor.activeEffect() is None
    assert node.GetMaskMode() == kind.EditAllowedOutsideAllSegments
    node.SetSelectedSegmentID("label_2")
    editor.setActiveEffectByName("Draw")
    assert editor.activeEffect().name == "Draw"
    node.SetSelectedSegmentID("label_1")
    assert editor.activeEffect() is None
    module.ui.annotateProtectCheck.checked = False
    assert node.GetMaskMode() == kind.EditAllowedEverywhere
    editor.setActiveEffectByName("Draw")
    assert editor.activeEffect().name == "Draw"


def test_the_newest_model_segments_the_case_and_undo_takes_its_result_back(module, study, model_file) -> None:
    assert not module.ui.annotatePrefillButton.enabled
    model_file(study.models_folder / "m1.ssemodel")
    module.window.session.refresh()
    mask = paint(module, 2)
    module.ui.annotatePrefillButton.click()
    assert not module.ui.annotatePrefillButton.enabled
    module.wait(lambda: "on the table" in module.message)
    result = Study.open(study.folder).results[0]
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(study.result_path(result) / "label.nii.gz")))
    assert found.any()
    assert np.array_equal(drawn(module), found)
    module.ui.annotateSegmentEditor.undo()
    assert np.array_equal(drawn(module), 2 * mask)


@pytest.fixture
def model_file():
    """Writes a model that finds bone everywhere."""
    torch = pytest.importorskip("torch")
    from SemiSegEmbedLib.inference.model_file import Model, save_model
    from SemiSegEmbedLib.inference.reference_bank import build_bank
    from SemiSegEmbedLib.learning.network import UNet3D
    from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

    def write(path: Path) -> None:
        arguments = {"in_channels": 1, "classes": 2, "base_filters": 4}
        network = UNet3D(**arguments).eval()
        with torch.no_grad():
            biases = [weight for name, weight in network.named_parameters() if weight.shape == (2,) and "bias" in name]
            biases[-1].copy_(torch.tensor([-50.0, 50.0]))
        label = np.zeros((24, 24, 24), np.uint8)
        label[6:18, 6:18, 6:18] = 1
        volume = Volume("case-0001", 700 * label.astype(np.float16), label, (4.0, 4.0, 4.0))
        normalisation = Normalisation(mean=100.0, std=250.0)
        bank = build_bank(network, [volume], normalisation, 2, k=8, l=2, patch=(16, 16, 16))
        labels = [{"name": "hip bone left", "value": 1, "color": [230, 220, 170], "training_class": 1}]
        facts = {"method": "embedding_matching", "patch_size": [16, 16, 16]}
        path.parent.mkdir(exist_ok=True)
        save_model(Model(network, network, arguments, normalisation, 4.0, 2, labels, bank, facts), path)

    return write
