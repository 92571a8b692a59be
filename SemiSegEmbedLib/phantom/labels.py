"""Labels from meshes: a voxel is a bone where its centre lies inside the bone's mesh."""

from __future__ import annotations

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Skeleton
from SemiSegEmbedLib.phantom.implants import neck_cut
from SemiSegEmbedLib.phantom.parameters import Patient
from SemiSegEmbedLib.phantom.shape import BONES, LABEL_VALUES, Mesh
from SemiSegEmbedLib.phantom.voxels import Grid, voxelise

FOREGROUND = (1, 2, 3, 4)
"""Values of the paper's object: hip bones and femora; the sacrum is background."""


def bone_box(mesh: Mesh, grid: Grid) -> tuple[slice, slice, slice]:
    """The part of a grid that holds a mesh, two voxels wider on each side."""
    pad = np.array([2.0 * s for s in grid.spacing[::-1]])
    return grid.box(mesh.vertices.min(0) - pad, mesh.vertices.max(0) + pad)


def paint_label(label: np.ndarray, part: Grid, patient: Patient, skeleton: Skeleton, name: str) -> np.ndarray | float:
    """Give a bone its voxels of a label, in place; voxels that another bone has stay as they are.

    Args:
        label: uint8, on the grid `part`.
        part: Where the bone lies.
        patient: Says whether a surgeon cut the neck of the femur.
        skeleton: Meshes and landmarks.
        name: Of the bone.

    Returns:
        The share of each voxel that the surgeon left; 1 for a bone that was not cut.
    """
    cut = neck_cut(patient, skeleton, name.removeprefix("femur_")) if name.startswith("femur") else None
    kept = 1.0 if cut is None else cut.kept(part)
    mask = voxelise(skeleton.bones[name], part) & (label == 0) & np.asarray(kept >= 0.5)
    label[mask] = LABEL_VALUES[name]
    return kept


def paint_labels(grid: Grid, patient: Patient, skeleton: Skeleton) -> np.ndarray:
    """The label of all bones, uint8 (D, H, W): the one that `render` gives, without the image."""
    label = np.zeros(grid.shape, np.uint8)
    for name in BONES:
        box = bone_box(skeleton.bones[name], grid)
        part = grid.part(box)
        if min(part.shape):
            paint_label(label[box], part, patient, skeleton, name)
    return label


def foreground(label: np.ndarray, *, sacrum: bool = False) -> np.ndarray:
    """The paper's binary label of a label of five bones, uint8; on request with the sacrum."""
    return np.isin(label, (*FOREGROUND, LABEL_VALUES["sacrum"]) if sacrum else FOREGROUND).astype(np.uint8)
