"""The surface deviation score of a patient: how far common shapes are from its bones (paper, Appendix C).

The paper scores the Hausdorff distance (95th percentile) between the manual segmentation and one derived from a
statistical shape model. Here the model's first modes are fitted to the patient's own meshes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import cKDTree

from SemiSegEmbedLib.phantom.anatomy import Skeleton
from SemiSegEmbedLib.phantom.implants import neck_cut
from SemiSegEmbedLib.phantom.parameters import Patient
from SemiSegEmbedLib.phantom.shape import load_shape_model

MODES_OF_FIT = 10
"""Of the model's 25, so that the model's own patients deviate from the fit too."""
ITERATIONS = 3
BODIES = {"hip_left": "pelvis", "hip_right": "pelvis", "femur_left": "femur_left", "femur_right": "femur_right"}
"""Bones of the paper's object, and which of them move together."""


def fit_shape(bones: Mapping[str, np.ndarray], modes: int = MODES_OF_FIT) -> dict[str, np.ndarray]:
    """The least-squares fit of the model's mean and first modes to posed bones.

    Each body has its own similarity transform, all share the weights of the modes. A step takes the best transforms
    for the weights, then the best weights to first order in weights and transforms together (variable projection).

    Args:
        bones: The four bones' vertices (V, 3) mm in the order of the model's.
        modes: How many modes the fit may use.

    Returns:
        The fit's vertices in the same frame.
    """
    mean, shapes = _model(modes)
    weights = np.zeros(modes)
    for _ in range(ITERATIONS):
        model = {name: mean[name] + np.tensordot(weights, shapes[name], 1) for name in bones}
        placed = _transforms(model, bones)
        normal, right = np.zeros((modes, modes)), np.zeros(modes)
        for body, (scale, rotation, shift) in placed.items():
            names = [name for name, of in BODIES.items() if of == body]
            points = np.concatenate([model[name] for name in names])
            rest = np.concatenate([(bones[name] - shift) @ rotation / scale for name in names]) - points
            rows = np.concatenate([shapes[name] for name in names], axis=1).reshape(modes, -1).T
            moves = np.linalg.qr(_moves(points))[0]
            rows = rows - moves @ (moves.T @ rows)
            normal += rows.T @ rows
            right += rows.T @ rest.ravel()
        weights = weights + np.linalg.solve(normal, right)
    model = {name: mean[name] + np.tensordot(weights, shapes[name], 1) for name in bones}
    placed = _transforms(model, bones)
    return {name: _apply(placed[BODIES[name]], model[name]) for name in bones}


def surface_deviation(patient: Patient, skeleton: Skeleton, modes: int = MODES_OF_FIT) -> float:
    """HD95 in mm (larger of the directed 95th percentiles) between a patient's hip bones and femora and their fit.

    Distances run from vertices to the nearest vertex or face centre, about 1.5 mm apart, inside the field of view.
    Bone that a surgeon took away is missing on the patient's side and present in the fit, as in a label.
    """
    bones = {name: skeleton.bones[name].vertices for name in BODIES}
    fitted = fit_shape(bones, modes)
    bottom = min(hip.head[2] for hip in skeleton.hips.values()) - patient.below_mm
    own: list[tuple[np.ndarray, np.ndarray]] = []
    model: list[tuple[np.ndarray, np.ndarray]] = []
    for name in BODIES:
        faces = skeleton.bones[name].faces
        cut = neck_cut(patient, skeleton, name.removeprefix("femur_")) if name.startswith("femur") else None
        for vertices, points in ((bones[name], own), (fitted[name], model)):
            gone = vertices[:, 2] <= bottom
            if cut is not None and points is own:
                gone |= (vertices - cut.point) @ cut.normal >= 0
            points.append((vertices[~gone], vertices[faces[~gone[faces].any(1)]].mean(1)))
    (a, a_faces), (b, b_faces) = (map(np.concatenate, zip(*points, strict=True)) for points in (own, model))
    to_fit = cKDTree(np.concatenate([b, b_faces])).query(a)[0]
    to_patient = cKDTree(np.concatenate([a, a_faces])).query(b)[0]
    return float(max(np.percentile(to_fit, 95), np.percentile(to_patient, 95)))


def _model(modes: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Mean (V, 3) and modes (modes, V, 3) of the four bones; the right femur is the left one mirrored."""
    model = load_shape_model()
    mirror = np.array([-1.0, 1.0, 1.0])
    mean = {name: model.mean[name] for name in ("hip_left", "hip_right", "femur_left")}
    shapes = {name: model.modes[name][:modes] for name in mean}
    mean["femur_right"] = mean["femur_left"] * mirror
    shapes["femur_right"] = shapes["femur_left"] * mirror
    return mean, shapes


def _moves(points: np.ndarray) -> np.ndarray:
    """What a small similarity does to points (N, 3): (3N, 7), rotations about the axes, scale, shifts."""
    columns = [np.cross(axis, points) for axis in np.eye(3)] + [points]
    columns += [np.broadcast_to(axis, points.shape) for axis in np.eye(3)]
    return np.stack([column.ravel() for column in columns], axis=1)


def _transforms(
    model: Mapping[str, np.ndarray], bones: Mapping[str, np.ndarray]
) -> dict[str, tuple[float, np.ndarray, np.ndarray]]:
    """The similarity of each body that brings the model closest to the bones (Umeyama, 1991)."""
    found = {}
    for body in dict.fromkeys(BODIES.values()):
        names = [name for name, of in BODIES.items() if of == body]
        source = np.concatenate([model[name] for name in names])
        target = np.concatenate([bones[name] for name in names])
        middle, goal = source.mean(0), target.mean(0)
        u, stretch, v = np.linalg.svd((target - goal).T @ (source - middle))
        sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ v))])
        rotation = (u * sign) @ v
        scale = float((stretch * sign).sum() / ((source - middle) ** 2).sum())
        found[body] = (scale, rotation, goal - scale * rotation @ middle)
    return found


def _apply(transform: tuple[float, np.ndarray, np.ndarray], points: np.ndarray) -> np.ndarray:
    scale, rotation, shift = transform
    return scale * points @ rotation.T + shift
