"""What every method shares: student, averaged teacher, noise, and forwards in mixed precision."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.compiling import Compiler
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.distance import DistanceHead, distance_error
from SemiSegEmbedLib.learning.ema import make_teacher, update_teacher
from SemiSegEmbedLib.learning.losses import supervised_loss
from SemiSegEmbedLib.learning.network import UNet3D, mc_dropout
from SemiSegEmbedLib.learning.schedules import ema_decay_at
from SemiSegEmbedLib.learning.uncertainty import EntropyAccumulator


class Method(nn.Module):
    """A way to learn from labelled and unlabelled patches.

    A method owns every network of the run (its `state_dict` is the run's): student and teacher, and in
    subclasses whatever more they train, such as extra heads or decoders, which then appear in
    `trainable_parameters`. The student alone is what inference segments with.

    Args:
        config: See `TrainingConfig`.
        classes: C, background included.
    """

    def __init__(self, config: TrainingConfig, classes: int) -> None:
        super().__init__()
        self.config, self.classes = config, classes
        self.autocast_dtype: torch.dtype | None = None
        self.compiler: Compiler | None = None
        self.student = UNet3D(1, classes, config.base_filters, config.dropout, config.norm)
        self.teacher = make_teacher(self.student)
        if config.distance_weight:
            self.distance_head = DistanceHead(self.student.new_head(classes - 1))
        self.train()

    def patches_per_step(self, step: int) -> tuple[int, int]:
        """Labelled and unlabelled patches that a step wants, a function of its number alone."""
        labelled, unlabelled = self.config.labelled_per_batch, self.config.unlabelled_per_batch
        return (labelled + unlabelled, 0) if step < self.config.supervised_steps else (labelled, unlabelled)

    def trainable_parameters(self) -> list[nn.Parameter]:
        """What the optimiser moves."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    @property
    def uses_parts_of_itself(self) -> bool:
        """Whether some steps leave parameters without gradient: those that labelled patches alone do not teach."""
        taught = len(list(self.student.parameters()))
        if self.config.distance_weight:
            taught += len(list(self.distance_head.parameters()))
        kinds_of_step = {self.patches_per_step(step) for step in (0, 1, self.config.steps - 1)}
        return len(kinds_of_step) > 1 and len(self.trainable_parameters()) > taught

    def forward(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """What the trainer calls: `supervised_step` in a supervised start, then `training_step`."""
        return self.supervised_step(batch) if step < self.config.supervised_steps else self.training_step(batch, step)

    def training_step(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss (scalar, with gradient) and scalars to log, all on the device; must not wait for it."""
        raise NotImplementedError

    def supervised_step(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """L_S of labelled patches alone, for all methods alike; returns what `training_step` does."""
        assert batch.labelled is not None
        images = add_noise(batch.labelled.student_images, self.config.noise_student)
        logits, embeddings = self.forward_network(self.student, images)
        loss = self.labelled_loss(logits, embeddings, batch.labelled.labels)
        return loss, {"loss_supervised": loss.detach()}

    def labelled_loss(self, logits: Tensor, embeddings: Tensor, labels: Tensor) -> Tensor:
        """L_S of labelled patches, and with `distance_weight` the error of their signed distances."""
        loss = supervised_loss(logits, labels)
        if not self.config.distance_weight:
            return loss
        return loss + self.config.distance_weight * distance_error(self.distance_head(embeddings), labels)

    def after_step(self, step: int) -> None:
        """Called after the optimiser's step: the teacher follows the student."""
        update_teacher(self.teacher, self.student, ema_decay_at(step, self.config.ema_decay))

    def train(self, mode: bool = True) -> Method:
        """The teacher's layers stay deterministic; `monte_carlo` alone switches its dropout on."""
        super().train(mode)
        self.teacher.eval()
        return self

    def forward_network(self, network: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and embeddings with the convolutions in the run's precision."""
        with self.autocast(images.device.type):
            return network(images) if self.compiler is None else self.compiler(network, images)

    def forward_halves(
        self, labelled: Tensor, unlabelled: Tensor
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Logits and embeddings of the student on both halves of a batch: one forward of [x_L; x_U], as in the paper.

        With `split_norm` each half is normalised by its own statistics, and the running ones come from the labelled
        half alone (Zajac et al., "Split Batch Normalization", 2019, arXiv 1904.03515).
        """
        if self.config.split_norm:
            of_labelled = self.forward_network(self.student, labelled)
            with frozen_statistics(self.student):
                return of_labelled, self.forward_network(self.student, unlabelled)
        logits, embeddings = self.forward_network(self.student, torch.cat((labelled, unlabelled)))
        n = len(labelled)
        return (logits[:n], embeddings[:n]), (logits[n:], embeddings[n:])

    @torch.no_grad()
    def monte_carlo(
        self, images: Tensor, passes: int, noise: float, form: str, clip: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """M stochastic passes of the teacher, dropout active and norm layers deterministic (section 2.2).

        Passes lie along the batch axis, `teacher_chunk` patches at a time; only running sums are kept.

        Returns:
            Mean probabilities (B, C, D, H, W) and uncertainty in nats (B, D, H, W).
        """
        chunk = self.config.teacher_chunk or passes * len(images)
        means, entropies = [], []
        with mc_dropout(self.teacher):
            for some in images.split(min(chunk, len(images))):
                sums, at_once = EntropyAccumulator(form), chunk // len(some)
                for done in range(0, passes, at_once):
                    many = some.repeat(min(at_once, passes - done), 1, 1, 1, 1)
                    logits, _ = self.forward_network(self.teacher, add_noise(many, noise, clip))
                    sums.add(logits.float().softmax(1).unflatten(0, (-1, len(some))))
                means.append(sums.mean_probabilities())
                entropies.append(sums.entropy())
        return torch.cat(means), torch.cat(entropies)

    @contextlib.contextmanager
    def autocast(self, device_type: str) -> Iterator[None]:
        """The precision of the convolutions; losses stay outside, in fp32."""
        if self.autocast_dtype is None:
            yield
        else:
            with torch.autocast(device_type, self.autocast_dtype):
                yield


@contextlib.contextmanager
def frozen_statistics(network: nn.Module) -> Iterator[None]:
    """A forward within it normalises by its own batch, and running statistics of batch normalisation stay."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm3d | nn.SyncBatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def add_noise(images: Tensor, scale: float, clip: float = 0.0) -> Tensor:
    """Additive Gaussian noise on normalised images, cut at `clip` standard deviations unless that is 0."""
    if scale == 0:
        return images
    noise = torch.randn_like(images)
    return images + scale * (noise.clamp(-clip, clip) if clip else noise)
