"""The bones of a patient: shape, pose, joint, pathology of the surface; and the landmarks soft tissue hangs on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.shape import Mesh, fit_sphere, load_shape_model

SIDES = ("left", "right")
_SACROILIAC_GAP_MM = 1.5


@dataclass(frozen=True, eq=False)
class Hip:
    """One side's landmarks, all (3,) in LPS mm; `out` is +1 on the left and -1 on the right."""

    out: float
    head: np.ndarray
    head_radius: float
    socket: np.ndarray
    shaft: np.ndarray
    neck: np.ndarray
    greater_trochanter: np.ndarray
    lesser_trochanter: np.ndarray
    spine: np.ndarray
    crest: np.ndarray
    ischium: np.ndarray
    pubis: np.ndarray


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Posed meshes by bone name, both hips' landmarks and joint gaps (mm), promontory and back of the sacrum."""

    bones: dict[str, Mesh]
    hips: dict[str, Hip]
    gaps: dict[str, float]
    promontory: np.ndarray
    sacrum_back: np.ndarray


def wave_field(rng: np.random.Generator, wavelength_mm: float, waves: int = 24):
    """A smooth random vector field of unit root mean square: a sum of plane waves; points (N, 3) to (N, 3)."""
    directions = rng.standard_normal((waves, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    vectors = 2 * np.pi * directions / (wavelength_mm * rng.uniform(0.7, 1.5, (waves, 1)))
    phases = rng.uniform(0, 2 * np.pi, waves)
    amplitudes = rng.standard_normal((waves, 3)) * np.sqrt(2.0 / waves)
    return lambda points: np.cos(points @ vectors.T + phases) @ amplitudes


def _smooth_step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def _rotate(vertices: np.ndarray, angles_deg: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Rotate each vertex by its weight's share of a rotation vector given in degrees."""
    return Rotation.from_rotvec(np.deg2rad(angles_deg) * weights[:, None]).apply(vertices)


def _femur(patient: Patient, weights: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The femur of one side around its head's centre: vertices, faces and the head's radius."""
    model = load_shape_model()
    vertices = model.bone("femur_left", weights) * patient.scale
    centre, radius = fit_sphere(vertices[model.head])
    vertices = vertices - centre
    # Bending between head and trochanters changes the neck's angles and leaves the head and shaft as they are.
    bend = _smooth_step(np.linalg.norm(vertices, axis=1), 1.0 * radius, 2.6 * radius)
    vertices = _rotate(vertices, np.array([0.0, patient.neck_shaft_deg[side], 0.0]), bend)
    vertices = _rotate(vertices, np.array([0.0, 0.0, patient.anteversion_deg[side]]), bend)
    pose = (
        Rotation.from_euler("z", patient.rotation_deg[side], degrees=True)
        * Rotation.from_euler("y", -patient.abduction_deg[side], degrees=True)
        * Rotation.from_euler("x", -patient.flexion_deg[side], degrees=True)
    )
    vertices = pose.apply(vertices)
    faces = model.faces["femur_left"]
    if side == 1:
        vertices, faces = vertices * np.array([-1.0, 1.0, 1.0]), faces[:, ::-1]
    return vertices, faces, radius


def _bumps(mesh: Mesh, centres: np.ndarray, heights: np.ndarray, widths: np.ndarray) -> Mesh:
    """Osteophytes: the surface pushed outward in Gaussian bumps around the given points."""
    distance = np.linalg.norm(mesh.vertices[:, None] - centres[None], axis=2)
    height = (heights * np.exp(-0.5 * (distance / widths) ** 2)).sum(1)
    return mesh.moved(mesh.vertices + height[:, None] * mesh.normals())


def _relief(mesh: Mesh, rng: np.random.Generator, amplitude_mm: float) -> Mesh:
    height = wave_field(rng, 14.0, 40)(mesh.vertices)[:, :1]
    return mesh.moved(mesh.vertices + amplitude_mm * height * mesh.normals())


def keep_apart(mesh: Mesh, other: Mesh, gap_mm: float, iterations: int = 4) -> Mesh:
    """Push the vertices of a mesh out of another one, and as far from it as the gap."""
    tree, normals = cKDTree(other.vertices), other.normals()
    vertices = mesh.vertices.copy()
    for _ in range(iterations):
        distance, nearest = tree.query(vertices, distance_upper_bound=14.0)
        close = np.nonzero(np.isfinite(distance))[0]
        normal = normals[nearest[close]]
        height = np.einsum("ij,ij->i", vertices[close] - other.vertices[nearest[close]], normal)
        push = np.clip(gap_mm - height, 0.0, 6.0)
        vertices[close] += push[:, None] * normal
        if not push.any():
            break
    return mesh.moved(vertices)


def _socket(patient: Patient, hip: Mesh, side: int, centre: np.ndarray, head_radius: float) -> tuple[Mesh, float]:
    """Give the socket its joint gap and, with dysplasia, a shallow rim; returns the mesh and the gap."""
    model = load_shape_model()
    out = 1.0 if side == 0 else -1.0
    gap = patient.joint_gap_mm[side] * (1 - 0.75 * patient.arthritis[side]) * (1 + 0.3 * patient.dysplasia[side])
    offset = hip.vertices - centre
    radius = np.linalg.norm(offset, axis=1)
    articular = np.percentile(radius[model.acetabulum[SIDES[side]]], 20)
    shift = np.clip(head_radius + gap - articular, -4.0, 4.0)
    nearby = np.exp(-0.5 * (np.maximum(radius - articular, 0.0) / 7.0) ** 2) * shift
    vertices = hip.vertices + nearby[:, None] * offset / radius[:, None]
    rim = centre + head_radius * np.array([out * 1.0, -0.15, 0.75])
    roof = np.exp(-0.5 * (np.linalg.norm(vertices - rim, axis=1) / 13.0) ** 2) * 11.0 * patient.dysplasia[side]
    vertices = vertices + roof[:, None] * np.array([-out * 0.75, 0.0, 0.65])
    return hip.moved(vertices), gap


def _osteophytes(patient: Patient, side: int, hip: Mesh, femur: Mesh, centre: np.ndarray, radius: float):
    """Arthritic bumps around the socket's rim and the border of the head."""
    grade = patient.arthritis[side]
    if grade == 0:
        return hip, femur
    rng = stream(patient, f"osteophytes {side}")
    out = 1.0 if side == 0 else -1.0
    axis = np.array([out * 0.75, -0.3, -0.55])
    axis /= np.linalg.norm(axis)
    grown = []
    for mesh, reach, along in ((hip, 1.25, 0.35), (femur, 1.0, 0.45)):
        count = rng.integers(5, 10)
        directions = rng.standard_normal((count, 3))
        directions -= np.outer(directions @ axis, axis)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        targets = centre + radius * (reach * directions + along * axis)
        centres = mesh.vertices[cKDTree(mesh.vertices).query(targets)[1]]
        grown.append(_bumps(mesh, centres, grade * rng.uniform(1.5, 6.0, count), rng.uniform(3.0, 6.0, count)))
    return grown[0], grown[1]


def build_skeleton(patient: Patient) -> Skeleton:
    """The five bones of a patient in world LPS mm (origin midway between the sockets) with landmarks."""
    model = load_shape_model()
    weights = np.asarray(patient.shape_weights)
    tilt = Rotation.from_euler(
        "xyz", [-patient.pelvic_tilt_deg, patient.pelvic_obliquity_deg, patient.pelvic_rotation_deg], degrees=True
    )
    bend = wave_field(stream(patient, "deformation"), patient.deformation_wavelength_mm)

    def place(vertices: np.ndarray) -> np.ndarray:
        return vertices + patient.deformation_mm * bend(vertices)

    bones: dict[str, Mesh] = {}
    gaps = {}
    pelvis = {
        name: tilt.apply(model.bone(name, weights) * patient.scale) for name in ("hip_left", "hip_right", "sacrum")
    }
    centres, radii = [], []
    for side, name in enumerate(SIDES):
        vertices, faces, radius = _femur(patient, weights, side)
        out = 1.0 if side == 0 else -1.0
        socket, _ = fit_sphere(pelvis[f"hip_{name}"][model.acetabulum[name]])
        away = np.array([out * 7.0, -1.0, 5.0]) * patient.dysplasia[side] + [0, 0, 1.2 * patient.arthritis[side]]
        centre = socket + away
        hip, gap = _socket(patient, Mesh(pelvis[f"hip_{name}"], model.faces[f"hip_{name}"]), side, centre, radius)
        hip = _relief(hip.moved(place(hip.vertices)), stream(patient, f"relief hip {name}"), patient.roughness_mm)
        femur = Mesh(place(vertices + centre), faces)
        femur = _relief(femur, stream(patient, f"relief femur {name}"), 0.6 * patient.roughness_mm)
        centre = centre + (place(centre[None]) - centre)[0]
        hip, femur = _osteophytes(patient, side, hip, femur, centre, radius)
        bones[f"femur_{name}"] = femur
        bones[f"hip_{name}"] = keep_apart(hip, femur, gap)
        centres.append((centre, socket))
        radii.append(radius)
        gaps[name] = gap
    sacrum = Mesh(place(pelvis["sacrum"]), model.faces["sacrum"])
    sacrum = _relief(sacrum, stream(patient, "relief sacrum"), patient.roughness_mm)
    for name in SIDES:
        sacrum = keep_apart(sacrum, bones[f"hip_{name}"], _SACROILIAC_GAP_MM)
    bones["sacrum"] = sacrum
    hips = {
        name: _hip_landmarks(
            1.0 - 2.0 * side, bones[f"hip_{name}"], bones[f"femur_{name}"], *centres[side], radii[side]
        )
        for side, name in enumerate(SIDES)
    }
    middle = sacrum.vertices[np.abs(sacrum.vertices[:, 0] - sacrum.vertices[:, 0].mean()) < 18.0]
    top = middle[middle[:, 2] > middle[:, 2].max() - 60]
    promontory = top[np.argmin(top[:, 1] - 0.6 * top[:, 2])]
    return Skeleton(bones, hips, gaps, promontory, middle[np.argmax(middle[:, 1])])


def _hip_landmarks(out: float, hip: Mesh, femur: Mesh, head: np.ndarray, socket: np.ndarray, radius: float) -> Hip:
    v, f = hip.vertices, femur.vertices
    level = f[np.abs(f[:, 2] - (head[2] - 100.0)) < 6.0]
    proximal = f[f[:, 2] > head[2] - 45.0]
    trochanter = proximal[np.argmax(out * proximal[:, 0])]
    upper = v[v[:, 2] > head[2] + 40.0]
    shaft = level.mean(0)
    neck = 0.5 * (head + np.array([shaft[0], shaft[1], head[2] - 22.0]))
    lesser = f[np.abs(f[:, 2] - (head[2] - 58.0)) < 8.0]
    return Hip(
        out=out,
        head=head,
        head_radius=radius,
        socket=socket,
        shaft=shaft,
        neck=neck,
        greater_trochanter=trochanter,
        lesser_trochanter=lesser[np.argmax(lesser[:, 1] - out * lesser[:, 0])],
        spine=upper[np.argmin(upper[:, 1])],
        crest=v[np.argmax(v[:, 2])],
        ischium=v[np.argmin(v[:, 2])],
        pubis=v[np.argmin(out * v[:, 0] + 0.5 * v[:, 1])],
    )
