"""Signs and colours can be seen in the light and in the dark theme: WCAG 2.1, success criterion 1.4.11, asks for 3:1.

https://www.w3.org/TR/WCAG21/#non-text-contrast, with the relative luminance that it defines.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

qt = pytest.importorskip("qt")

from SemiSegEmbedLib.application.legend_label import show_legend  # noqa: E402
from SemiSegEmbedLib.application.overlays import OVERLAYS, Color, legend  # noqa: E402
from SemiSegEmbedLib.application.window import ICONS  # noqa: E402
from SemiSegEmbedLib.study.presets import LABEL_LISTS, load_labels  # noqa: E402

FOLDER = Path(__file__).resolve().parents[2] / "SemiSegEmbed" / "Resources" / "Icons"
TABLES = {"light": (255, 255, 255), "dark": (35, 35, 35)}
BLACK = (0, 0, 0)
LEAST = 3.0


def luminance(color: Color) -> float:
    shares = [channel / 255 for channel in color]
    linear = [share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Color, other: Color) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def main_color(path: Path) -> Color:
    """The most frequent opaque colour of a picture."""
    picture = qt.QImage(str(path))
    places = [(x, y) for x in range(picture.width()) for y in range(picture.height())]
    colors = [picture.pixelColor(x, y) for x, y in places]
    found = Counter((color.red(), color.green(), color.blue()) for color in colors if color.alpha() == 255)
    return found.most_common(1)[0][0]


@pytest.mark.parametrize("theme", TABLES)
@pytest.mark.parametrize("name", ICONS)
def test_status_icons_stand_out_of_the_table(name: str, theme: str) -> None:
    assert contrast(main_color(FOLDER / f"{name}.png"), TABLES[theme]) >= LEAST


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("labels", LABEL_LISTS)
def test_colours_of_a_legend_stand_out_of_their_black_ground(labels: str, overlay: str) -> None:
    for entry in legend(overlay, load_labels(labels)):
        assert contrast(entry.color, BLACK) >= LEAST, entry.meaning


def test_a_legend_has_black_ground_and_words() -> None:
    label = qt.QLabel()
    entries = legend("provenance", ())
    show_legend(label, entries)
    assert label.text.count("background-color:black") == len(entries) == 4
    assert all(entry.meaning in label.text for entry in entries)
