"""The script that draws the README's pictures runs, at 200 %, in both themes; and the pictures are there and small."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

qt = pytest.importorskip("qt")
pytest.importorskip("SimpleITK")

HOST = Path(__file__).resolve().parent
PICTURES = HOST.parents[1] / "SemiSegEmbed" / "Resources" / "Screenshots"
PANELS = ("study", "annotate", "train", "review", "segment", "models")
SCALE = 2
WIDTH = 520


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    environment = {**os.environ, "PYTHONPATH": str(HOST.parents[1])}
    command = [sys.executable, str(HOST / "screenshots.py"), str(folder), "--scale", str(SCALE)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def brightness(image) -> float:
    """Mean over a coarse grid of pixels, 0 to 255."""
    spots = [(x, y) for x in range(4, image.width(), 23) for y in range(4, image.height(), 23)]
    return sum(qt.qGray(image.pixel(x, y)) for x, y in spots) / len(spots)


@pytest.mark.parametrize("panel", PANELS)
def test_each_panel_is_drawn_in_a_light_and_a_dark_theme_at_200_percent(drawn: Path, panel: str) -> None:
    light, dark = (qt.QImage(str(drawn / f"{panel}-{theme}.png")) for theme in ("light", "dark"))
    assert light.width() == dark.width() == SCALE * WIDTH
    assert brightness(light) > 200
    assert brightness(dark) < 90
    assert len({light.pixel(x, y) for x in range(0, light.width(), 5) for y in range(0, light.height(), 5)}) > 20


def test_the_pictures_of_the_readme_are_there_and_together_below_a_megabyte_and_a_half() -> None:
    names = {f"{name}.png" for name in (*PANELS, "slices")}
    assert {path.name for path in PICTURES.iterdir()} == names
    assert all(not qt.QImage(str(PICTURES / name)).isNull() for name in names)
    assert sum((PICTURES / name).stat().st_size for name in names) < 1.5e6
