"""Which form of embedding matching is right on unreliable voxels? Many forms asked of one and the same network.

A network is trained on phantom hips with L_S and L_UA alone, so that no form of matching has taught it. Several times
during training each form labels the same unlabelled patches, whose true labels are known here. Needs torch, numpy and
scipy.

python Testing/benchmarks/matching_accuracy.py --output matching_accuracy.json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from literal_form import ANNOTATED, HELD_OUT, UNANNOTATED, cohort

from SemiSegEmbedLib.learning.bank import ReferenceQueue
from SemiSegEmbedLib.learning.candidates import draw_positions, gather_embeddings, without_margin
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.methods.base import add_noise
from SemiSegEmbedLib.learning.methods.embedding_matching import EmbeddingMatching
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.learning.prototypes import Prototypes
from SemiSegEmbedLib.learning.schedules import reliability_threshold
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

PATCHES = 8
"""Patches of each kind that are looked at; an even number."""
LITERAL = {"query": "student", "centre": False, "hard_negatives": False, "kernel": "cosine", "reduce": "mean"}
FORMS: dict[str, dict[str, Any]] = {
    "literal (pair of patches)": {**LITERAL, "scope": "pair"},
    "literal, bank": {**LITERAL, "scope": "bank"},
    "bank, max": {**LITERAL, "scope": "bank", "reduce": "max"},
    "bank, euclidean": {**LITERAL, "scope": "bank", "kernel": "euclidean"},
    "bank, euclidean, max": {**LITERAL, "scope": "bank", "kernel": "euclidean", "reduce": "max"},
    "bank, centred": {**LITERAL, "scope": "bank", "centre": True},
    "bank, hard negatives": {**LITERAL, "scope": "bank", "hard_negatives": True},
    "robust (bank, hard negatives, centred)": {**LITERAL, "scope": "bank", "hard_negatives": True, "centre": True},
    "robust, max": {**LITERAL, "scope": "bank", "hard_negatives": True, "centre": True, "reduce": "max"},
    "robust, 8 prototypes": {**LITERAL, "scope": "prototypes", "hard_negatives": True, "centre": True},
    "robust, teacher's embeddings": {
        **LITERAL, "scope": "bank", "hard_negatives": True, "centre": True, "query": "teacher"
    },
    "robust, teacher's embeddings, max": {
        **LITERAL, "scope": "bank", "hard_negatives": True, "centre": True, "query": "teacher", "reduce": "max"
    },
    "robust, teacher's embeddings, 8 prototypes": {
        **LITERAL, "scope": "prototypes", "hard_negatives": True, "centre": True, "query": "teacher"
    },
    "teacher's embeddings, 8 prototypes, not centred": {
        **LITERAL, "scope": "prototypes", "hard_negatives": True, "query": "teacher"
    },
}  # fmt: skip
"""Name -> what is asked; "scope": references of the labelled patch of the same number, of all, or cluster centres."""


class Examiner:
    """Asks every form the same questions, whenever training validates."""

    def __init__(self, config: TrainingConfig, volumes: list[Volume], normalisation: Normalisation) -> None:
        self.config, self.rows = config, []
        rest = volumes[ANNOTATED : ANNOTATED + UNANNOTATED]
        source = PatchSource(
            [*volumes[:ANNOTATED], *(Volume(v.key, v.image, None, v.spacing) for v in rest)],
            normalisation, config, 2, "cpu", torch.Generator().manual_seed(99),
            hidden_labels={v.key: v.label for v in rest},
        )  # fmt: skip
        self.batch = source.batch(PATCHES, PATCHES)

    def __call__(self, student: UNet3D, teacher: UNet3D, step: int) -> dict[str, float]:
        method = EmbeddingMatching(self.config, 2)
        method.student.load_state_dict(student.state_dict())
        method.teacher.load_state_dict(teacher.state_dict())
        method.train()
        truth = self.batch.unlabelled.hidden_labels
        label, uncertainty = method.teacher_opinion(self.batch.unlabelled)
        unsure = uncertainty >= reliability_threshold(
            step, self.config.steps, 2, start=self.config.threshold_start, end=self.config.threshold_end
        )
        queries = {"student": self.embed(method, method.student), "teacher": self.embed(method, method.teacher)}
        references, found = self.references(method)
        shares = {"unreliable": float(unsure.float().mean()), "bone among unreliable": share(truth == 1, unsure)}
        row: dict[str, Any] = {"step": step, **shares, "teacher": share(label == truth, unsure), "forms": {}}
        for name, form in FORMS.items():
            similarities = self.ask(method, form, queries[form["query"]], references, found)
            y_nn, gap = similarities.argmax(1), (similarities[:, 1] - similarities[:, 0]).abs()
            surest = unsure & (gap >= gap[unsure].median())
            row["forms"][name] = {
                "right": share(y_nn == truth, unsure),
                "right, surer half": share(y_nn == truth, surest),
                "called bone": share(y_nn == 1, unsure),
                "right, all voxels": share(y_nn == truth, torch.ones_like(unsure)),
            }
        self.rows.append(row)
        return {"hd95": 0.0, "iou": 1.0 - step * 1e-9}

    def embed(self, method: EmbeddingMatching, network: UNet3D) -> Tensor:
        """Embeddings of the unlabelled patches, two at a time as in training."""
        scale = self.config.noise_student if network is method.student else self.config.noise_teacher
        pairs = self.batch.unlabelled.images.split(2)
        return torch.cat([method.forward_network(network, add_noise(pair, scale))[1].float() for pair in pairs])

    def references(self, method: EmbeddingMatching) -> tuple[Tensor, Tensor]:
        """(PATCHES, 3, l, k, E) of background, bone and hard negatives, and which there are."""
        labelled, c = self.batch.labelled, self.config
        embeddings = torch.cat([method.forward_network(method.teacher, x)[1] for x in labelled.images.split(2)])
        candidates = without_margin(labelled.candidates, c.reference_margin)
        positions, found = draw_positions(candidates.flatten(1), 3, c.k, c.l)
        return gather_embeddings(embeddings.flatten(2), positions).float(), found

    def ask(
        self, method: EmbeddingMatching, form: dict[str, Any], queries: Tensor, references: Tensor, found: Tensor
    ) -> Tensor:
        c = self.config
        method.config = c.replace(
            **{name: form[name] for name in ("centre", "kernel", "reduce")},
            prototypes=8 * (form["scope"] == "prototypes"),
        )
        usable = found & torch.tensor([True, True, form["hard_negatives"]])
        if form["scope"] != "pair":
            bank = ReferenceQueue(3, PATCHES * c.k * c.l, references.shape[-1])
            bank.push(references, found)
            references, usable = bank.draw(4 * c.l, c.k)
            usable = usable & torch.tensor([True, True, form["hard_negatives"]])
        if form["scope"] == "prototypes":
            prototypes = Prototypes(3, 8, references.shape[-1])
            for _ in range(20):
                prototypes.update(bank)
            references = prototypes.centres[None, :, None]
        return method.similarities(queries, references, usable)[0]


def share(what: Tensor, among: Tensor) -> float:
    return float((what & among).sum() / among.sum().clamp_min(1))


def show(rows: list[dict[str, Any]]) -> None:
    print("step        " + " ".join(f"{row['step']:>11}" for row in rows))
    for name in ("unreliable", "bone among unreliable", "teacher"):
        print(f"{name:44s}" + " ".join(f"{row[name]:11.3f}" for row in rows))
    print("right on unreliable voxels / on the surer half of them / called bone")
    for name in FORMS:
        cells = [row["forms"][name] for row in rows]
        print(f"{name:44s}" + " ".join(
            f"{c['right']:.2f}/{c['right, surer half']:.2f}/{c['called bone']:.2f}" for c in cells
        ))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--spacing", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--norm", default="batch")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    volumes = cohort(arguments.spacing, arguments.seed)
    sample = np.concatenate([volume.image.ravel()[::7].astype(np.float64) for volume in volumes[:-HELD_OUT]])
    normalisation = Normalisation(float(sample.mean()), float(sample.std()))
    config = preset(
        "quick", steps=arguments.steps, patch_size=(32, 32, 32), seed=arguments.seed, norm=arguments.norm,
        use_nn=False, use_en=False, supervised_start=0.0,
        validate_every=max(1, arguments.steps // 4), checkpoint_every=arguments.steps,
    )  # fmt: skip
    examiner = Examiner(config, volumes, normalisation)
    rest = volumes[ANNOTATED : ANNOTATED + UNANNOTATED]
    training = [*volumes[:ANNOTATED], *(Volume(v.key, v.image, None, v.spacing) for v in rest)]
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            config, training, normalisation, 2, device="cpu", checkpoints=Path(folder),
            report=lambda event: None, validate=examiner,
        ).run()  # fmt: skip
    show(examiner.rows)
    record = {"arguments": {k: str(v) for k, v in vars(arguments).items()}, "torch": torch.__version__}
    arguments.output.write_text(json.dumps({**record, "rows": examiner.rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
