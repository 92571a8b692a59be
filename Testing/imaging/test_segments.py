"""Segmentations with named segments: written for Slicer and read back, layers, and DICOM SEG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.imaging.geometry import IDENTITY, Geometry
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.imaging.segments import Segment, target_values
from SemiSegEmbedLib.imaging.write import write_image, write_segmentation
from SemiSegEmbedLib.study.presets import HIP_SIDES
from SemiSegEmbedLib.study.records import Code, Label

SPACING, ORIGIN = (0.8, 0.9, 2.0), (-10.0, 20.0, 100.0)


@pytest.fixture
def label(make_image) -> sitk.Image:
    array = np.zeros((12, 20, 24), np.uint8)
    array[2:6, 4:10, 5:20], array[6:10, 4:10, 5:12], array[3:9, 12:18, 6:9] = 1, 2, 4
    return make_image(array, SPACING, IDENTITY, ORIGIN)


def assert_equal_images(a: sitk.Image, b: sitk.Image) -> None:
    np.testing.assert_array_equal(sitk.GetArrayFromImage(a), sitk.GetArrayFromImage(b))
    np.testing.assert_allclose(Geometry.of(a).affine, Geometry.of(b).affine, atol=1e-4)


def header_of(path: Path) -> dict[str, str]:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    return {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha", ".seg.nrrd"])
def test_a_segmentation_is_read_as_it_was_written(tmp_path, label, suffix):
    path = tmp_path / f"result ü{suffix}"
    write_segmentation(label, HIP_SIDES, path)
    assert_equal_images(read_label(path), label)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_segments_keep_names_values_and_codes(tmp_path, label):
    path = tmp_path / "result.seg.nrrd"
    write_segmentation(label, HIP_SIDES, path)
    header = header_of(path)
    found = [(header[f"Segment{n}_Name"], int(header[f"Segment{n}_LabelValue"])) for n in range(len(HIP_SIDES))]
    assert found == [(one.name, one.value) for one in HIP_SIDES]
    assert "~SCT^71341001^" in header["Segment2_Tags"]


@pytest.fixture
def slicer_scene():
    """A scene of 3D Slicer's own classes, from the package slicer-core."""
    slicer = pytest.importorskip("slicer", reason="the package slicer-core is not installed")
    if not hasattr(slicer, "vtkMRMLSegmentationNode"):
        pytest.skip("this slicer package has no segmentations")
    return slicer.vtkMRMLScene()


def open_in_slicer(scene, path: Path):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    return node, storage


def test_slicer_reads_names_colours_and_terminology(tmp_path, label, slicer_scene):
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import reference

    path = tmp_path / "result.seg.nrrd"
    write_segmentation(label, HIP_SIDES, path)
    node, _ = open_in_slicer(slicer_scene, path)
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == len(HIP_SIDES)
    drawn = sitk.GetArrayFromImage(label)
    for number, one in enumerate(HIP_SIDES):
        segment = segmentation.GetNthSegment(number)
        assert segment.GetName() == one.name
        assert segment.GetColor() == pytest.approx([c / 255 for c in one.color], abs=1e-4)
        assert segment.GetLabelValue() == one.value
        entry = reference("")
        assert segment.GetTag("TerminologyEntry", entry)
        assert f"^{one.code.value}^" in str(entry)
        voxels = vtk_to_numpy(segment.GetRepresentation("Binary labelmap").GetPointData().GetScalars())
        assert np.count_nonzero(voxels == one.value) == np.count_nonzero(drawn == one.value)


def test_what_slicer_saves_is_read(tmp_path, label, slicer_scene):
    write_segmentation(label, HIP_SIDES, tmp_path / "ours.seg.nrrd")
    node, storage = open_in_slicer(slicer_scene, tmp_path / "ours.seg.nrrd")
    storage.SetFileName(str(tmp_path / "slicer.seg.nrrd"))
    assert storage.WriteData(node)
    assert_equal_images(read_label(tmp_path / "slicer.seg.nrrd", label, HIP_SIDES), label)


def test_plain_text_alone_gets_into_the_header(tmp_path, label):
    strange = Label("hip\nSegment9_ID:=x ~^|", 1, code=Code("SCT", "1^2", "a~b|c"))
    path = tmp_path / "strange.seg.nrrd"
    write_segmentation(label == 1, [strange], path)
    header = header_of(path)
    assert header["Segment0_Name"] == "hip Segment9_ID:=x ~^|"
    assert "~SCT^1 2^" in header["Segment0_Tags"]
    assert [key for key in header if key.endswith("_ID")] == ["Segment0_ID"]


def test_a_value_without_a_label_is_not_written(tmp_path, label):
    with pytest.raises(BadInputError, match="value 4"):
        write_segmentation(label, HIP_SIDES[:2], tmp_path / "x.seg.nrrd")
    assert list(tmp_path.iterdir()) == []


def test_names_and_codes_of_the_study_decide_the_value():
    study = (Label("Femur", 3, code=Code("SCT", "71341001", "Femur")), Label("hip", 7), Label("sacrum", 5))
    segments = [Segment("HIP ", 1), Segment("thigh bone", 2, 0, ("SCT", "71341001")), Segment("other", 9)]
    assert target_values(segments, study) == [7, 3, 9]
    assert target_values(segments, None) == [1, 2, 9]
    with pytest.raises(BadInputError, match="same label value"):
        target_values([Segment("hip", 1), Segment("other", 7)], study)


