"""Adding DICOM series to a study, from folders and from Slicer's database, and opening them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from SemiSegEmbedLib.study.study import Study

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")
pytest.importorskip("pydicom")

THIN = "1.2.826.0.1.3680043.8.498.1"
THICK = "1.2.826.0.1.3680043.8.498.2"


def write_series(folder: Path, uid: str, count: int, description: str, seed: int, modality: str = "CT") -> np.ndarray:
    """A CT series of 20 x 24 pixels as files of SimpleITK; returns its HU."""
    folder.mkdir(parents=True, exist_ok=True)
    voxels = np.random.default_rng(seed).integers(-500, 1200, (count, 24, 20)).astype(np.int16)
    for number, pixels in enumerate(voxels):
        image = sitk.GetImageFromArray(pixels[None])
        tags = {
            "0008|0060": modality, "0008|103e": description, "0010|0010": "Doe^Jane", "0010|0020": "17",
            "0008|0021": "20260102", "0020|000d": "1.2.826.9", "0020|000e": uid, "0008|0018": f"{uid}.{number}",
            "0020|0032": f"-10\\-12\\{2 * number}", "0020|0037": "1\\0\\0\\0\\1\\0",
            "0018|0050": "2", "0020|0013": str(number), "0028|1052": "0", "0028|1053": "1",
        }  # fmt: skip
        for tag, value in tags.items():
            image.SetMetaData(tag, value)
        writer = sitk.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.SetFileName(str(folder / f"{uid[-1]}-{number:03d}.dcm"))
        writer.Execute(image)
    return voxels


@pytest.fixture
def study(module, tmp_path: Path) -> Study:
    module.answers.folder = tmp_path / "hips"
    module.ui.studyCreateButton.click()
    return module.window.session.study


@pytest.fixture
def export(tmp_path: Path) -> dict[str, np.ndarray]:
    """A folder with two CT series and a scout, one of them in a folder below."""
    folder = tmp_path / "export"
    thin = write_series(folder, THIN, 12, "thin bone", 1)
    write_series(folder, THIN + "9", 2, "scout", 3)
    return {THIN: thin, THICK: write_series(folder / "below", THICK, 9, "thick soft", 2)}


def series_dialog():
    found = [widget for widget in qt.QApplication.topLevelWidgets() if widget.objectName == "seriesDialog"]
    return next((widget for widget in found if widget.visible), None)


def button(dialog, text: str):
    return next(one for one in dialog.findChildren(qt.QPushButton) if one.text == text)


def rows(dialog) -> list[str]:
    table = dialog.findChild(qt.QTableWidget)
    return [table.item(row, 0).text() for row in range(table.rowCount) if not table.isRowHidden(row)]


def in_view(module) -> np.ndarray:
    return slicer.util.arrayFromVolume(module.window.workbench.scene.volume)


def test_a_folder_with_several_series_lets_the_user_choose_and_opens_the_right_one(
    module, study, export, tmp_path: Path
) -> None:
    module.answers.folder = tmp_path / "export"
    module.ui.studyAddFolderButton.click()
    module.wait(lambda: series_dialog() is not None)
    dialog = series_dialog()
    assert rows(dialog) == ["thin bone", "thick soft"]
    assert not button(dialog, "&Add to the study").enabled
    dialog.findChild(qt.QTableWidget).selectAll()
    button(dialog, "&Add to the study").click()
    module.wait(lambda: "added: 2." in module.message)
    cases = module.window.session.study.cases
    assert [case.image.series_uid for case in cases] == [THIN, THICK]
    assert [case.name for case in cases] == ["export thin bone", "below"]
    # A DICOM folder is prepared by a child process; the case opens at once or, if that is not done yet, by itself.
    module.window.workbench.open("case-0001")
    module.wait(lambda: module.window.session.case is not None)
    assert np.array_equal(in_view(module), export[THIN])


def test_the_dialog_filters_and_adds_nothing_when_it_is_cancelled(module, study, export, tmp_path: Path) -> None:
    module.answers.folder = tmp_path / "export"
    module.ui.studyAddFolderButton.click()
    module.wait(lambda: series_dialog() is not None)
    dialog = series_dialog()
    dialog.findChild(qt.QTableWidget).selectAll()
    dialog.findChild(qt.QLineEdit).text = "SOFT thick"
    assert rows(dialog) == ["thick soft"]
    button(dialog, "&Cancel").click()
    assert series_dialog() is None
    assert module.window.session.study.cases == ()


def test_a_folder_without_a_scan_is_a_sentence(module, study, tmp_path: Path) -> None:
    write_series(tmp_path / "scout", THIN, 2, "scout", 1)
    module.answers.folder = tmp_path / "scout"
    module.ui.studyAddFolderButton.click()
    module.wait(lambda: module.message.startswith("⚠"))
    assert "no CT series" in module.message


@pytest.fixture
def database(export, tmp_path: Path):
    from slicer_host.dicom_database import DicomDatabase

    slicer.dicomDatabase = DicomDatabase(tmp_path / "export")
    yield slicer.dicomDatabase
    del slicer.dicomDatabase


def test_a_series_of_slicers_database_is_added(module, study, database) -> None:
    module.ui.studyAddDicomButton.click()
    dialog = series_dialog()
    assert sorted(rows(dialog)) == ["scout", "thick soft", "thin bone"]
    table = dialog.findChild(qt.QTableWidget)
    assert {table.item(row, 1).text() for row in range(3)} == {"Doe Jane"}
    table.selectRow(rows(dialog).index("thick soft"))
    button(dialog, "&Add to the study").click()
    module.wait(lambda: "added: 1." in module.message)
    assert module.window.session.study.cases[0].image.series_uid == THICK
    assert b"Jane" not in (study.folder / "study.json").read_bytes()


def test_a_closed_database_is_a_sentence(module, study, database) -> None:
    database.isOpen = False
    module.ui.studyAddDicomButton.click()
    assert "open the DICOM module once" in module.message
    assert series_dialog() is None


def test_a_series_in_several_folders_is_a_sentence(module, study, database, export, tmp_path: Path) -> None:
    from slicer_host.dicom_database import DicomDatabase

    (tmp_path / "export" / "odd").mkdir()
    os.replace(tmp_path / "export" / "1-003.dcm", tmp_path / "export" / "odd" / "1-003.dcm")
    slicer.dicomDatabase = DicomDatabase(tmp_path / "export")
    module.ui.studyAddDicomButton.click()
    dialog = series_dialog()
    dialog.findChild(qt.QTableWidget).selectRow(rows(dialog).index("thin bone"))
    button(dialog, "&Add to the study").click()
    assert "several folders" in module.message


def test_a_volume_turned_by_a_transform_is_added_where_it_is_seen(module, study) -> None:
    voxels = np.arange(6 * 7 * 8).reshape(6, 7, 8).astype(np.int16)
    volume = slicer.util.addVolumeFromArray(voxels, name="turned")
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    turned = np.array([[0.0, -1, 0, 5], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turned))
    volume.SetAndObserveTransformNodeID(transform.GetID())
    module.ui.studyVolumeSelector.setCurrentNode(volume)
    module.ui.studyAddLoadedButton.click()
    module.wait(lambda: len(module.window.session.study.cases) == 1)
    image = sitk.ReadImage(str(study.image_path(module.window.session.study.cases[0])))
    assert np.array_equal(sitk.GetArrayFromImage(image), voxels)
    # Slicer's (5, 0, 0) RAS is (-5, 0, 0) LPS, and its first axis now points to the front.
    assert image.GetOrigin() == (-5.0, 0.0, 0.0)
    assert np.allclose(np.reshape(image.GetDirection(), (3, 3))[:, 0], (0, -1, 0))
