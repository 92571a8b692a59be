"""The methods by name. A new one is a file here and a line below."""

from __future__ import annotations

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.methods.base import Method
from SemiSegEmbedLib.learning.methods.embedding_matching import EmbeddingMatching
from SemiSegEmbedLib.learning.methods.mean_teacher import MeanTeacher
from SemiSegEmbedLib.learning.methods.supervised import Supervised
from SemiSegEmbedLib.learning.methods.uamt import UncertaintyAwareMeanTeacher

METHODS: dict[str, type[Method]] = {
    "supervised": Supervised,
    "mean_teacher": MeanTeacher,
    "uamt": UncertaintyAwareMeanTeacher,
    "embedding_matching": EmbeddingMatching,
}


def create_method(config: TrainingConfig, classes: int) -> Method:
    """The method that the configuration names, freshly initialised; raises `BadInputError` for another name."""
    if config.method not in METHODS:
        raise BadInputError(f"There is no method {config.method!r}; choose one of {', '.join(METHODS)}.")
    return METHODS[config.method](config, classes)
