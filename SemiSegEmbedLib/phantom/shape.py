"""The statistical shape model of the hip and the triangle meshes it gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import sparse

MODEL_FILE = Path(__file__).with_name("data") / "hip_shape_model.npz"
MODE_COUNT = 25
BONES = ("hip_left", "hip_right", "femur_left", "femur_right", "sacrum")
LABEL_VALUES = {name: value for value, name in enumerate(BONES, start=1)}
# The sacrum's mesh is as fine as the others are after one subdivision.
_SUBDIVIDED = ("hip_left", "hip_right", "femur_left")


@dataclass(frozen=True, eq=False)
class Mesh:
    """A watertight triangle mesh: vertices (V, 3) in mm, LPS order (x, y, z); faces (F, 3) turned outward."""

    vertices: np.ndarray
    faces: np.ndarray

    def normals(self) -> np.ndarray:
        """Unit outward normals at the vertices, (V, 3)."""
        corners = self.vertices[self.faces]
        face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        total = np.stack(
            [
                np.bincount(self.faces.ravel(), np.repeat(face_normals[:, axis], 3), len(self.vertices))
                for axis in range(3)
            ],
            axis=1,
        )
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)

    def moved(self, vertices: np.ndarray) -> Mesh:
        """The same triangles with other vertex positions."""
        return Mesh(vertices, self.faces)


@dataclass(frozen=True, eq=False)
class ShapeModel:
    """Mean and modes per bone, already subdivided; frame as the file's: LPS mm, origin between the hip joints.

    Attributes:
        mean: Bone name to (V, 3) mm; the femur lies in its own frame, its head at the origin.
        modes: Bone name to (25, V, 3) mm per standard deviation.
        faces: Bone name to (F, 3).
        joint_centres: "left" and "right" to (3,) mm, in the pelvis's frame.
        acetabulum: "left" and "right" to vertex indices near the socket.
        head: Vertex indices of the femoral head.
    """

    mean: dict[str, np.ndarray]
    modes: dict[str, np.ndarray]
    faces: dict[str, np.ndarray]
    joint_centres: dict[str, np.ndarray]
    acetabulum: dict[str, np.ndarray]
    head: np.ndarray

    def bone(self, name: str, weights: np.ndarray) -> np.ndarray:
        """Vertices (V, 3) of a bone of the file for 25 weights in standard deviations."""
        return self.mean[name] + np.tensordot(weights, self.modes[name], 1)


def fit_sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Least-squares sphere through points (N, 3): centre (3,) and radius."""
    system = np.c_[2 * points, np.ones(len(points))]
    solution = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


def loop_subdivision(faces: np.ndarray, vertex_count: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """One step of Loop's subdivision of a closed mesh as a matrix.

    Args:
        faces: (F, 3) vertex indices; every edge is shared by two faces.
        vertex_count: V.

    Returns:
        (V + E, V) matrix from old to new vertices, whose first V rows are the old vertices, and (4F, 3) faces.

    Source: C. Loop, Smooth Subdivision Surfaces Based on Triangles, 1987, with Warren's vertex weights.
    """
    start = faces.ravel()
    end = np.roll(faces, -1, axis=1).ravel()
    opposite = np.roll(faces, 1, axis=1).ravel()
    edges, edge_of = np.unique(np.sort(np.stack([start, end], 1), axis=1), axis=0, return_inverse=True)
    edge_of = edge_of.ravel()
    edge_count = len(edges)
    rows = np.concatenate([np.repeat(np.arange(edge_count), 2), edge_of])
    columns = np.concatenate([edges.ravel(), opposite])
    values = np.concatenate([np.full(2 * edge_count, 3 / 8), np.full(len(opposite), 1 / 8)])
    new = sparse.csr_matrix((values, (rows, columns)), shape=(edge_count, vertex_count))
    neighbours = sparse.csr_matrix(
        (np.ones(2 * edge_count), (edges.T.ravel(), edges[:, ::-1].T.ravel())), shape=(vertex_count, vertex_count)
    )
    valence = np.asarray(neighbours.sum(1)).ravel()
    beta = np.where(valence == 3, 3 / 16, 3 / (8 * np.maximum(valence, 1)))
    old = sparse.diags(1 - valence * beta) + sparse.diags(beta) @ neighbours
    middle = edge_of.reshape(-1, 3) + vertex_count
    a, b, c = faces.T
    ab, bc, ca = middle.T
    children = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])
    return sparse.vstack([old, new]).tocsr(), children


@lru_cache(maxsize=1)
def load_shape_model() -> ShapeModel:
    """The packaged shape model (see data/NOTICE.txt), its coarse meshes subdivided once; read once a process."""
    with np.load(MODEL_FILE) as file:
        stored = {name: file[name] for name in file.files}
    mean, modes, faces = {}, {}, {}
    for name in ("hip_left", "hip_right", "sacrum", "femur_left"):
        mean[name] = stored[f"{name}_mean"].astype(np.float64)
        modes[name] = stored[f"{name}_modes"].astype(np.float64)
        faces[name] = stored[f"{name}_faces"].astype(np.int64)
        if name in _SUBDIVIDED:
            matrix, faces[name] = loop_subdivision(faces[name], len(mean[name]))
            mean[name] = matrix @ mean[name]
            modes[name] = np.stack([matrix @ mode for mode in modes[name]])
    return ShapeModel(
        mean=mean,
        modes=modes,
        faces=faces,
        joint_centres={s: stored[f"hip_{s}_hip_joint_centre"].astype(np.float64) for s in ("left", "right")},
        acetabulum={s: stored[f"hip_{s}_acetabulum_vertices"].astype(np.int64) for s in ("left", "right")},
        head=stored["femur_left_head_vertices"].astype(np.int64),
    )
