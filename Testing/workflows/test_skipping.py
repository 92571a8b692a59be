"""Windows without bone are left out only where that loses nothing: on phantoms and real CT, not for other organs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.inference.sliding_window import skipping_is_harmless
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.volumes import Volume
from SemiSegEmbedLib.phantom.parameters import draw_patient
from SemiSegEmbedLib.phantom.render import render
from SemiSegEmbedLib.workflows.model_export import harmless_skip

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "ct"
WINDOW = (32, 32, 32)
"""96 mm at 3 mm, as the paper's windows at 1 mm."""


def phantom_volume(number: int) -> Volume:
    phantom = render(draw_patient(number), spacing_mm=3.0)
    return Volume("case-0001", phantom.image.astype(np.float16), phantom.label.astype(np.uint8), phantom.spacing)


def test_on_phantoms_no_bone_is_lost() -> None:
    for number in (1, 2, 3):
        volume = phantom_volume(number)
        assert volume.label is not None
        for overlap in (0.25, 0.5):
            assert skipping_is_harmless(volume.image, volume.label, WINDOW, overlap, 150.0)


def test_on_real_ct_no_bone_is_lost() -> None:
    path = SHARED / "ts_example_ct_3mm_leftnail.nii.gz"
    if not path.exists():
        pytest.skip("the real CT lies in a folder shared beside the checkout, which is not here")
    image, label = (
        sitk.GetArrayFromImage(sitk.ReadImage(str(p)))
        for p in (path, path.with_name(path.name.replace(".nii.gz", "_labels.nii.gz")))
    )
    assert (label > 0).any()
    assert skipping_is_harmless(image, label, WINDOW, 0.25, 150.0)


def test_a_model_of_something_soft_leaves_nothing_out() -> None:
    bone = phantom_volume(1)
    config = preset("paper", patch_size=WINDOW)
    assert harmless_skip(config, [bone, replace(bone, label=None)]) == config.bone_hu
    soft = replace(bone, image=np.full(bone.image.shape, 40, np.float16))
    assert harmless_skip(config, [bone, soft]) is None
