"""Draws the icons of the module: `python Testing/host/draw_icons.py`. Shapes differ, not only colours."""

from __future__ import annotations

from pathlib import Path

import slicer_host

slicer_host.install()

import qt  # noqa: E402

ICONS = Path(__file__).resolve().parents[2] / "SemiSegEmbed" / "Resources" / "Icons"
STATUS_SIZE = 32


def status(name: str, color: str, sign: str) -> None:
    """A disc with a sign in it."""
    picture = qt.QImage(STATUS_SIZE, STATUS_SIZE, qt.QImage.Format_ARGB32)
    picture.fill(0)
    painter = qt.QPainter(picture)
    painter.setRenderHint(qt.QPainter.Antialiasing)
    shade = qt.QColor(color)
    painter.setPen(qt.QPen(shade, 3))
    painter.setBrush(qt.QBrush(shade) if sign in ("check", "double", "warn", "cross") else qt.QBrush())
    if sign == "warn":
        painter.drawPolygon([qt.QPointF(16, 3), qt.QPointF(30, 28), qt.QPointF(2, 28)])
    else:
        painter.drawEllipse(qt.QRectF(3, 3, 26, 26))
    if sign == "half":
        painter.setBrush(qt.QBrush(shade))
        painter.drawPie(qt.QRectF(3, 3, 26, 26), 90 * 16, 180 * 16)
    painter.setPen(qt.QPen(qt.QColor("white"), 3.5, qt.Qt.SolidLine, qt.Qt.RoundCap, qt.Qt.RoundJoin))
    for line in STROKES.get(sign, ()):
        painter.drawPolyline([qt.QPointF(x, y) for x, y in line])
    if sign in ("wave", "pause", "bar"):
        painter.setPen(qt.QPen(shade, 3.5, qt.Qt.SolidLine, qt.Qt.RoundCap, qt.Qt.RoundJoin))
        for line in STROKES_OWN[sign]:
            painter.drawPolyline([qt.QPointF(x, y) for x, y in line])
    painter.end()
    picture.save(str(ICONS / f"{name}.png"))


STROKES = {
    "check": [[(10, 16.5), (14.5, 21), (22, 12)]],
    "double": [[(7, 16.5), (11, 20.5), (17, 12)], [(14, 19), (16, 20.5), (24, 12)]],
    "warn": [[(16, 12), (16, 19)], [(16, 24), (16, 24.2)]],
    "cross": [[(11.5, 11.5), (20.5, 20.5)], [(20.5, 11.5), (11.5, 20.5)]],
}
STROKES_OWN = {
    "wave": [[(9, 18), (13, 13), (18, 19), (23, 14)]],
    "pause": [[(13, 11), (13, 21)], [(19, 11), (19, 21)]],
    "bar": [[(7, 25), (25, 7)]],
}


def module_icon() -> None:
    """A joint: the cup of the hip bone in outline, the confident half filled, the head of the femur inside."""
    picture = qt.QImage(128, 128, qt.QImage.Format_ARGB32)
    picture.fill(0)
    painter = qt.QPainter(picture)
    painter.setRenderHint(qt.QPainter.Antialiasing)
    painter.setPen(qt.Qt.NoPen)
    painter.setBrush(qt.QBrush(qt.QColor("#1d5b79")))
    painter.drawRoundedRect(qt.QRectF(4, 4, 120, 120), 26, 26)
    bone = qt.QColor("#f2e3c4")
    painter.setPen(qt.QPen(bone, 13, qt.Qt.SolidLine, qt.Qt.RoundCap))
    painter.drawArc(qt.QRectF(30, 26, 72, 72), 10 * 16, 170 * 16)
    painter.setPen(qt.QPen(qt.QColor("#ff9d4d"), 7, qt.Qt.DotLine, qt.Qt.RoundCap))
    painter.drawArc(qt.QRectF(20, 16, 92, 92), 20 * 16, 150 * 16)
    painter.setPen(qt.Qt.NoPen)
    painter.setBrush(qt.QBrush(bone))
    painter.drawEllipse(qt.QRectF(44, 44, 42, 42))
    painter.setPen(qt.QPen(bone, 18, qt.Qt.SolidLine, qt.Qt.RoundCap))
    painter.drawLine(qt.QPointF(70, 72), qt.QPointF(90, 108))
    painter.end()
    picture.save(str(ICONS / "SemiSegEmbed.png"))


def main() -> None:
    """Draw all."""
    ICONS.mkdir(parents=True, exist_ok=True)
    status("to_do", "#8a8a8a", "open")
    status("partial", "#c87d00", "half")
    status("annotated", "#2e8b57", "check")
    status("reviewed", "#1f7a8c", "double")
    status("predicted", "#8064c4", "wave")
    status("held_out", "#4a7bc4", "pause")
    status("excluded", "#8a8a8a", "bar")
    status("warning", "#c87d00", "warn")
    status("error", "#cf4437", "cross")
    module_icon()


if __name__ == "__main__":
    main()
