"""How maps are made: one frozen record, completed by what the model's facts say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.engine import ENGINES
from SemiSegEmbedLib.learning.network import DIVISOR
from SemiSegEmbedLib.learning.similarity import KERNELS, REDUCES
from SemiSegEmbedLib.learning.uncertainty import ENTROPY_OF_MEAN, MEAN_OF_ENTROPIES

EVERYTHING = ("label", "probability", "uncertainty", "matched", "provenance", "pseudo_label")


@dataclass(frozen=True)
class MapSettings:
    """How maps are made; what is left empty is what the model's facts say, else the default in brackets.

    Attributes:
        want: Which fields of `Maps` to compute; the others stay None and cost nothing.
        passes: M of eq. 2.
        threshold: lambda in units of ln C: below it the network counts as confident.
        margin: Smallest difference between the two largest class similarities (|K+ - K-| for two classes) at
            which an unsure voxel counts as matched.
        network: Whose label and probability: "student" (the one that matching is made for, and the one that is
            validated) or "teacher" [student].
        kernel: Similarity [cosine].
        reduce: Over the k references [mean].
        centre: Similarities seen from the centre of the references; None is what the model's facts say [False].
        uncertainty_form: Eq. 2 as printed or the entropy of the mean prediction [mean_of_entropies].
        noise: Standard deviation of the noise on the teacher's normalised input (paper, section 3.2).
        passes_where: "object" to spend the M passes only near what may be an object: in blocks of 8 voxels in which
            the network gives an object at least 10 % somewhere, and between such blocks (see `tiles`). Elsewhere the
            uncertainty is the entropy of the single prediction, with two classes below 0.33 nats. Each voxel then has
            exactly M passes. "all" for every window; passes of overlapping windows are then blended.
        patch: Window size; best as in training, since instance normalisation depends on it [96, 96, 96].
        overlap: Share that neighbouring windows share.
        batch: Windows at once, fewer where memory runs out; None is what fits into the free memory of a GPU, and 1 on
            a CPU.
        skip_below_hu: Windows without a voxel above this HU are background unseen; None is what the model's facts say,
            minus infinity computes all [all].
        precision: Of the convolutions, as in training.
        engine: What runs the networks: "torch", "openvino", or "auto" for OpenVINO on a processor where it is
            installed and there is enough to do.
        seed: Of dropout and noise; the same seed gives the same maps on the same machine.
    """

    want: tuple[str, ...] = EVERYTHING
    passes: int = 5
    threshold: float = 0.75
    margin: float = 0.05
    network: str = ""
    kernel: str = ""
    reduce: str = ""
    centre: bool | None = None
    uncertainty_form: str = ""
    noise: float = 0.01
    passes_where: str = "object"
    patch: tuple[int, ...] = ()
    overlap: float = 0.25
    batch: int | None = None
    skip_below_hu: float | None = None
    precision: str = "auto"
    engine: str = "auto"
    seed: int = 0

    def resolved(self, facts: Mapping[str, Any]) -> MapSettings:
        """With everything empty filled in; raises `BadInputError` naming the first value that cannot be."""
        patch = self.patch or facts.get("patch_size") or (96, 96, 96)
        settings = replace(
            self,
            want=tuple(self.want),
            network=self.network or facts.get("segment_with", "student"),
            kernel=self.kernel or facts.get("kernel", "cosine"),
            reduce=self.reduce or facts.get("reduce", "mean"),
            centre=bool(facts.get("centre", False)) if self.centre is None else self.centre,
            skip_below_hu=facts.get("skip_below_hu") if self.skip_below_hu is None else self.skip_below_hu,
            uncertainty_form=self.uncertainty_form or facts.get("uncertainty_form", MEAN_OF_ENTROPIES),
            patch=tuple(int(n) for n in patch),
        )
        settings._check()
        return settings

    def _check(self) -> None:
        choices = {
            "network": ("student", "teacher"),
            "kernel": KERNELS,
            "reduce": REDUCES,
            "uncertainty_form": (MEAN_OF_ENTROPIES, ENTROPY_OF_MEAN),
            "passes_where": ("all", "object"),
            "precision": ("auto", "fp32", "bf16", "fp16"),
            "engine": ENGINES,
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise BadInputError(f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}.")
        unknown = [name for name in self.want if name not in EVERYTHING]
        if unknown or not self.want:
            raise BadInputError(f"Maps are {', '.join(EVERYTHING)}; {unknown[:1] or 'none'} cannot be made.")
        if self.passes < 1 or self.noise < 0 or self.threshold < 0 or self.margin < 0:
            raise BadInputError("Passes must be at least 1, and noise, threshold and margin at least 0.")
        patch = self.patch or ()
        if len(patch) != 3 or any(n < DIVISOR or n % DIVISOR for n in patch):
            raise BadInputError(f"The window size must be three multiples of {DIVISOR}, not {self.patch}.")


@dataclass(frozen=True)
class Plan:
    """What has to be computed for the maps that are asked for.

    Attributes:
        classes: C.
        needs_probability: Of each class, by the network that segments.
        needs_uncertainty: Eq. 2.
        needs_matching: Similarities to the references.
        in_tiles: Uncertainty comes after the walk over the windows, in tiles around objects.
    """

    classes: int
    needs_probability: bool
    needs_uncertainty: bool
    needs_matching: bool
    in_tiles: bool

    @classmethod
    def of(cls, settings: MapSettings, classes: int) -> Plan:
        want = set(settings.want)
        needs_uncertainty = bool(want & {"uncertainty", "provenance", "pseudo_label"})
        in_tiles = needs_uncertainty and settings.passes_where == "object"
        return cls(
            classes,
            needs_probability=bool(want & {"label", "probability", "pseudo_label"}) or in_tiles,
            needs_uncertainty=needs_uncertainty,
            needs_matching=bool(want & {"matched", "provenance", "pseudo_label"}),
            in_tiles=in_tiles,
        )

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Channels that windows are blended in: probabilities, uncertainty, similarities."""
        in_windows = self.needs_uncertainty and not self.in_tiles
        return self.needs_probability * self.classes, int(in_windows), self.needs_matching * self.classes

    @property
    def channels(self) -> int:
        return sum(self.sizes)
