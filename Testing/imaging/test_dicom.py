"""DICOM folders: slices in order and in HU, the right series, and each way in which a series can be broken."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.uid import JPEG2000Lossless, generate_uid

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.dicom import choose_series, list_series
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.read import read_geometry, read_image
from SemiSegEmbedLib.imaging.slices import arrange

SLICES = np.random.default_rng(0).integers(-1000, 1500, (12, 20, 24)).astype(np.int16)


def test_slices_are_sorted_by_position_and_rescaled_to_hu(write_dicom):
    folder = write_dicom(SLICES)
    image = read_image(folder)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), SLICES)
    assert image.GetPixelID() == sitk.sitkInt16
    assert Geometry.of(image) == Geometry((24, 20, 12), (0.8, 0.9, 2.0), (-10.0, 20.0, 100.0))
    assert read_geometry(folder) == Geometry.of(image)
    assert image.GetMetaDataKeys() == ()


def test_slopes_that_differ_between_slices_are_applied_to_each(write_dicom):
    def halve(number, dataset):
        if number % 2:
            stored = np.frombuffer(dataset.PixelData, np.uint16).astype(np.int32)
            dataset.RescaleSlope, dataset.RescaleIntercept = 0.5, -512
            dataset.PixelData = stored.astype(np.uint16).tobytes()

    image = sitk.GetArrayFromImage(read_image(write_dicom(SLICES, change=halve)))
    np.testing.assert_allclose(image[::2], SLICES[::2])
    np.testing.assert_allclose(image[1::2], SLICES[1::2] / 2)


def test_values_beyond_16_bits_do_not_wrap_around(write_dicom):
    def lift(number, dataset):
        dataset.RescaleIntercept = 40000

    image = read_image(write_dicom(SLICES, change=lift))
    assert image.GetPixelID() == sitk.sitkFloat32
    assert sitk.GetArrayViewFromImage(image).max() == int(SLICES.max()) + 1024 + 40000


def test_the_only_scan_is_chosen_among_scouts_and_reports(write_dicom):
    folder = write_dicom(SLICES)
    write_dicom(SLICES[:2], Modality="CT")
    write_dicom(SLICES[:9], Modality="SR")
    assert choose_series(folder).slice_count == 12
    assert [s.slice_count for s in list_series(folder)] == [12, 9, 2]


def test_several_scans_are_listed_in_one_sentence_and_one_can_be_chosen(write_dicom):
    first, second = generate_uid(), generate_uid()
    folder = write_dicom(SLICES, series_uid=first, SeriesDescription="PLANTED NAME", ConvolutionKernel="BONE")
    write_dicom(SLICES + 1, series_uid=second)
    with pytest.raises(BadInputError) as refusal:
        read_image(folder)
    message = str(refusal.value)
    assert first in message
    assert second in message
    assert "BONE" in message
    assert "PLANTED" not in message
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_image(folder, second)), SLICES + 1)
    with pytest.raises(BadInputError, match="no such series"):
        read_image(folder, "1.2.3")


def damage(what):
    """The change to the slices, and the code that must be found."""

    def missing(number, dataset):
        return number not in (5, 6)

    def uneven(number, dataset):
        if number > 6:
            dataset.ImagePositionPatient[2] += 0.9

    def tilt(number, dataset):
        dataset.ImagePositionPatient[1] += 0.3 * number

    def duplicate(number, dataset):
        if number == 4:
            dataset.ImagePositionPatient[2] -= 2.0

    def orientation(number, dataset):
        if number == 3:
            dataset.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]

    def untagged(number, dataset):
        if number == 2:
            del dataset.ImagePositionPatient

    def sizes(number, dataset):
        if number == 2:
            dataset.Rows, dataset.Columns = 24, 20

    def cut(number, dataset):
        if number == 1:
            dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 4]

    def huge(number, dataset):
        dataset.Rows = dataset.Columns = 60000

    def frames(number, dataset):
        dataset.NumberOfFrames = 100_000

    return locals()[what]


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("missing", "missing-slices"),
        ("uneven", "uneven-slices"),
        ("tilt", "gantry-tilt"),
        ("duplicate", "duplicate-slices"),
        ("orientation", "mixed-orientation"),
        ("untagged", "missing-tags"),
        ("sizes", "mixed-sizes"),
        ("cut", "damaged-slices"),
        ("huge", "implausible-size"),
        ("frames", "multi-frame"),
    ],
)
def test_each_broken_series_is_named_and_not_read(write_dicom, what, code):
    folder = write_dicom(SLICES, change=damage(what))
    _, geometry, problems = arrange(choose_series(folder))
    assert geometry is None
    assert [p.code for p in problems] == [code]
    with pytest.raises(BadInputError) as refusal:
        read_image(folder)
    assert str(refusal.value) == problems[0].sentence
    assert "Planted" not in problems[0].sentence


def test_the_same_file_twice_is_read_once_with_a_warning(write_dicom):
    folder = write_dicom(SLICES)
    copy = next(folder.iterdir())
    (folder / "copy.dcm").write_bytes(copy.read_bytes())
    _, geometry, problems = arrange(choose_series(folder))
    assert geometry is not None
    assert [(p.code, p.severity) for p in problems] == [("repeated-slices", "warning")]
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_image(folder)), SLICES)


def test_rounded_positions_are_no_gap(write_dicom):
    def round_up(number, dataset):
        dataset.ImagePositionPatient[2] = round(100 + 2.0 * number + 0.04 * (number % 2), 2)

    assert read_image(write_dicom(SLICES, change=round_up)).GetSpacing()[2] == pytest.approx(2.0, abs=0.01)


def test_other_files_in_the_folder_do_no_harm(write_dicom):
    folder = write_dicom(SLICES)
    (folder / "notes.txt").write_text("hello")
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    series = choose_series(folder)
    assert series.slice_count == 12
    assert [p.code for p in arrange(series)[2]] == ["unreadable-files"]


def test_a_slice_cut_short_on_disk_is_noticed(write_dicom):
    folder = write_dicom(SLICES)
    last = max(folder.iterdir())
    last.write_bytes(last.read_bytes()[:-100])
    with pytest.raises(BadInputError, match="fewer or more voxels than they say"):
        read_image(folder)


def test_slices_with_more_voxels_than_they_say_are_refused(write_dicom):
    with pytest.raises(BadInputError, match="fewer or more voxels than they say"):
        read_image(write_dicom(SLICES, Columns=SLICES.shape[2] - 1))


def test_a_compression_that_cannot_be_read_is_refused(write_dicom):
    def nonsense(number, dataset):
        from pydicom.encaps import encapsulate

        dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
        dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51" + b"\0" * 60])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True

    with pytest.raises(BadInputError, match="cannot be read"):
        read_image(write_dicom(SLICES, change=nonsense))


def test_nothing_of_a_patient_reaches_the_terminal_or_the_log(write_dicom, capfd, caplog, recwarn):
    folder = write_dicom(SLICES)
    for path in folder.iterdir():
        # Tags that pydicom complains about, each with its value.
        data = path.read_bytes().replace(b"1.2.826.0.1", b"1.PLANTED.1")
        assert b"PLANTED.1" in data
        path.write_bytes(data)
    read_image(folder)
    shown = capfd.readouterr()
    said = shown.out + shown.err + caplog.text + " ".join(str(w.message) for w in recwarn)
    assert "lanted" not in said
    assert "PLANTED" not in said
    assert str(folder) not in said


def test_folders_without_a_scan_are_refused(tmp_path):
    with pytest.raises(BadInputError, match="no DICOM"):
        read_image(tmp_path)
    with pytest.raises(BadInputError, match="does not exist"):
        list_series(tmp_path / "gone")


def test_a_real_series_equals_its_nifti_copy_where_they_overlap(shared):
    series = read_image(shared / "dicom" / "tcga_ov_2043_pelvis")
    crop = read_image(shared / "ct" / "tcga_ov_2043_pelvis_crop.nii.gz")
    assert series.GetSize() == (512, 512, 32)
    x, y, z = series.TransformPhysicalPointToIndex(crop.GetOrigin())
    width, height, _ = crop.GetSize()
    common = sitk.GetArrayFromImage(series)[z:, y : y + height, x : x + width]
    # The copy was clipped at -1024; the scanner marks what it did not see with -2048.
    np.testing.assert_array_equal(np.maximum(common, -1024), sitk.GetArrayFromImage(crop)[: 32 - z])
