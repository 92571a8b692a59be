"""Read CTs and labels; every refusal is one sentence without a name or a path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging import segments
from SemiSegEmbedLib.imaging.dicom import Series, Slice, choose_series
from SemiSegEmbedLib.imaging.geometry import AxisOrder, Geometry, axis_order, on_lattice
from SemiSegEmbedLib.imaging.headers import bytes_of, header_geometry, open_header, quiet, suffix_of
from SemiSegEmbedLib.imaging.integrity import NOT_FINITE, verify_nifti_header, verify_voxels
from SemiSegEmbedLib.imaging.problems import ERROR
from SemiSegEmbedLib.imaging.slices import arrange
from SemiSegEmbedLib.study.records import Label

_NO_LABEL = "A label holds whole numbers from 0 to 255 and this file does not: choose the label and not the CT."
_MOST_UNPACKED = 1032
"""A compressed file unpacks to so many times its size at most (deflate)."""
_DAMAGED = "The voxels of this file cannot be read, it is damaged or compressed in an unknown way: export it again."


def read_image(path: Path | str, series_uid: str | None = None) -> sitk.Image:
    """Read a CT.

    Args:
        path: A NIfTI, NRRD or MetaImage file, or a folder with DICOM slices.
        series_uid: Which series of a DICOM folder; None when only one can be meant.

    Returns:
        A 3D image in HU (rescale slope and intercept applied), int16 where that holds every value, else float32.

    Raises:
        BadInputError: The file is absent, damaged, of an unknown format, not one regular 3D volume, or several
            series could be meant.
    """
    path = Path(path)
    if path.is_dir():
        return _read_series(choose_series(path, series_uid))
    if suffix_of(path) in (".dcm", ".ima"):
        raise BadInputError("This is a single DICOM file: give the folder that holds all slices of the series.")
    if suffix_of(path) == ".seg.nrrd":
        raise BadInputError("This file holds segments and not a CT: add it as the label of a CT.")
    return _plain_numbers(_read_file(path))


def read_geometry(path: Path | str, series_uid: str | None = None) -> Geometry:
    """The grid of a CT from its header alone.

    Raises:
        BadInputError: As `read_image`.
    """
    path = Path(path)
    if path.is_dir():
        return _arranged(choose_series(path, series_uid))[1]
    return header_geometry(open_header(path))


def read_label(
    path: Path | str, reference: sitk.Image | Geometry | None = None, labels: Sequence[Label] | None = None
) -> sitk.Image:
    """Read the label of a CT.

    Args:
        path: A label map (NIfTI, NRRD, MetaImage), a Slicer segmentation (.seg.nrrd) or a DICOM SEG file.
        reference: The CT or its grid; the label is put onto exactly this grid. It may store the same voxels
            along other axes or in other directions, and segmentations may cover a part of them. None: the label
            stays on its own grid.
        labels: The labels of the study: segments with the name or the code of a label get its value. Other
            segments, and all without `labels`, keep the value (DICOM: the number) that the file gives them.

    Returns:
        A 3D uint8 image.

    Raises:
        BadInputError: As `read_image`; values are not whole numbers from 0 to 255; segments collide; or the
            label does not lie on the voxels of the reference.
    """
    path = Path(path)
    if path.is_dir():
        raise BadInputError("A label is one file and this is a folder: choose the file.")
    if segments.is_segmentation(path):
        image = segments.read_segmentation(path, labels)
        fits = reference is None or on_lattice(image, reference)
    else:
        image = _as_uint8(_read_file(path, is_label=True))
        fits = reference is None or axis_order(image, reference) is not None
    if reference is None:
        return image
    if not fits:
        raise BadInputError("The label lies on another grid than its CT: resample or export it on the grid of the CT.")
    return put_onto(image, Geometry.of(reference))


def _read_file(path: Path, is_label: bool = False) -> sitk.Image:
    reader = open_header(path, is_label=is_label)
    geometry = header_geometry(reader)
    verify_nifti_header(reader, path, geometry.affine)
    if reader.GetNumberOfComponents() == 1 and _may_be_read_unverified(reader, path):
        image = _read_and_verify(reader, open_header(path, is_label=is_label), path)
    else:
        verify_voxels(reader, path)
        if reader.GetNumberOfComponents() != 1:
            raise BadInputError("This file holds colours or vectors and not a CT or a label: export the plain volume.")
        image = _voxels(reader)
    if image.GetDimension() > 3:
        image = image[(slice(None), slice(None), slice(None), *([0] * (image.GetDimension() - 3)))]
    return _without_metadata(image)


def _voxels(reader: sitk.ImageFileReader) -> sitk.Image:
    try:
        with quiet():
            return reader.Execute()
    except (RuntimeError, MemoryError):
        raise BadInputError(_DAMAGED) from None


def _may_be_read_unverified(reader: sitk.ImageFileReader, path: Path) -> bool:
    """Whether the file can hold what its header says, so that nobody is made to reserve memory for nothing."""
    needed = math.prod(reader.GetSize()) * bytes_of(reader.GetPixelID())
    return suffix_of(path) == ".nii.gz" and needed <= _MOST_UNPACKED * path.stat().st_size


def _read_and_verify(reader: sitk.ImageFileReader, other: sitk.ImageFileReader, path: Path) -> sitk.Image:
    """The file is unpacked twice, by ITK and to verify it; ITK lets Python go on, so both take the time of one."""
    with ThreadPoolExecutor(1) as pool:
        verified = pool.submit(verify_voxels, other, path)
        try:
            image = _voxels(reader)
        except BadInputError:
            verified.result()  # knows better what is wrong
            raise
        verified.result()
    return image


def _read_series(series: Series) -> sitk.Image:
    slices, geometry = _arranged(series)
    reader = sitk.ImageSeriesReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileNames([str(s.path) for s in slices])
    if len({(s.scaling, s.signed) for s in slices}) > 1:
        reader.SetOutputPixelType(sitk.sitkFloat32)
    try:
        with quiet():
            image = reader.Execute()
    except (RuntimeError, MemoryError):
        raise BadInputError(_DAMAGED) from None
    if image.GetSize() != geometry.size or image.GetNumberOfComponentsPerPixel() != 1:
        raise BadInputError(_DAMAGED)
    return _plain_numbers(geometry.apply_to(_without_metadata(image)))


def _arranged(series: Series) -> tuple[list[Slice], Geometry]:
    slices, geometry, problems = arrange(series)
    if geometry is None:
        raise BadInputError(next(p.sentence for p in problems if p.severity == ERROR))
    return slices, geometry


def _without_metadata(image: sitk.Image) -> sitk.Image:
    """Tags of a file may hold a name; nothing of them walks on."""
    try:
        for key in image.GetMetaDataKeys():
            image.EraseMetaData(key)
    except (TypeError, UnicodeError):  # SimpleITK cannot handle keys that are no UTF-8; a copy has none
        return Geometry.of(image).apply_to(sitk.GetImageFromArray(sitk.GetArrayViewFromImage(image)))
    return image


def _plain_numbers(image: sitk.Image) -> sitk.Image:
    """int16 where it holds every value of an integer image, else float32."""
    if image.GetPixelID() == sitk.sitkInt16:
        return image
    values = sitk.GetArrayViewFromImage(image)
    if values.dtype.kind == "f":
        if not all(np.isfinite(one).all() for one in values):
            raise BadInputError(NOT_FINITE)
        return sitk.Cast(image, sitk.sitkFloat32)
    fits = values.dtype.itemsize == 1 or (values.min() >= -32768 and values.max() <= 32767)
    return sitk.Cast(image, sitk.sitkInt16 if fits else sitk.sitkFloat32)


def _as_uint8(image: sitk.Image) -> sitk.Image:
    if image.GetPixelID() == sitk.sitkUInt8:
        return image
    values = sitk.GetArrayViewFromImage(image)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 255):
        raise BadInputError(_NO_LABEL)
    small = values.astype(np.uint8)
    if values.dtype.kind == "f" and not np.array_equal(small, values):
        raise BadInputError(_NO_LABEL)
    return Geometry.of(image).apply_to(sitk.GetImageFromArray(small))


def put_onto(image: sitk.Image, geometry: Geometry) -> sitk.Image:
    """The voxels of a label that lies on the lattice of `geometry`, in its order; 0 where the label has none."""
    order = axis_order(image, geometry)
    if order == AxisOrder():
        return geometry.apply_to(image)
    if order is not None:
        voxels = order.apply_to(sitk.GetArrayViewFromImage(image))
        return geometry.apply_to(sitk.GetImageFromArray(voxels))
    nearest = sitk.sitkNearestNeighbor
    return sitk.Resample(
        image, geometry.size, sitk.Transform(), nearest, geometry.origin, geometry.spacing, geometry.direction, 0
    )
