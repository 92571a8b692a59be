"""Uncertainty of stochastic passes (paper, section 2.2)."""

from __future__ import annotations

import torch
from torch import Tensor

from SemiSegEmbedLib.errors import BadInputError

MEAN_OF_ENTROPIES = "mean_of_entropies"
ENTROPY_OF_MEAN = "entropy_of_mean"


def predictive_entropy(probabilities: Tensor, form: str = MEAN_OF_ENTROPIES) -> Tensor:
    """Uncertainty map of M stochastic passes, in nats.

    Args:
        probabilities: Softmax maps, (M, B, C, D, H, W).
        form: "mean_of_entropies" is eq. 2 as printed; "entropy_of_mean" is the entropy of the average prediction
            as in the code of UA-MT (Yu et al., 2019), which also sees disagreement between the passes.

    Returns:
        (B, D, H, W), float32 (float64 for float64 input); p log p is 0 where p is 0.

    Raises:
        BadInputError: `form` is unknown.
    """
    entropies = EntropyAccumulator(form)
    for one_pass in probabilities:
        entropies.add(one_pass)
    return entropies.entropy()


class EntropyAccumulator:
    """Averages M passes one by one, so that M maps are never kept.

    Attributes:
        passes: M, how many passes were added.
    """

    def __init__(self, form: str = MEAN_OF_ENTROPIES) -> None:
        if form not in (MEAN_OF_ENTROPIES, ENTROPY_OF_MEAN):
            raise BadInputError(
                f"The uncertainty form must be {MEAN_OF_ENTROPIES} or {ENTROPY_OF_MEAN}, not {form!r}."
            )
        self.form = form
        self.passes = 0
        self._probability_sum: Tensor | None = None
        self._entropy_sum: Tensor | None = None

    def add(self, probabilities: Tensor) -> None:
        """Takes the softmax map of one pass, (B, C, D, H, W), or of several, (m, B, C, D, H, W)."""
        passes = probabilities if probabilities.ndim == 6 else probabilities[None]
        for probability in _at_least_float32(passes):
            self._add_one(probability)

    def mean_probabilities(self) -> Tensor:
        """Average softmax map, (B, C, D, H, W); its argmax is the hard label of L_UA."""
        return self._sums()[0] / self.passes

    def entropy(self) -> Tensor:
        """Uncertainty map in nats, (B, D, H, W)."""
        if self.form == ENTROPY_OF_MEAN:
            return _entropy(self.mean_probabilities())
        return self._sums()[1] / self.passes

    def _add_one(self, probability: Tensor) -> None:
        self.passes += 1
        needs_entropy = self.form == MEAN_OF_ENTROPIES
        entropy = _entropy(probability) if needs_entropy else probability.new_zeros(())
        if self._probability_sum is None or self._entropy_sum is None:
            self._probability_sum, self._entropy_sum = probability.clone(), entropy
        else:
            self._probability_sum += probability
            self._entropy_sum += entropy

    def _sums(self) -> tuple[Tensor, Tensor]:
        if self._probability_sum is None or self._entropy_sum is None:
            raise ValueError("No pass was added to the accumulator.")
        return self._probability_sum, self._entropy_sum


def _entropy(probabilities: Tensor) -> Tensor:
    """-sum p log p over classes, (B, C, D, H, W) -> (B, D, H, W)."""
    return torch.special.entr(probabilities).sum(1)


def _at_least_float32(values: Tensor) -> Tensor:
    # bf16 resolves 0.004 near ln 2, too coarse for the threshold of section 2.2.
    return values if values.dtype == torch.float64 else values.float()
