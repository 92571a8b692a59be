import numpy as np
import pytest

from SemiSegEmbedLib.phantom.anatomy import build_skeleton
from SemiSegEmbedLib.phantom.parameters import draw_patient
from SemiSegEmbedLib.phantom.shape import Mesh, load_shape_model
from SemiSegEmbedLib.phantom.voxels import Grid, coverage, depth, voxelise


def winding_number(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    """Slow and independent: the sum of the triangles' solid angles (Van Oosterom and Strackee, 1983)."""
    result = np.zeros(len(points))
    for i, point in enumerate(points):
        a, b, c = (mesh.vertices[mesh.faces[:, k]] - point for k in range(3))
        la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
        numerator = np.einsum("ij,ij->i", a, np.cross(b, c))
        denominator = (
            la * lb * lc
            + np.einsum("ij,ij->i", a, b) * lc
            + np.einsum("ij,ij->i", b, c) * la
            + np.einsum("ij,ij->i", c, a) * lb
        )
        result[i] = 2 * np.arctan2(numerator, denominator).sum() / (4 * np.pi)
    return result


def box_mesh(low: float, high: float) -> Mesh:
    corners = np.array([[x, y, z] for x in (low, high) for y in (low, high) for z in (low, high)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([t for q in quads for t in ((q[0], q[1], q[2]), (q[0], q[2], q[3]))])
    return Mesh(corners, faces)


GRID = Grid((-12.0, -12.0, -12.0), (1.0, 1.0, 1.0), (24, 24, 24))


def test_a_cube_whose_faces_and_edges_lie_on_voxel_centres_is_filled_without_leaks():
    mask = voxelise(box_mesh(-5.0, 5.0), GRID)
    assert mask.sum() == 10**3
    planes = mask.any(axis=(1, 2)).sum(), mask.any(axis=(0, 2)).sum(), mask.any(axis=(0, 1)).sum()
    assert planes == (10, 10, 10)


def test_coverage_of_a_shifted_cube_sums_to_its_volume():
    assert coverage(box_mesh(-4.75, 5.25), GRID, 2).sum() == pytest.approx(1000.0, rel=1e-3)
    face = coverage(box_mesh(-4.75, 5.25), GRID, 2)[12, 12]
    assert face[7] == pytest.approx(0.25, abs=0.01)


def test_depth_is_positive_inside_and_grows_with_one_mm_a_mm():
    mesh = load_shape_model()
    femur = Mesh(mesh.mean["femur_left"], mesh.faces["femur_left"])
    grid = Grid((-2.0, -2.0, -30.0), (1.0, 1.0, 1.0), (4, 4, 60))
    line = depth(femur, grid)[2, 2]
    inside = voxelise(femur, grid)[2, 2]
    assert (line[inside] > -0.3).all()
    assert (line[~inside] < 0.3).all()
    middle = line[20:26]
    np.testing.assert_allclose(np.abs(np.diff(middle)), 1.0, atol=0.25)


def test_model_meshes_stay_watertight_and_outward_after_subdivision():
    model = load_shape_model()
    for name, faces in model.faces.items():
        directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        forward, backward = {tuple(e) for e in directed}, {tuple(e[::-1]) for e in directed}
        assert len(forward) == len(directed), name
        assert forward == backward, name
        a, b, c = (model.mean[name][faces[:, k]] for k in range(3))
        assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() > 0, name


@pytest.mark.parametrize("name", ["hip_left", "femur_right", "sacrum"])
def test_voxels_agree_with_a_slow_point_in_mesh_test(name):
    skeleton = build_skeleton(draw_patient(5))
    mesh = skeleton.bones[name]
    low = mesh.vertices.min(0) - 3
    size = np.ceil((mesh.vertices.max(0) - low + 3)[::-1]).astype(int)
    grid = Grid(tuple(low[::-1]), (1.0, 1.0, 1.0), tuple(size))
    mask = voxelise(mesh, grid)
    rng = np.random.default_rng(0)
    rim = mask ^ np.roll(mask, 1, axis=2) | mask
    index = np.argwhere(rim)[rng.choice(int(rim.sum()), 120, replace=False)]
    index = np.concatenate([index, np.stack([rng.integers(0, n, 60) for n in grid.shape], axis=1)])
    points = np.stack([grid.axis(a)[index[:, a]] for a in (2, 1, 0)], axis=1).astype(float)
    expected = winding_number(mesh, points) > 0.5
    assert (mask[tuple(index.T)] == expected).mean() > 0.99
