"""Surfaces of segments as 3D Slicer makes them, for other programs.

The only file outside `application` that needs VTK. 3D Slicer's own Python has it; elsewhere it is the package `vtk`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.errors import SemiSegEmbedError

try:
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk
except ImportError as error:
    raise SemiSegEmbedError("Surfaces need the Python package vtk: install it, or export in 3D Slicer.") from error

SURFACE_FORMATS = ("stl", "obj", "ply")


def segment_surface(mask: np.ndarray, ijk_to_lps: np.ndarray, smoothing: float) -> Any:
    """The closed surface of a segment, triangles in the same places as 3D Slicer's closed surface representation.

    Discrete flying edges between voxel centres, then a windowed sinc filter in voxel coordinates whose pass band and
    number of iterations follow from the smoothing factor as in Slicer's conversion rule (Slicer user guide,
    "Segmentations", closed surface conversion: 10^(-4 s) and 20 + 40 s).

    Args:
        mask: Where the segment is, bool (z, y, x).
        ijk_to_lps: 4x4, from indices (x, y, z) of the mask to LPS in mm.
        smoothing: 0 (every voxel shows) to 1.

    Returns:
        `vtkPolyData` in LPS mm with normals that point outwards; without points where the mask is empty.
    """
    contour = vtk.vtkDiscreteFlyingEdges3D()
    # A margin of one voxel closes surfaces at the edge of the scan.
    contour.SetInputData(_image(np.pad(mask, 1).astype(np.uint8)))
    contour.ComputeGradientsOff()
    contour.ComputeNormalsOff()
    contour.ComputeScalarsOff()
    contour.SetValue(0, 1)
    last: Any = contour
    if smoothing > 0:
        last = vtk.vtkWindowedSincPolyDataFilter()
        last.SetInputConnection(contour.GetOutputPort())
        last.SetNumberOfIterations(int(20 + 40 * smoothing))
        last.SetPassBand(10.0 ** (-4.0 * smoothing))
        last.BoundarySmoothingOff()
        last.FeatureEdgeSmoothingOff()
        last.NonManifoldSmoothingOn()
        last.NormalizeCoordinatesOn()
    return _placed(last, ijk_to_lps)


def _image(voxels: np.ndarray) -> Any:
    """An image whose coordinates are the indices of the mask, which begins one voxel further in."""
    image = vtk.vtkImageData()
    image.SetDimensions(*reversed(voxels.shape))
    image.SetOrigin(-1.0, -1.0, -1.0)
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.reshape(-1), deep=True))
    return image


def _placed(source: Any, ijk_to_lps: np.ndarray) -> Any:
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(ijk_to_lps, float).reshape(-1).tolist())
    transform = vtk.vtkTransform()
    transform.SetMatrix(matrix)
    moved = vtk.vtkTransformPolyDataFilter()
    moved.SetInputConnection(source.GetOutputPort())
    moved.SetTransform(transform)
    last: Any = moved
    if matrix.Determinant() < 0:
        # Mirrored triangles would show their inside.
        last = vtk.vtkReverseSense()
        last.SetInputConnection(moved.GetOutputPort())
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputConnection(last.GetOutputPort())
    normals.ConsistencyOff()
    normals.SplittingOff()
    normals.Update()
    return normals.GetOutput()


def write_surface(surface: Any, path: Path) -> None:
    """Write a surface; the ending says in which of `SURFACE_FORMATS`, all of them binary where the format can be.

    Raises:
        SemiSegEmbedError: The disk is full, and the like.
    """
    writer = {"stl": vtk.vtkSTLWriter, "obj": vtk.vtkOBJWriter, "ply": vtk.vtkPLYWriter}[path.suffix[1:]]()
    if path.suffix == ".stl":
        writer.SetFileTypeToBinary()
    writer.SetInputData(surface)
    writer.SetFileName(str(path))
    if not writer.Write() or not path.is_file():
        raise SemiSegEmbedError("The surface could not be written: free some disk space and try again.")
