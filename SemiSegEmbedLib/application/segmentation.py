"""Between label volumes and MRML segmentations: segments of a study, and snapshots of what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from SemiSegEmbedLib.application.label_file import Grid
from SemiSegEmbedLib.application.snapshot import Layer, Snapshot
from SemiSegEmbedLib.study.presets import CATEGORY, side_code
from SemiSegEmbedLib.study.records import Code, Label

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_TOLERANCE_VOXELS = 1e-3


def segment_id(label: Label) -> str:
    """The id of the segment of a label; it stays when the segment is renamed."""
    return f"label_{label.value}"


def terminology_entry(label: Label) -> str | None:
    """The term of a label as Slicer stores it in a segment, or None."""
    if label.code is None:
        return None
    terms = (CATEGORY, label.code, side_code(label))
    return "~".join(
        [
            "Segmentation category and type - 3D Slicer General Anatomy list",
            *(_triplet(term) for term in terms),
            "Anatomic codes - DICOM master list",
            "^^",
            "^^",
        ]
    )


def _triplet(code: Code | None) -> str:
    return "^^" if code is None else f"{code.scheme}^{code.value}^{code.meaning}"


def create_segmentation(volume: Any, labels: Sequence[Label], label_node: Any = None, name: str = "") -> Any:
    """Make a segmentation with one segment a label.

    Args:
        volume: The CT; its geometry becomes the reference geometry.
        labels: Labels of the study.
        label_node: A label volume whose values are those of the labels, or None for empty segments.
        name: Name of the new node.

    Returns:
        A `vtkMRMLSegmentationNode` in the scene, placed beside the CT in the subject hierarchy.
    """
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name or f"{volume.GetName()} labels")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    fill_segmentation(node, labels, label_node)
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    if hierarchy is not None:
        parent = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(volume))
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), parent)
    return node


def fill_segmentation(node: Any, labels: Sequence[Label], label_node: Any = None) -> None:
    """Replace all segments of a segmentation; see `create_segmentation`."""
    segmentation = node.GetSegmentation()
    segmentation.RemoveAllSegments()
    representation = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segmentation.SetSourceRepresentationName(representation)
    # One image shared by all segments is one layer: exclusive labels, and one copy when it is saved.
    shared = None if label_node is None else _oriented_image(label_node, labels)
    for label in labels:
        segment = slicer.vtkSegment()
        segment.SetName(label.name)
        segment.SetColor(*(channel / 255 for channel in label.color))
        segment.SetLabelValue(label.value)
        entry = terminology_entry(label)
        if entry is not None:
            segment.SetTag(segment.GetTerminologyEntryTagName(), entry)
        if shared is not None:
            segment.AddRepresentation(representation, shared)
        segmentation.AddSegment(segment, segment_id(label))


def _oriented_image(label_node: Any, labels: Sequence[Label]) -> Any:
    """The labels of the study in a label volume; any other value, `IGNORE` included, becomes background."""
    known = np.zeros(256, np.uint8)
    for label in labels:
        known[label.value] = label.value
    voxels = np.ascontiguousarray(known[slicer.util.arrayFromVolume(label_node).astype(np.uint8)])
    image = slicer.vtkOrientedImageData()
    image.SetExtent(label_node.GetImageData().GetExtent())
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    vtk_to_numpy(image.GetPointData().GetScalars())[:] = voxels.ravel()
    image.SetGeometryFromImageToWorldMatrix(_ijk_to_ras(label_node))
    return image


def _ijk_to_ras(volume: Any) -> Any:
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix


def grid_of(volume: Any) -> Grid:
    """The voxel grid of a volume node."""
    columns, rows, slices = volume.GetImageData().GetDimensions()
    return Grid((slices, rows, columns), _RAS_TO_LPS @ slicer.util.arrayFromVTKMatrix(_ijk_to_ras(volume)))


def take_snapshot(node: Any, volume: Any, labels: Sequence[Label]) -> Snapshot:
    """Copy what is drawn; quick, because only drawn extents are copied.

    Args:
        node: The segmentation.
        volume: Its CT.
        labels: Labels of the study; segments of other labels are left out.
    """
    segmentation = node.GetSegmentation()
    values = {segment_id(label): label.value for label in labels}
    representation = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    layers = []
    for index in range(segmentation.GetNumberOfLayers(representation)):
        image = segmentation.GetLayerDataObject(index, representation)
        ids = segmentation.GetSegmentIDsForLayer(index, representation)
        wanted = {segmentation.GetSegment(key).GetLabelValue(): values[key] for key in ids if key in values}
        layer = _layer(image, volume, wanted) if wanted else None
        if layer is not None:
            layers.append(layer)
    return Snapshot(grid_of(volume), tuple(layers))


def _layer(image: Any, volume: Any, values: dict[int, int]) -> Layer | None:
    if image is None or image.IsEmpty() or image.GetPointData().GetScalars() is None:
        return None
    offset = _offset(image, volume)
    if offset is None:
        image, offset = _resampled(image, volume), (0, 0, 0)
    low_x, high_x, low_y, high_y, low_z, high_z = image.GetExtent()
    shape = (high_z - low_z + 1, high_y - low_y + 1, high_x - low_x + 1)
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape).copy()
    return Layer(voxels, (offset[2] + low_z, offset[1] + low_y, offset[0] + low_x), values)


def _offset(image: Any, volume: Any) -> tuple[int, int, int] | None:
    """Index in the CT of the layer's voxel (0, 0, 0), or None when the grids do not fall on each other."""
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    ras_to_ijk = np.linalg.inv(slicer.util.arrayFromVTKMatrix(_ijk_to_ras(volume)))
    between = ras_to_ijk @ slicer.util.arrayFromVTKMatrix(matrix)
    shift = between[:3, 3]
    size = max(volume.GetImageData().GetDimensions())
    aligned = np.allclose(between[:3, :3], np.eye(3), atol=_TOLERANCE_VOXELS / size)
    if not aligned or not np.allclose(shift, np.round(shift), atol=100 * _TOLERANCE_VOXELS):
        return None
    return round(shift[0]), round(shift[1]), round(shift[2])


def _resampled(image: Any, volume: Any) -> Any:
    reference = slicer.vtkOrientedImageData()
    reference.SetExtent(volume.GetImageData().GetExtent())
    reference.SetGeometryFromImageToWorldMatrix(_ijk_to_ras(volume))
    result = slicer.vtkOrientedImageData()
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(image, reference, result, False)
    return result
