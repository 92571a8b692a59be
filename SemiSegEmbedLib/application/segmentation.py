"""Between label volumes and MRML segmentations: segments of a study, and snapshots of what was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.slice_views import MADE_ATTRIBUTE
from SemiSegEmbedLib.application.snapshot import Layer, Snapshot, drawn_box, finished_last
from SemiSegEmbedLib.application.volumes import RAS_TO_LPS, grid_of, image_of, matrix_above
from SemiSegEmbedLib.study.presets import CATEGORY, side_code
from SemiSegEmbedLib.study.records import IGNORE, Code, Label

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


def segment_facts(node: Any, key: str) -> dict[str, Any]:
    """How a segment is called, coloured and meant; see `imaging.write.SegmentEntry`."""
    segment = node.GetSegmentation().GetSegment(key)
    status = slicer.vtkSlicerSegmentationsModuleLogic.GetSegmentStatus(segment)
    return {
        "id": key,
        "name": segment.GetName(),
        "color": segment.GetColor(),
        "terminology": _tag(segment, segment.GetTerminologyEntryTagName()),
        "status": slicer.vtkSlicerSegmentationsModuleLogic.GetSegmentStatusAsMachineReadableString(status),
    }


def _tag(segment: Any, name: str) -> str:
    text = vtk.reference("")
    return str(text) if segment.GetTag(name, text) else ""


def create_segmentation(volume: Any, labels: Sequence[Label], label: Any = None, name: str = "") -> Any:
    """Make a segmentation with one segment a label.

    Args:
        volume: The CT; its geometry becomes the reference geometry.
        labels: Labels of the study.
        label: `Voxels` or a label volume whose values are those of the labels, or None for empty segments.
        name: Name of the new node.

    Returns:
        A `vtkMRMLSegmentationNode` in the scene, placed beside the CT in the subject hierarchy.
    """
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name or f"{volume.GetName()} labels")
    node.SetAttribute(MADE_ATTRIBUTE, "yes")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    fill_segmentation(node, labels, label)
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    if hierarchy is not None:
        parent = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(volume))
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), parent)
    return node


def fill_segmentation(node: Any, labels: Sequence[Label], label: Any = None) -> None:
    """Replace what is drawn in the segments of a segmentation, or add them; see `create_segmentation`.

    Segments that are there keep their place, so that the undo of the Segment Editor brings back what they held.
    """
    segmentation = node.GetSegmentation()
    segmentation.SetSourceRepresentationName(_binary_labelmap())
    # One image shared by all segments is one layer: exclusive labels, and one copy when it is saved.
    shared = None if label is None else _oriented_image(label, labels)
    for entry in labels:
        segment = segmentation.GetSegment(segment_id(entry))
        known = segment is not None
        segment = segment if known else _segment(entry)
        segment.RemoveAllRepresentations(_binary_labelmap())
        segment.SetLabelValue(entry.value)
        if shared is not None:
            segment.AddRepresentation(_binary_labelmap(), shared)
        elif known:
            segment.RemoveRepresentation(_binary_labelmap())
        if not known:
            segmentation.AddSegment(segment, segment_id(entry))


def _binary_labelmap() -> str:
    return slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def _segment(label: Label) -> Any:
    segment = slicer.vtkSegment()
    segment.SetName(label.name)
    segment.SetColor(*(channel / 255 for channel in label.color))
    entry = terminology_entry(label)
    if entry is not None:
        segment.SetTag(segment.GetTerminologyEntryTagName(), entry)
    return segment


def _oriented_image(label: Any, labels: Sequence[Label]) -> Any:
    """The labels of the study in a label volume; any other value, `IGNORE` included, becomes background."""
    voxels = label if isinstance(label, Voxels) else label_voxels_of(label)
    image = image_of(voxels.array, slicer.vtkOrientedImageData())
    scalars = vtk_to_numpy(image.GetPointData().GetScalars())
    known = np.zeros(256, bool)
    known[[0, *(entry.value for entry in labels)]] = True
    unknown = ~known[: int(scalars.max(initial=0)) + 1]
    if unknown.any():
        scalars[unknown[scalars]] = 0
    image.SetGeometryFromImageToWorldMatrix(slicer.util.vtkMatrixFromArray(RAS_TO_LPS @ voxels.grid.ijk_to_lps))
    return image


def label_voxels_of(node: Any) -> Voxels:
    """A loaded label volume as an array, with what it says about partial annotation."""
    array = slicer.util.arrayFromVolume(node).astype(np.uint8, copy=False)
    ignored = array == IGNORE
    if not ignored.any():
        return Voxels(array, grid_of(node))
    whole = ignored.all(axis=(1, 2))
    ignored[whole] = False
    slices = frozenset(int(index) for index in np.flatnonzero(~whole))
    return Voxels(np.where(array == IGNORE, 0, array), grid_of(node), slices, ignored if ignored.any() else None)


def is_empty(node: Any) -> bool:
    """Whether nothing is drawn; copies nothing."""
    segmentation = node.GetSegmentation()
    for index in range(segmentation.GetNumberOfLayers(_binary_labelmap())):
        image = segmentation.GetLayerDataObject(index, _binary_labelmap())
        scalars = None if image is None or image.IsEmpty() else image.GetPointData().GetScalars()
        if scalars is not None and vtk_to_numpy(scalars).max(initial=0) > 0:
            return False
    return True


def take_snapshot(node: Any, volume: Any, labels: Sequence[Label]) -> Snapshot:
    """Copy what is drawn; quick, because only drawn extents are copied.

    Args:
        node: The segmentation.
        volume: Its CT; transforms above the two are respected.
        labels: Labels of the study; segments of other labels are left out.

    Raises:
        BadInputError: One of the two stands under a transform that bends space.
    """
    return copy_layers(node, volume, {segment_id(label): label.value for label in labels})


def copy_layers(node: Any, volume: Any, values: Mapping[str, int]) -> Snapshot:
    """As `take_snapshot`, with any segments: from the id of each to its value in the snapshot.

    Effects of the Segment Editor that ignore its mask, as Logical operators do, make segments overlap. There a
    segment with the status Completed keeps its voxels.
    """
    segmentation = node.GetSegmentation()
    to_volume = np.linalg.inv(matrix_above(volume)) @ matrix_above(node)
    layers = []
    for index in range(segmentation.GetNumberOfLayers(_binary_labelmap())):
        image = segmentation.GetLayerDataObject(index, _binary_labelmap())
        ids = segmentation.GetSegmentIDsForLayer(index, _binary_labelmap())
        wanted = {segmentation.GetSegment(key).GetLabelValue(): values[key] for key in ids if key in values}
        layer = _layer(image, volume, wanted, to_volume) if wanted else None
        if layer is not None:
            layers.append(layer)
    if len(layers) > 1:
        layers = finished_last(layers, {values[key] for key in values if is_finished(segmentation.GetSegment(key))})
    return Snapshot(grid_of(volume), tuple(layers))


def is_finished(segment: Any) -> bool:
    """Whether the status of a segment in the editor's table is "Completed"; None is no segment."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    return segment is not None and logic.GetSegmentStatus(segment) == logic.Completed


