"""Slice views drawn by Slicer's own displayable managers, without a screen: what overlays really look like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("qt")
pytest.importorskip("SimpleITK")
HOST = Path(__file__).resolve().parent

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import slicer_host
slicer_host.install()
from slicer_host import slice_pictures
if slice_pictures.missing():
    print(json.dumps({"missing": slice_pictures.missing()}))
    sys.exit()
import numpy as np, qt, slicer
from pathlib import Path
qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, sys.argv[2])
slice_pictures.prepare()
from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.label_file import Grid
from SemiSegEmbedLib.application.overlays import Overlay
from SemiSegEmbedLib.application.scene import CaseScene
from SemiSegEmbedLib.study.presets import HIP_BONES
z, y, x = np.mgrid[:40, :40, :60]
ball = (z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 < 100
grid = Grid(ball.shape, np.diag([1.0, 1.0, 1.0, 1.0]))
scene = CaseScene()
scene.load(Voxels(np.where(ball, 700, 40).astype(np.int16), grid), None, HIP_BONES, "case-0001")
picture = slice_pictures.SlicePicture("Red", (120, 120))
picture.logic.FitSliceToBackground()
overlay = Overlay()
maps = {
    "prediction": ball.astype(np.uint8),
    "uncertainty": np.where(ball, 0.69, 0.0).astype(np.float32),
    "provenance": np.where(ball, 3, 2).astype(np.uint8),
}
found = {"none": picture.draw()}
for name, voxels in maps.items():
    overlay.show(name, Voxels(voxels, grid), HIP_BONES)
    found[name] = picture.draw()
overlay.hide()
slicer.util.updateSegmentBinaryLabelmapFromArray(ball.astype(np.uint8), scene.segmentation, "label_1", scene.volume)
found["segment"] = picture.draw()
# 60 x 40 voxels in 120 x 120 pixels: the room above and below the scan stays empty.
places = {"inside": (60, 40), "beside": (60, 100), "outside": (2, 60)}
print(json.dumps({n: {p: [int(c) for c in image[at]] for p, at in places.items()} for n, image in found.items()}))
"""


@pytest.fixture(scope="module")
def colors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[int]]]:
    """Colours at three places of the axial view, by overlay; drawn in a process of its own."""
    environment = {
        **os.environ,
        "VTK_DEFAULT_OPENGL_WINDOW": "vtkOSOpenGLRenderWindow",
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": os.pathsep.join([str(HOST.parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-c", SCRIPT, str(HOST), str(tmp_path_factory.mktemp("settings"))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    if "missing" in found:
        pytest.skip(found["missing"])
    return found


def is_grey(color: list[int]) -> bool:
    return max(color) - min(color) <= 2


def test_without_an_overlay_bone_is_brighter_than_soft_tissue(colors) -> None:
    plain = colors["none"]
    assert is_grey(plain["inside"])
    assert plain["inside"][0] > plain["beside"][0] + 20
    assert plain["outside"] == [0, 0, 0]


@pytest.mark.parametrize("overlay", ["prediction", "uncertainty", "segment"])
def test_an_overlay_colours_the_bone_and_nothing_else(colors, overlay: str) -> None:
    assert not is_grey(colors[overlay]["inside"])
    assert colors[overlay]["beside"] == colors["none"]["beside"]
    assert colors[overlay]["outside"] == [0, 0, 0]


def test_the_prediction_has_the_colour_of_its_segment(colors) -> None:
    red, green, blue = colors["prediction"]["inside"]
    assert red > green > blue  # the left hip bone is sand-coloured


def test_undecided_voxels_are_red(colors) -> None:
    red, green, blue = colors["uncertainty"]["inside"]
    assert red > green + 40
    assert red > blue + 20


def test_provenance_tells_matched_from_confident_and_leaves_the_room_around_the_scan_dark(colors) -> None:
    assert colors["provenance"]["inside"] != colors["provenance"]["beside"]
    assert not is_grey(colors["provenance"]["beside"])
    assert colors["provenance"]["outside"] == [0, 0, 0]
