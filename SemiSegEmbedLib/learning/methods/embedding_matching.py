"""Semi-supervised segmentation via embedding matching: the paper's method, section 2.

L = L_S + w_UA L_UA + w_PS (L_NN + L_EN), both weights ramped up by eq. 1 (eq. 5).
"""

from __future__ import annotations

import torch
from torch import Tensor

from SemiSegEmbedLib.learning.bank import ReferenceQueue
from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.candidates import draw_positions, gather_embeddings, group_classes, without_margin
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.losses import masked_cross_entropy, masked_mean, unlabelled_loss
from SemiSegEmbedLib.learning.matching import largest_channel, similarity_entropy
from SemiSegEmbedLib.learning.methods.base import Method, add_noise
from SemiSegEmbedLib.learning.mixing import mix_boxes, with_pasted
from SemiSegEmbedLib.learning.processes import gathered, own_part
from SemiSegEmbedLib.learning.prototypes import Prototypes
from SemiSegEmbedLib.learning.schedules import reliability_threshold
from SemiSegEmbedLib.learning.similarity import best_of_groups, class_similarities
from SemiSegEmbedLib.study.records import IGNORE


class EmbeddingMatching(Method):
    """Pseudo labels from the teacher where it is sure (2.2), from labelled embeddings where it is not (2.3)."""

    def __init__(self, config: TrainingConfig, classes: int) -> None:
        super().__init__(config, classes)
        self.groups = group_classes(classes, config.hard_negatives)
        if config.reference_scope == "bank":
            self.bank = ReferenceQueue(len(self.groups), config.bank_size, self.student.embed_dim)
        if config.prototypes:
            self.prototypes = Prototypes(len(self.groups), config.prototypes, self.student.embed_dim)

    def training_step(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Method.training_step`. One forward of the student on [x_L; x_U], noise on both (section 2.2).

        The teacher comes first, so that its passes and the student's graph are never in memory together.
        """
        c, labelled, unlabelled = self.config, batch.labelled, batch.unlabelled
        assert labelled is not None
        assert unlabelled is not None
        y_t, uncertainty = self.teacher_opinion(unlabelled)
        threshold = reliability_threshold(step, c.steps, self.classes, start=c.threshold_start, end=c.threshold_end)
        y_t, reliable, own = with_pasted(unlabelled.pasted, y_t, uncertainty < threshold)
        references, usable = self.references(labelled)

        views = (add_noise(half.student_images, c.noise_student) for half in (labelled, unlabelled))
        (logits_l, f_l), (logits_u, f_u) = self.forward_halves(*views)
        similarities, matchable = self.similarities(f_u, references, usable)
        opinion = self.matching_opinion(unlabelled, similarities, references, usable)
        y_nn = largest_channel(opinion)
        everywhere = matchable[:, None, None, None].expand_as(reliable)
        unreliable = ~reliable & own & everywhere

        zero = logits_u.new_zeros((), dtype=torch.float32)
        l_s = self.labelled_loss(logits_l, f_l, labelled.labels)
        l_ua = masked_cross_entropy(logits_u, y_t, reliable) if c.use_ua else zero
        decided = unreliable & self.decided(opinion) if c.nn_margin else unreliable
        l_nn = self.floored(masked_cross_entropy(logits_u, y_nn, decided), decided) if c.use_nn else zero
        en_mask = unreliable if c.en_mask == "unreliable" else everywhere
        l_en = zero
        if c.use_en:
            l_en = self.floored(masked_mean(similarity_entropy(similarities, c.en_temperature), en_mask), en_mask)
        loss = l_s + unlabelled_loss(l_ua, l_nn, l_en, step, c.steps, ua_weight=c.ua_weight, ps_weight=c.ps_weight)

        parts = {"loss_supervised": l_s, "loss_ua": l_ua, "loss_nn": l_nn, "loss_en": l_en}
        scalars = {name: value.detach() for name, value in parts.items()}
        scalars["skipped_images"] = (~matchable).sum()
        scalars |= pseudo_label_health(y_t, y_nn, ~reliable & own, unreliable, own, self._hidden_labels(unlabelled))
        return loss, scalars

    def teacher_opinion(self, unlabelled: UnlabelledBatch) -> tuple[Tensor, Tensor]:
        """The hard label of the mean prediction and the uncertainty H (eq. 2), (B, D, H, W) each."""
        c = self.config
        probabilities, uncertainty = self.monte_carlo(unlabelled.images, c.passes, c.noise_teacher, c.uncertainty_form)
        boxes = unlabelled.boxes
        return mix_boxes(largest_channel(probabilities), boxes), mix_boxes(uncertainty, boxes)

    def similarities(self, f_u: Tensor, references: Tensor, usable: Tensor) -> tuple[Tensor, Tensor]:
        """K of each class at each unlabelled voxel (section 2.3.1), with gradient to the student's f_u alone.

        Returns:
            (B, C, D, H, W), and whether an image has references of the background and of an object, (B,).
        """
        c = self.config
        reduce = "max" if c.prototypes else c.reduce
        fused = self.compiler.fused if self.compiler else None
        groups = class_similarities(f_u, references, c.kernel, reduce, usable=usable, centre=c.centre, fused=fused)
        matchable = usable[:, 0] & usable[:, 1 : self.classes].any(1)
        return best_of_groups(groups, self.groups, self.classes), matchable.expand(len(f_u))

    @torch.no_grad()
    def matching_opinion(
        self, unlabelled: UnlabelledBatch, similarities: Tensor, references: Tensor, usable: Tensor
    ) -> Tensor:
        """The similarities that y_nn comes from, cut off from the graph: those of the student's embeddings (eq. 3).

        With `query` "teacher" they are those of the teacher's on its own view, which is not augmented in intensity,
        and without dropout, as the references are.
        """
        if self.config.query == "student":
            return similarities.detach()
        noisy = add_noise(unlabelled.images, self.config.noise_teacher)
        _, embeddings = self.forward_network(self.teacher, noisy)
        return self.similarities(mix_boxes(embeddings, unlabelled.boxes), references, usable)[0]

    def floored(self, loss: Tensor, mask: Tensor) -> Tensor:
        """The mean over a mask, less in proportion where the mask is smaller than a share of `ps_floor`."""
        floor = self.config.ps_floor
        return loss * (mask.float().mean() / floor).clamp_max(1.0) if floor else loss

    @torch.no_grad()
    def decided(self, similarities: Tensor) -> Tensor:
        """Voxels where the most similar class leads the second one by `nn_margin`, (B, D, H, W)."""
        best = similarities.topk(2, 1).values
        return best[:, 0] - best[:, 1] >= self.config.nn_margin

    @torch.no_grad()
    def references(self, labelled: LabelledBatch) -> tuple[Tensor, Tensor]:
        """f_L+ and f_L-: the teacher's embeddings of voxels near the surface, its dropout off.

        Returns:
            (B or 1, G, l, k, E), and which groups have any, (B or 1, G).
        """
        c = self.config
        _, embeddings = self.forward_network(self.teacher, add_noise(labelled.images, c.noise_teacher))
        candidates = without_margin(labelled.candidates, c.reference_margin)
        positions, found = draw_positions(candidates.flatten(1), len(self.groups), c.k, c.l)
        references = gathered(gather_embeddings(embeddings.flatten(2), positions).float())
        found = gathered(found.byte()).bool()
        if c.reference_scope == "bank":
            self.bank.push(references, found)
            if not c.prototypes:
                return self.bank.draw(c.l, c.k)
            self.prototypes.update(self.bank)
            return self.prototypes.centres[None, :, None], (self.bank.filled > 0)[None]
        references, usable = borrow_missing(references, found)
        if c.reference_scope == "pool":
            return references.transpose(0, 1).flatten(1, 2)[None], usable[:1]
        return own_part(references), own_part(usable)

    def _hidden_labels(self, unlabelled: UnlabelledBatch) -> Tensor | None:
        hidden = unlabelled.hidden_labels
        return None if hidden is None else mix_boxes(hidden, unlabelled.boxes)


def borrow_missing(references: Tensor, found: Tensor) -> tuple[Tensor, Tensor]:
    """An image without voxels of a group takes the references of the first image that has some.

    Args:
        references: (n, G, l, k, E).
        found: (n, G).

    Returns:
        References of the same shape, and which groups any image has, (n, G).
    """
    n, groups = found.shape
    own = torch.arange(n, device=found.device)[:, None].expand(n, groups)
    source = torch.where(found, own, found.long().argmax(0).expand(n, groups))
    return references[source, torch.arange(groups, device=found.device)], found.any(0).expand(n, groups)


def pseudo_label_health(
    y_t: Tensor, y_nn: Tensor, unsure: Tensor, unreliable: Tensor, own: Tensor, hidden: Tensor | None
) -> dict[str, Tensor]:
    """What to watch in every run; with hidden labels also how often both pseudo labels are right.

    Shares of nothing are NaN and do not count in the log. All maps (B, D, H, W).

    Args:
        y_t: The teacher's labels.
        y_nn: The matched labels.
        unsure: Where the teacher is not sure.
        unreliable: Where matching takes its place.
        own: Voxels that were not pasted; only these count.
        hidden: Labels that training does not use, or None.
    """
    scalars = {
        "unreliable_fraction": _share(unsure, own),
        "matched_foreground": _share(y_nn > 0, unreliable),
    }
    if hidden is not None:
        known = (hidden != IGNORE) & own
        scalars["accuracy_teacher"] = _share(y_t == hidden, known)
        scalars["accuracy_teacher_unreliable"] = _share(y_t == hidden, unreliable & known)
        scalars["accuracy_matched_unreliable"] = _share(y_nn == hidden, unreliable & known)
    return scalars


def _share(what: Tensor, among: Tensor) -> Tensor:
    return (what & among).sum() / among.sum()
