"""The page and its pictures: valid, self-contained, and nothing of a label's name is taken for HTML."""

from __future__ import annotations

import struct

import numpy as np

from SemiSegEmbedLib.evaluation.figures import curves_figure, fullest_slice, plane, volume_figure
from SemiSegEmbedLib.evaluation.report import HtmlReport


def png_size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def test_texts_are_escaped() -> None:
    report = HtmlReport("<script>alert(1)</script>")
    report.table(("a & b",), [("<b>bold</b>",)])
    report.steps([("do <this>", "rm -rf <folder>")])
    page = report.html()
    assert "<script>" not in page
    assert "<b>" not in page
    assert "a &amp; b" in page


def test_a_volume_is_drawn_with_and_without_reference() -> None:
    shape = (12, 14, 16)
    mask = np.zeros(shape, np.uint8)
    mask[4:8, 3:9, 5:12] = 1
    random = np.random.default_rng(0)
    maps = random.uniform(0, 0.69, shape), random.integers(0, 4, shape)
    for reference in (mask, None):
        width, height = png_size(volume_figure(mask * 800.0, reference, mask, *maps, (2.0, 1.0, 1.0)))
        assert width > 1000
        assert height > 400


def test_the_fullest_slice_and_the_radiologists_view() -> None:
    mask = np.zeros((5, 6, 7), bool)
    mask[3, 2:4, 1:5] = True
    mask[1, 2, 2] = True
    assert fullest_slice(mask, 0) == 3
    coronal = plane(mask, 1, 2)
    assert coronal.shape == (5, 7)
    assert coronal[1, 1:5].all()  # z = 3 of 5, the head up


def test_curves_skip_what_a_method_does_not_log() -> None:
    events = [
        {"event": "step", "step": 1, "loss": 1.0, "unreliable_fraction": 0.5},
        {"event": "step", "step": 2, "loss": 0.5, "unreliable_fraction": None},
        {"event": "validation", "step": 2, "iou": 0.3, "hd95": 9.0},
    ]
    assert png_size(curves_figure({"a": events, "b": events[:1]}))[0] > 1000
