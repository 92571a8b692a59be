"""Volumes into and out of the MRML scene: from files, from arrays, and back to plain arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import get_vtk_array_type, vtk_to_numpy

from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.label_file import Grid
from SemiSegEmbedLib.errors import BadInputError

CASE_ATTRIBUTE = "SemiSegEmbed.case"
"""Names the case on the CT that the module loaded for it."""
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_RIGHT_ANGLE_TOLERANCE = 1e-4


def load_volume(path: Path, name: str) -> Any:
    """Load a CT from a file or a DICOM folder without showing it; `BadInputError` if that fails."""
    files = [path]
    if path.is_dir():
        files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    if not files or not files[0].exists():
        text = _("The CT {name} is not where it was: put it back, or say where it lies with Locate.")
        raise BadInputError(text.format(name=path.name))
    try:
        return slicer.util.loadVolume(str(files[0]), {"name": name, "show": False, "singleFile": not path.is_dir()})
    except RuntimeError as error:
        text = _("The CT {name} could not be read: check the file or add it again.")
        raise BadInputError(text.format(name=path.name)) from error


def load_label(path: Path) -> Any:
    """Load a label volume without showing it; `BadInputError` if that fails."""
    try:
        return slicer.util.loadLabelVolume(str(path), {"show": False, "singleFile": True})
    except RuntimeError as error:
        text = _("The label {name} could not be read: restore it from an earlier version.")
        raise BadInputError(text.format(name=path.name)) from error


def add_volume(voxels: Voxels, name: str, labelmap: bool = False) -> Any:
    """Put an array into the scene as a volume without showing it.

    Args:
        voxels: The array is copied.
        name: Of the node.
        labelmap: Make a label map volume.
    """
    return add_image(image_of(voxels.array, vtk.vtkImageData()), voxels.grid, name, labelmap)


def add_image(image: Any, grid: Grid, name: str, labelmap: bool = False) -> Any:
    """Put a `vtkImageData` into the scene as a volume without showing it, in no time.

    The study keeps its voxels, so the node is not saved with the scene.
    """
    kind = "vtkMRMLLabelMapVolumeNode" if labelmap else "vtkMRMLScalarVolumeNode"
    node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    node.SetSaveWithScene(False)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(RAS_TO_LPS @ grid.ijk_to_lps))
    node.CreateDefaultDisplayNodes()
    if not labelmap:
        # Before the voxels are there: finding a window for 100 million of them takes a second.
        node.GetDisplayNode().SetAutoWindowLevel(False)
    node.SetAndObserveImageData(image)
    return node


def image_of(array: np.ndarray, image: Any) -> Any:
    """Fill a `vtkImageData`, or a class made from it, with a copy of an array (z, y, x)."""
    np.copyto(allocate(image, array), array)
    return image


def allocate(image: Any, array: np.ndarray) -> np.ndarray:
    """Give a `vtkImageData` memory for an array (z, y, x), in no time; what is returned writes into it.

    Its memory may be filled in a thread as long as the image is kept and shown nowhere.
    """
    image.SetDimensions(*reversed(array.shape))
    image.AllocateScalars(get_vtk_array_type(array.dtype), 1)
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(array.shape)


def grid_of(volume: Any) -> Grid:
    """The voxel grid of a volume node, as it was loaded: without a transform above it."""
    columns, rows, slices = volume.GetImageData().GetDimensions()
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return Grid((slices, rows, columns), RAS_TO_LPS @ slicer.util.arrayFromVTKMatrix(matrix))


def matrix_above(node: Any) -> np.ndarray:
    """4x4, RAS to RAS: what the transforms above a node make of it.

    Raises:
        BadInputError: One of them bends space.
    """
    transform = node.GetParentTransformNode()
    if transform is None:
        return np.eye(4)
    if not transform.IsTransformToWorldLinear():
        text = _("{name} stands under a transform that bends it: take it out of the transform, then try again.")
        raise BadInputError(text.format(name=node.GetName()))
    matrix = vtk.vtkMatrix4x4()
    transform.GetMatrixTransformToWorld(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def loaded_voxels(volume: Any) -> tuple[np.ndarray, Grid]:
    """The voxels of a loaded volume, and their grid where the volume is seen; copies nothing.

    A transform above the volume that moves or turns it is part of the grid. The voxels stay in memory as long as the
    array is kept, so that `as_hu` may copy them in a thread.

    Raises:
        BadInputError: It is empty or no scalar 3-D volume, or a transform above it shears or bends it.
    """
    name = volume.GetName()
    image = volume.GetImageData()
    if image is None or image.GetNumberOfScalarComponents() != 1 or min(image.GetDimensions()) < 2:
        raise BadInputError(_("{name} is not a 3-D volume of one value a voxel: choose a CT.").format(name=name))
    grid = grid_of(volume)
    seen = RAS_TO_LPS @ matrix_above(volume) @ RAS_TO_LPS @ grid.ijk_to_lps
    axes = seen[:3, :3] / np.linalg.norm(seen[:3, :3], axis=0)
    if not np.allclose(axes.T @ axes, np.eye(3), atol=_RIGHT_ANGLE_TOLERANCE):
        text = _("{name} stands under a transform that shears it: take it out of the transform first.")
        raise BadInputError(text.format(name=name))
    return slicer.util.arrayFromVolume(volume), Grid(grid.shape, seen)


def as_hu(voxels: np.ndarray) -> np.ndarray:
    """A copy as int16 HU, rounded where need be; touches neither MRML nor Qt."""
    copy = np.empty(voxels.shape, np.int16)
    for source, target in zip(voxels, copy, strict=True):
        # Slice by slice: the temporary arrays stay small.
        target[...] = source if source.dtype == np.int16 else np.clip(np.rint(source), -32768, 32767)
    return copy


def unchanged_file(volume: Any) -> Path | None:
    """The file that a loaded volume came from, if the volume still is what the file holds; else None."""
    storage = volume.GetStorageNode()
    if storage is None or storage.GetFileName() is None or storage.GetNumberOfFileNames() > 1:
        return None
    path = Path(storage.GetFileName())
    if not path.is_file() or volume.GetModifiedSinceRead() or volume.GetParentTransformNode() is not None:
        return None
    return path


def remove_node(node: Any) -> None:
    """Take a node out of the scene, with its display and storage; None and absent ones are ignored."""
    if node is None or not slicer.mrmlScene.IsNodePresent(node):
        return
    helpers = [node.GetDisplayNode(), node.GetStorageNode()]
    # The node itself first: a slice view that still shows it would give it a new display node.
    for entry in (node, *helpers):
        if entry is not None and slicer.mrmlScene.IsNodePresent(entry):
            slicer.mrmlScene.RemoveNode(entry)
