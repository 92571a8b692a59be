from __future__ import annotations

import json

import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config import PRESETS, TrainingConfig, preset


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name: str) -> None:
    config = preset(name, seed=7)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_the_paper_preset_holds_the_values_of_section_3_2_and_appendix_b() -> None:
    c = preset("paper")
    assert (c.learning_rate, c.betas, c.ema_decay, c.dropout) == (1e-4, (0.9, 0.99), 0.99, 0.15)
    assert (c.passes, c.k, c.l, c.kernel, c.reduce) == (5, 16, 5, "cosine", "mean")
    assert (c.noise_teacher, c.noise_student) == (0.01, 0.02)
    assert (c.ua_weight, c.ps_weight, c.threshold_start, c.threshold_end) == (0.25, 0.125, 0.75, 1.0)
    assert (c.schedule, c.augmentation, c.uncertainty_form) == ("constant", "none", "mean_of_entropies")
    assert c.steps * c.unlabelled_per_batch == 40 * 6216


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("patch_size", (96, 96, 90)),
        ("patch_size", (96, 96)),
        ("kernel", "manhattan"),
        ("dropout", 1.0),
        ("steps", 0),
        ("steps", 1.5),
        ("steps", True),
        ("learning_rate", float("nan")),
        ("betas", (0.9, 1.0)),
        ("unlabelled_per_batch", 3),
        ("accumulation", 3),
        ("threshold_end", 0.5),
        ("mirror_axes", (3,)),
        ("use_nn", 1),
        ("prototypes", 8),
        ("method", "magic"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name_in_one_sentence(setting: str, value: object) -> None:
    with pytest.raises(BadInputError) as refusal:
        preset("paper", **{setting: value})
    sentence = str(refusal.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_an_unknown_setting_or_preset_is_refused() -> None:
    with pytest.raises(BadInputError, match="'colour'"):
        preset("paper", colour="blue")
    with pytest.raises(BadInputError, match="'colour'"):
        TrainingConfig.from_dict({"colour": "blue"})
    with pytest.raises(BadInputError, match="paper, robust, quick"):
        preset("best")
