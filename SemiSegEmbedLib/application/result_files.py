"""A result in the scene as files: NIfTI, segmentation, or one surface a segment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.image_files import unused_path
from SemiSegEmbedLib.application.result_scene import make_surfaces
from SemiSegEmbedLib.application.scene import waiting
from SemiSegEmbedLib.application.segmentation import take_snapshot
from SemiSegEmbedLib.application.volumes import add_volume, remove_node
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.files import atomic_writer
from SemiSegEmbedLib.study.records import Label

VOLUMES = ("nii.gz", "seg.nrrd")
SURFACES = {"stl": vtk.vtkSTLWriter, "obj": vtk.vtkOBJWriter, "ply": vtk.vtkPLYWriter}
FORMATS = (*VOLUMES, *SURFACES)


def export_result(
    node: Any, labels: tuple[Label, ...], folder: Path, file_format: str, smoothing: float
) -> list[Path]:
    """Write a segmentation as it is in the scene now, corrections included.

    Args:
        node: The segmentation.
        labels: What its segments are called.
        folder: Where to write; a file of the same name is never written over.
        file_format: One of `FORMATS`; surfaces are in LPS millimetres, one file for each segment that is not empty.
        smoothing: Of surfaces, see `make_surfaces`.

    Returns:
        The files.

    Raises:
        SemiSegEmbedError: Nothing is drawn, or nothing could be written.
    """
    with waiting():
        if file_format in SURFACES:
            return _write_surfaces(node, folder, file_format, smoothing)
        path = unused_path(folder, node.GetName(), f".{file_format}")
        if file_format == "seg.nrrd":
            _write(path, lambda name: _store(slicer.vtkMRMLSegmentationStorageNode(), node, name))
        else:
            _write_label(node, labels, path)
        return [path]


def _write_label(node: Any, labels: tuple[Label, ...], path: Path) -> None:
    """One volume on the grid of the CT, with the values of the labels."""
    volume = node.GetNodeReference(slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole())
    if volume is None:
        raise SemiSegEmbedError(_("The CT of this result is no longer loaded: show the result again."))
    snapshot = take_snapshot(node, volume, labels)
    label = add_volume(Voxels(snapshot.label_volume(), snapshot.grid), "export", labelmap=True)
    try:
        _write(path, lambda name: _store(slicer.vtkMRMLVolumeArchetypeStorageNode(), label, name))
    finally:
        remove_node(label)


def _store(storage: Any, node: Any, name: str) -> bool:
    storage.SetFileName(name)
    storage.SetUseCompression(True)
    return bool(storage.WriteData(node))


def _write_surfaces(node: Any, folder: Path, file_format: str, smoothing: float) -> list[Path]:
    make_surfaces(node, smoothing)
    written = []
    segmentation = node.GetSegmentation()
    for segment_id in segmentation.GetSegmentIDs():
        surface = vtk.vtkPolyData()
        if node.GetClosedSurfaceRepresentation(segment_id, surface) and surface.GetNumberOfPoints():
            name = f"{node.GetName()} {segmentation.GetSegment(segment_id).GetName()}"
            path = unused_path(folder, name, f".{file_format}")
            _write(path, lambda target, surface=surface: _write_surface(surface, target, SURFACES[file_format]()))
            written.append(path)
    if not written:
        raise SemiSegEmbedError(_("This result is empty: there is no surface to write."))
    return written


def _write_surface(surface: Any, name: str, writer: Any) -> bool:
    """Slicer's world is RAS; files are LPS, as other programs expect them."""
    to_lps = vtk.vtkTransform()
    to_lps.Scale(-1.0, -1.0, 1.0)
    turned = vtk.vtkTransformPolyDataFilter()
    turned.SetInputData(surface)
    turned.SetTransform(to_lps)
    writer.SetInputConnection(turned.GetOutputPort())
    writer.SetFileName(name)
    return bool(writer.Write())


def _write(path: Path, write: Any) -> None:
    with atomic_writer(path) as temporary:
        # Storage nodes choose the format by the ending, which a temporary name lacks.
        named = temporary.with_name(f"{temporary.name}.{path.name}")
        try:
            if not write(str(named)) or not named.is_file():
                raise SemiSegEmbedError(_("The file could not be written: choose another folder."))
            named.replace(temporary)
        finally:
            named.unlink(missing_ok=True)