def _layer(image: Any, volume: Any, values: dict[int, int], to_volume: np.ndarray) -> Layer | None:
    """A copy of what is drawn in one labelmap; `to_volume` is 4x4, from its RAS to that of the CT."""
    if image is None or image.IsEmpty() or image.GetPointData().GetScalars() is None:
        return None
    offset = _offset(image, volume, to_volume)
    if offset is None:
        image, offset = _resampled(image, volume, to_volume), (0, 0, 0)
    low_x, high_x, low_y, high_y, low_z, high_z = image.GetExtent()
    shape = (high_z - low_z + 1, high_y - low_y + 1, high_x - low_x + 1)
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape)
    box = drawn_box(voxels)
    if box is None:
        return None
    corner = [offset[2] + low_z, offset[1] + low_y, offset[0] + low_x]
    z, y, x = (begin + part.start for begin, part in zip(corner, box, strict=True))
    return Layer(voxels[box].copy(), (z, y, x), values)


def _image_to_ras(image: Any) -> np.ndarray:
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def _offset(image: Any, volume: Any, to_volume: np.ndarray) -> tuple[int, int, int] | None:
    """Index in the CT of the layer's voxel (0, 0, 0), or None when the grids do not fall on each other."""
    ijk_to_ras = RAS_TO_LPS @ grid_of(volume).ijk_to_lps
    between = np.linalg.inv(ijk_to_ras) @ to_volume @ _image_to_ras(image)
    shift = between[:3, 3]
    size = max(volume.GetImageData().GetDimensions())
    aligned = np.allclose(between[:3, :3], np.eye(3), atol=_TOLERANCE_VOXELS / size)
    if not aligned or not np.allclose(shift, np.round(shift), atol=100 * _TOLERANCE_VOXELS):
        return None
    return round(shift[0]), round(shift[1]), round(shift[2])


def _resampled(image: Any, volume: Any, to_volume: np.ndarray) -> Any:
    moved, reference, result = (slicer.vtkOrientedImageData() for _ in range(3))
    moved.ShallowCopy(image)
    moved.SetGeometryFromImageToWorldMatrix(slicer.util.vtkMatrixFromArray(to_volume @ _image_to_ras(image)))
    reference.SetExtent(volume.GetImageData().GetExtent())
    to_ras = slicer.util.vtkMatrixFromArray(RAS_TO_LPS @ grid_of(volume).ijk_to_lps)
    reference.SetGeometryFromImageToWorldMatrix(to_ras)
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(moved, reference, result, False)
    return result
