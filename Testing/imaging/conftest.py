"""Small synthetic scans, and the shared real data where this machine has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.imaging.geometry import IDENTITY

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def shared() -> Path:
    """The shared data; the test is skipped where they are absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared data lie beside the repository on the developers' machines alone")
    return SHARED


@pytest.fixture
def make_image():
    """Build an image from an array (z, y, x)."""

    def make(array, spacing=(1.0, 1.0, 1.0), direction=IDENTITY, origin=(0.0, 0.0, 0.0)) -> sitk.Image:
        image = sitk.GetImageFromArray(np.asarray(array))
        image.SetSpacing(spacing)
        image.SetDirection(direction)
        image.SetOrigin(origin)
        return image

    return make


@pytest.fixture
def body():
    """A crude CT: air, a body of fat and muscle, two balls of bone; and the label of the balls (values 1, 2)."""

    def make(shape=(48, 56, 64), spacing=(2.0, 2.0, 2.0), seed=0) -> tuple[np.ndarray, np.ndarray]:
        z, y, x = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij")
        z, y, x = z * spacing[2], y * spacing[1], x * spacing[0]
        width, depth = shape[2] * spacing[0], shape[1] * spacing[1]
        inside = (2.2 * x / width) ** 2 + (2.3 * y / depth) ** 2 < 1
        image = np.where(inside, np.where((2.6 * x / width) ** 2 + (2.9 * y / depth) ** 2 < 1, 45.0, -95.0), -1000.0)
        label = np.zeros(shape, np.uint8)
        for value, side in ((1, 1), (2, -1)):
            ball = (x - side * 0.2 * width) ** 2 + y**2 + z**2 < (0.13 * width) ** 2
            image[ball] = 420
            label[ball] = value
        image += np.random.default_rng(seed).normal(0, 12, shape)
        return np.round(image).astype(np.int16), label

    return make


@pytest.fixture
def write_dicom(tmp_path):
    """Write CT slices as DICOM files of one series; `change(number, dataset)` may damage each before it is saved."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    def write(array, folder="series", spacing=(0.8, 0.9, 2.0), series_uid=None, change=None, **tags) -> Path:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        series_uid, study_uid, frame_uid = series_uid or generate_uid(), generate_uid(), generate_uid()
        for number, pixels in enumerate(np.asarray(array)):
            dataset = Dataset()
            dataset.file_meta = FileMetaDataset()
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
            dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Planted^Name", "PLANTED-ID", "19010203"
            dataset.PatientSex = dataset.AccessionNumber = dataset.StudyID = ""
            dataset.StudyDate, dataset.StudyTime, dataset.ReferringPhysicianName = "20200101", "120000", ""
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid, series_uid
            dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = frame_uid, ""
            dataset.Modality, dataset.Manufacturer, dataset.SeriesNumber = "CT", "none", 1
            dataset.InstanceNumber = len(array) - number
            dataset.ImagePositionPatient = [-10.0, 20.0, 100.0 + spacing[2] * number]
            dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            dataset.PixelSpacing, dataset.SliceThickness = [spacing[1], spacing[0]], spacing[2]
            dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = *pixels.shape, 1
            dataset.PhotometricInterpretation = "MONOCHROME2"
            dataset.BitsAllocated = dataset.BitsStored = 16
            dataset.HighBit, dataset.PixelRepresentation = 15, 0
            dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
            dataset.PixelData = (pixels.astype(np.int32) + 1024).astype(np.uint16).tobytes()
            for name, value in tags.items():
                setattr(dataset, name, value)
            # File names say nothing about the order of the slices.
            path = place / f"{(number * 7) % 101:03d}-{series_uid[-6:]}.dcm"
            if change is None or change(number, dataset) is not False:
                dataset.save_as(path, enforce_file_format=True)
        return place

    return write
