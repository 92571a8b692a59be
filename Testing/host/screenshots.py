"""Pictures of the panels and of the slice views: `python Testing/host/screenshots.py FOLDER [options]`.

Without `--study` a small study of balls is made up. The pictures of the README are of phantom hips:

    python -m SemiSegEmbedLib phantom hips --count 7 --annotated 3 --held-out 1 --spacing 2.5
    python -m SemiSegEmbedLib train hips --preset quick --minutes 4
    python -m SemiSegEmbedLib suggest hips
    python Testing/host/screenshots.py SemiSegEmbed/Resources/Screenshots --study hips --readme
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--study", type=Path, help="a study with a model and results; it is not changed")
    parser.add_argument("--scale", type=float, default=1.0, help="of the screen: 2 for 200 %%")
    parser.add_argument("--language", default="en_US", help="for example de_DE")
    parser.add_argument("--readme", action="store_true", help="one picture a panel, light, without theme in its name")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = read_arguments()
    # All three must be set before Qt and VTK are imported.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = str(arguments.scale)
    os.environ["VTK_DEFAULT_OPENGL_WINDOW"] = "vtkOSOpenGLRenderWindow"

import slicer_host  # noqa: E402

slicer_host.install()

import qt  # noqa: E402
from slicer_host import slice_pictures  # noqa: E402
from slicer_host.application import let_events_pass  # noqa: E402
from slicer_host.stage import PANELS, Stage  # noqa: E402

WIDTH = 520


def dark_palette():
    """A dark palette such as Slicer's dark style uses."""
    palette = qt.QPalette()
    roles = qt.QPalette
    for role, color in (
        (roles.Window, "#353535"),
        (roles.WindowText, "#f0f0f0"),
        (roles.Base, "#232323"),
        (roles.AlternateBase, "#2d2d2d"),
        (roles.Text, "#f0f0f0"),
        (roles.Button, "#404040"),
        (roles.ButtonText, "#f0f0f0"),
        (roles.PlaceholderText, "#a0a0a0"),
        (roles.Highlight, "#2a82da"),
        (roles.HighlightedText, "#ffffff"),
    ):
        palette.setColor(role, qt.QColor(color))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(roles.Disabled, role, qt.QColor("#808080"))
    return palette


def panel_picture(stage: Stage, panel: str, path: Path) -> None:
    """One panel unfolded, the others folded."""
    stage.unfold(panel)
    widget = stage.window.widget
    widget.size = qt.QSize(WIDTH, 100)
    let_events_pass(0.3)
    widget.size = qt.QSize(WIDTH, max(widget.minimumSizeHint.height(), widget.sizeHint.height()))
    let_events_pass(0.3)
    save(widget.grab().toImage(), path)


def save(image, path: Path) -> None:
    """As a PNG, packed as tightly as it goes."""
    image.convertToFormat(qt.QImage.Format_RGB888).save(str(path), "PNG", 0)


def main(arguments: argparse.Namespace) -> None:
    """Draw all panels, and the slice views where that is possible."""
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
        qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, place)
        stage = Stage(Path(place), arguments.study, arguments.language)
        stage.window.widget.show()
        stage.prepare()
        light = qt.QApplication.instance().palette()
        for theme, palette in (("light", light), ("dark", dark_palette())):
            qt.QApplication.setPalette(palette)
            for panel in PANELS if theme == "light" or not arguments.readme else ():
                ending = "" if arguments.readme else f"-{theme}"
                panel_picture(stage, panel, folder / f"{panel.lower()}{ending}.png")
        if slice_pictures.missing():
            print(f"no slice views: {slice_pictures.missing()}", file=sys.stderr)
        else:
            save(stage.slice_views(), folder / "slices.png")
        stage.close()


if __name__ == "__main__":
    main(arguments)
