"""What 3D Slicer hands over as files: grids of any handedness, layers beyond the scan, damaged hand-overs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib import cli
from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.workflows.export import export, read_handover

SHAPE = (6, 8, 10)


def hand_over(
    folder: Path, *layers: tuple, spacing=(1.0, 1.0, 1.0), handed: float = 1.0, names=("bone", "mine")
) -> Path:
    """A hand-over; each layer is its voxels, offset (z, y, x), and value in the layer to value in files."""
    folder.mkdir()
    matrix = np.diag([*spacing, 1.0])
    matrix[2, 2] *= handed
    matrix[:3, 3] = (5.0, -7.0, 11.0)
    layer_of = {written: number for number, layer in enumerate(layers) for written in layer[2].values()}
    segments = [
        {"id": f"s{value}", "name": name, "color": [1, 0, 0], "value": value, "layer": layer_of.get(value, 0)}
        for value, name in enumerate(names, 1)
    ]
    about = {
        "shape": SHAPE,
        "ijk_to_lps": matrix.tolist(),
        "layers": [{"offset": offset, "values": list(values.items())} for _voxels, offset, values in layers],
        "segments": segments,
        "known": [True, False],
    }
    for number, (voxels, _offset, _values) in enumerate(layers):
        np.save(folder / f"layer{number}.npy", np.asarray(voxels, np.uint8))
    (folder / "export.json").write_text(json.dumps(about))
    return folder


def read(written: list[dict]) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(written[0]["file"]))


def test_a_layer_may_reach_beyond_the_scan(tmp_path: Path) -> None:
    voxels = np.full((4, 4, 4), 9)
    folder = hand_over(tmp_path / "h", (voxels, (-2, 6, -1), {9: 1}))
    label = read(export(folder, "nii.gz"))
    expected = np.zeros(SHAPE)
    expected[:2, 6:, :3] = 1
    np.testing.assert_array_equal(label, expected)


def test_a_layer_that_lies_elsewhere_writes_nothing(tmp_path: Path) -> None:
    folder = hand_over(tmp_path / "h", (np.ones((2, 2, 2)), (20, 0, 0), {1: 1}))
    assert not read(export(folder, "nii.gz")).any()


def test_without_anything_drawn_volumes_are_empty_and_surfaces_a_sentence(tmp_path: Path) -> None:
    folder = hand_over(tmp_path / "h")
    assert read(export(folder, "nii.gz")).shape == SHAPE
    assert not read(export(folder, "seg.nrrd")).any()
    pytest.importorskip("vtk")
    with pytest.raises(SemiSegEmbedError, match="there is no surface to write"):
        export(folder, "stl")


def test_overlapping_layers_stay_apart_in_a_segmentation_and_unknown_ones_stay_out_of_labels(tmp_path: Path) -> None:
    layers = [(np.ones((3, 3, 3)), (1, 1, 1), {1: 1}), (np.full((3, 3, 3), 4), (2, 2, 2), {4: 2})]
    folder = hand_over(tmp_path / "h", *layers)
    label = read(export(folder, "nii.gz"))
    assert (label == 1).sum() == 27
    assert label.max() == 1
    (written,) = export(folder, "seg.nrrd")
    image = sitk.ReadImage(written["file"])
    entries = [[image.GetMetaData(f"Segment{n}_{key}") for key in ("Name", "LabelValue", "Layer")] for n in range(2)]
    assert entries == [["bone", "1", "0"], ["mine", "2", "1"]]
    both = sitk.GetArrayFromImage(image)
    assert ((both[..., 0] == 1) & (both[..., 1] == 2)).sum() == 8


@pytest.mark.parametrize("handed", [1.0, -1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_a_surface_lies_where_the_voxels_are_and_faces_outwards(
    tmp_path: Path, handed: float, smoothing: float
) -> None:
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    # A block at the edge of the scan: the surface must be closed there too.
    folder = hand_over(tmp_path / "h", (np.ones((4, 5, 6)), (0, 0, 4), {1: 1}), spacing=(0.5, 1.0, 2.0), handed=handed)
    (written,) = export(folder, "stl", smoothing)
    assert written["segment"] == "bone"
    reader = vtk.vtkSTLReader()
    reader.SetFileName(written["file"])
    reader.Update()
    surface = reader.GetOutput()
    edges = vtk.vtkFeatureEdges()
    edges.SetInputData(surface)
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    edges.Update()
    assert edges.GetOutput().GetNumberOfCells() == 0, "no hole"
    middle = (5.0 + 0.5 * 6.5, -7.0 + 2.0, 11.0 + handed * 2.0 * 1.5)
    np.testing.assert_allclose(surface.GetCenter(), middle, atol=0.1)
    points = vtk_to_numpy(surface.GetPoints().GetData()).astype(float) - middle
    corners = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    a, b, c = (points[corners[:, corner]] for corner in range(3))
    inside = np.einsum("ij,ij->", a, np.cross(b, c)) / 6
    assert 0.5 * 120 < inside < 120  # voxels of 1 mm3; edges and corners are cut


@pytest.mark.parametrize("damage", ["absent", "not json", "no layer", "an object"])
def test_a_damaged_hand_over_is_one_sentence(tmp_path: Path, damage: str) -> None:
    folder = hand_over(tmp_path / "h", (np.ones((2, 2, 2)), (0, 0, 0), {1: 1}))
    if damage == "absent":
        (folder / "export.json").unlink()
    elif damage == "not json":
        (folder / "export.json").write_text("{")
    elif damage == "no layer":
        (folder / "layer0.npy").unlink()
    else:
        np.save(folder / "layer0.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(BadInputError, match="not whole: export again"):
        read_handover(folder)


def test_the_terminal_door_tells_what_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = hand_over(tmp_path / "h", (np.ones((2, 2, 2)), (0, 0, 0), {1: 1}))
    assert cli.main(["export", str(folder), "--format", "nii.gz", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"file": str(folder / "files" / "0.nii.gz"), "segment": ""}]