def test_layers_and_cropped_extents_are_put_onto_the_ct(tmp_path, label):
    array = sitk.GetArrayFromImage(label)
    part = label[4:22, 3:19, 1:11]
    first = (sitk.GetArrayFromImage(part) == 1).astype(np.uint8)
    second = (sitk.GetArrayFromImage(part) == 4).astype(np.uint8)
    image = sitk.GetImageFromArray(np.stack([first, second], axis=-1), isVector=True)
    image.CopyInformation(part)
    for number, name in enumerate(("hip bone left", "femur right")):
        for key, value in (("ID", f"S{number}"), ("Name", name), ("LabelValue", "1"), ("Layer", str(number))):
            image.SetMetaData(f"Segment{number}_{key}", value)
    path = tmp_path / "layers.seg.nrrd"
    sitk.WriteImage(image, str(path))
    read = read_label(path, label, HIP_SIDES)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read), np.where(array == 2, 0, array))
    assert Geometry.of(read) == Geometry.of(label)
    with pytest.raises(BadInputError, match="same label value"):
        read_label(path, label)


@pytest.fixture
def dicom_seg(write_dicom, label):
    """A DICOM SEG file of a label, made by highdicom from a DICOM series."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    def write(label: sitk.Image = label, overlap: bool = False) -> tuple[Path, Path]:
        array = sitk.GetArrayFromImage(label)
        folder = write_dicom(np.zeros(array.shape, np.int16), spacing=SPACING)
        sources = sorted((pydicom.dcmread(p) for p in folder.iterdir()), key=lambda d: d.ImagePositionPatient[2])
        made = hd.seg.Segmentation(
            source_images=sources,
            pixel_array=np.stack([array == 1, array == 2, (array == 4) | (overlap & (array == 1))], axis=-1),
            segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=[
                hd.seg.SegmentDescription(
                    number, name, codes.SCT.Bone, codes.SCT.Femur, hd.seg.SegmentAlgorithmTypeValues.MANUAL
                )
                for number, name in enumerate(("hip bone left", "hip bone right", "femur right"), start=1)
            ],
            series_instance_uid=hd.UID(),
            series_number=9,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            manufacturer="none",
            manufacturer_model_name="none",
            software_versions="1",
            device_serial_number="1",
        )
        path = folder.parent / "label.dcm"
        made.save_as(path)
        return path, folder

    return write


def test_dicom_seg_comes_onto_the_grid_of_its_ct(dicom_seg, label):
    path, folder = dicom_seg()
    ct = read_image(folder)
    assert_equal_images(read_label(path, ct, HIP_SIDES), label)
    numbers = sitk.GetArrayFromImage(read_label(path, ct))
    expected = sitk.GetArrayFromImage(label)
    np.testing.assert_array_equal(numbers, np.where(expected == 4, 3, expected))
    assert Geometry.of(read_label(path, ct)) == Geometry.of(ct)


def test_of_overlapping_segments_the_later_wins(dicom_seg, label):
    path, folder = dicom_seg(overlap=True)
    found = sitk.GetArrayFromImage(read_label(path, read_image(folder), HIP_SIDES))
    expected = sitk.GetArrayFromImage(label)
    np.testing.assert_array_equal(found, np.where(expected == 1, 4, expected))


def test_a_dicom_slice_and_a_damaged_seg_are_refused(dicom_seg):
    path, folder = dicom_seg()
    with pytest.raises(BadInputError, match="not a segmentation"):
        read_label(next(folder.iterdir()))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BadInputError, match="damaged"):
        read_label(path)


def test_tags_of_a_patient_are_not_written(tmp_path, label):
    label.SetMetaData("0010|0010", "Planted^Name")
    label.SetMetaData("aux_file", "Planted^Name")
    for name in ("a.nii", "a.nrrd", "a.mha", "a.seg.nrrd"):
        write_segmentation(label, HIP_SIDES, tmp_path / name)
        write_image(label, tmp_path / f"image-{name.replace('.seg', '')}")
    for path in tmp_path.iterdir():
        assert b"Planted" not in path.read_bytes()


def test_a_failed_write_keeps_the_old_file(tmp_path, label, monkeypatch):
    path = tmp_path / "ct.nii.gz"
    write_image(label, path)
    before = path.read_bytes()

    def fail(image, name, **options):
        Path(name).write_bytes(b"half")
        raise RuntimeError(f"could not write {name}")

    monkeypatch.setattr(sitk, "WriteImage", fail)
    with pytest.raises(SemiSegEmbedError) as refusal:
        write_image(label + 1, path)
    assert str(tmp_path) not in str(refusal.value)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["ct.nii.gz"]


def test_a_folder_that_is_gone_is_one_sentence(tmp_path, label):
    with pytest.raises(SemiSegEmbedError, match="folder is gone"):
        write_image(label, tmp_path / "gone" / "ct.nii.gz")
    with pytest.raises(BadInputError, match="endings"):
        write_image(label, tmp_path / "ct.png")
