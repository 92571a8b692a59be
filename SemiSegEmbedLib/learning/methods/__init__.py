"""The methods by name. A new one is a file here, a line below, and a name in `config_checks.CHOICES`."""

from __future__ import annotations

from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.methods.base import Method
from SemiSegEmbedLib.learning.methods.cct import CrossConsistency
from SemiSegEmbedLib.learning.methods.dtc import DualTaskConsistency
from SemiSegEmbedLib.learning.methods.embedding_matching import EmbeddingMatching
from SemiSegEmbedLib.learning.methods.mean_teacher import MeanTeacher
from SemiSegEmbedLib.learning.methods.mtc import MultiTaskConsistency
from SemiSegEmbedLib.learning.methods.supervised import Supervised
from SemiSegEmbedLib.learning.methods.uamt import UncertaintyAwareMeanTeacher

METHODS: dict[str, type[Method]] = {
    "supervised": Supervised,
    "mean_teacher": MeanTeacher,
    "uamt": UncertaintyAwareMeanTeacher,
    "cct": CrossConsistency,
    "mtc": MultiTaskConsistency,
    "dtc": DualTaskConsistency,
    "embedding_matching": EmbeddingMatching,
}


def create_method(config: TrainingConfig, classes: int) -> Method:
    """The method that the configuration names, freshly initialised."""
    return METHODS[config.method](config, classes)
