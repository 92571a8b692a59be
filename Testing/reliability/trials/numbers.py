"""Numbers that break training: NaN, infinity, nothing to learn, too little of everything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import SimpleITK as sitk
import torch

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.run_folder import RunFolder, observed_status
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint
from SemiSegEmbedLib.learning.losses import masked_cross_entropy, supervised_loss
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.cases import add_label
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_many
from trials import children
from trials.rows import Row, judged, sentence_faults
from trials.scenes import body, image_of, make_study, new_run, work_on

METHODS = ("supervised", "embedding_matching")
STEPS = 6


def train(study: Study, **settings: Any) -> tuple[str, str, list[str]]:
    """How a short run ended, what it said, and what is wrong with that."""
    try:
        run = new_run(study, settings.pop("steps", STEPS), **settings)
    except SemiSegEmbedError as error:
        return "refused", str(error), sentence_faults(str(error), [str(study.folder)])
    ending = children.run(work_on, run.path)
    if ending.kind != "returned":
        return "crashed", ending.trace, [f"{ending.error} {ending.value}"]
    status = observed_status(run.path)
    faults = [] if status.state.value == "finished" else sentence_faults(status.reason, [str(study.folder)])
    if status.state.value == "finished":
        weights = load_checkpoint(run.checkpoints / "last.pt")["method"]
        faults += ["weights that are not finite"] * any(not torch.isfinite(w).all() for w in weights.values())
    return status.state.value, status.reason, faults


def with_poison(run_path: Path, kind: str) -> str:
    """Trains with batches that hold NaN or infinity at some steps, or with a loss that explodes."""
    cut, calls = PatchSource.batch, [0]

    def poisoned(self: PatchSource, labelled: int, unlabelled: int) -> Any:
        batch = cut(self, labelled, unlabelled)
        calls[0] += 1
        if batch.labelled is not None and (calls[0] % 4 == 2 or kind == "always"):
            value = {"nan": float("nan"), "huge": 1e30}.get(kind, float("inf"))
            batch.labelled.images[0, 0, 3, 3, 3] = value
        return batch

    with mock.patch.object(PatchSource, "batch", poisoned):
        return work_on(run_path)


def poison_rows(short: bool) -> list[Row]:
    """Bad batches among good ones."""
    rows = []
    kinds = {"nan": "NaN in a batch", "inf": "Infinity in a batch", "huge": "A voxel of 1e30"}
    for kind, tried in list(kinds.items())[: 1 if short else None]:
        with tempfile.TemporaryDirectory() as root:
            run = new_run(make_study(Path(root) / "study"), 12, log_every=1)
            ending = children.run(with_poison, run.path, kind)
            faults = [] if ending.value == "finished" else [f"it ended as {ending.value} {ending.trace[-300:]}"]
            skipped = max((event.get("skipped_steps") or 0 for event in run.events()[0]), default=0)
            faults += finite_faults(run)
        happened = (
            f"{skipped} steps without finite gradients were left out, the others counted; all weights are finite."
        )
        rows.append(judged(tried, faults, 3, happened, "Put into the batches of a real run"))
    return rows


def finite_faults(run: RunFolder) -> list[str]:
    """Whether what a run leaves behind can be used."""
    weights = load_checkpoint(run.checkpoints / "last.pt")["method"]
    return [f"{name} is not finite" for name, value in weights.items() if not torch.isfinite(value).all()]


def exploding() -> Row:
    """A loss that stays infinite."""
    with tempfile.TemporaryDirectory() as root:
        run = new_run(make_study(Path(root) / "study"), 60, log_every=1)
        ending = children.run(with_poison, run.path, "always")
        said = observed_status(run.path).reason
        faults = [f"it ended as {ending.value} {ending.trace[-300:]}"] * (ending.kind != "returned")
        faults += sentence_faults(said, [root])
        if (run.checkpoints / "last.pt").exists():
            faults += finite_faults(run)
    return judged(
        "An exploding loss", faults, 1, f"The run {ending.value}: “{said}”", "Infinite voxels in every batch"
    )


def study_rows(short: bool) -> list[Row]:
    """Studies with too little of something."""
    thin = {"shape": (6, 200, 200), "spacing": (0.7, 0.7, 5.0)}
    situations: dict[str, tuple[dict[str, Any], Callable[[Study, Path], Any] | None]] = {
        "2 annotated cases": ({"annotated": 2, "unannotated": 1}, None),
        "1 annotated case": ({"annotated": 1, "unannotated": 1}, None),
        "1 annotated case and nothing else": ({"annotated": 1, "unannotated": 0}, None),
        "0 unannotated cases": ({"annotated": 2, "unannotated": 0}, None),
        "0 annotated cases": ({"annotated": 0, "unannotated": 2}, None),
        "A label with a single voxel": ({"annotated": 1, "unannotated": 1}, single_voxel),
        "A volume smaller than a patch": ({"annotated": 2, "unannotated": 1, "shape": (9, 12, 15)}, None),
        "Slices of 5 mm, pixels of 0.7 mm": ({"annotated": 1, "unannotated": 1, **thin}, None),
    }
    rows = []
    for tried, (form, change) in list(situations.items())[slice(2, 4) if short else slice(None)]:
        endings, faults = set(), list[str]()
        methods = METHODS[-1:] if short else METHODS
        with tempfile.TemporaryDirectory() as root:
            study = make_study(Path(root) / "study", **form)
            if change is not None:
                change(study, Path(root))
            for method in methods:
                state, said, wrong = train(study, method=method, steps=2 if short else STEPS)
                endings.add(f"{state}: “{said}”" if said else state)
                faults += [f"{method}: {fault}" for fault in wrong]
        happened = f"{'; '.join(sorted(endings))} ({', '.join(methods)})"
        rows.append(judged(tried, faults, len(methods), happened[0].upper() + happened[1:]))
    return rows


def single_voxel(study: Study, place: Path) -> None:
    """The newest label of the first case marks one voxel."""
    label = np.zeros_like(body()[1])
    label[14, 16, 22] = 1
    sitk.WriteImage(image_of(label), str(place / "one.nii.gz"))
    add_label(study, "case-0001", place / "one.nii.gz")


def empty_label() -> Row:
    """A label that marks nothing is refused when it is added."""
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study", annotated=1, unannotated=1)
        sitk.WriteImage(image_of(np.zeros_like(body()[1])), str(Path(root) / "none.nii.gz"))
        said = "it was taken"
        try:
            add_label(study, "case-0002", Path(root) / "none.nii.gz")
        except SemiSegEmbedError as error:
            said = str(error)
        faults = sentence_faults(said, [root])
    return judged("A label that marks nothing", faults, 1, f"“{said}”")


def empty_masks() -> Row:
    """No voxel counts: 0 with gradient 0, never NaN."""
    faults = []
    logits = torch.randn(1, 2, 4, 4, 4, requires_grad=True)
    nothing = torch.zeros(1, 4, 4, 4, dtype=torch.bool)
    for loss in (
        masked_cross_entropy(logits, nothing.long(), nothing),
        supervised_loss(logits, torch.full((1, 4, 4, 4), 255)),
    ):
        (gradient,) = torch.autograd.grad(loss, logits)
        faults += [f"the loss is {loss.item()}"] * (loss.item() != 0) + ["a gradient"] * bool(gradient.any())
    return judged("An empty mask", faults, 2, "Loss 0 with gradient 0.")


def fine_and_coarse() -> Row:
    """0.3 x 0.3 x 5 mm all the way: added, trained on at 3 mm, segmented, on its own grid to the voxel."""
    form: dict[str, Any] = {"shape": (12, 300, 400), "spacing": (0.3, 0.3, 5.0)}
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study", annotated=1, unannotated=1, **form)
        faults = [f"the study has {study.spacing_mm} mm"] * (study.spacing_mm != 0.3)
    with tempfile.TemporaryDirectory() as root:
        scans = make_study(Path(root) / "fine", annotated=1, unannotated=1, **form)
        study = make_study(Path(root) / "study", annotated=1, unannotated=0)
        case = study.add_case(scans.image_path(scans.cases[1]))
        path = scans.label_path(scans.cases[0])
        assert path is not None
        state, said, wrong = train(study)
        faults += wrong + [f"it ended as {state}: {said}"] * (state != "finished")
        outcome = children.run(_segment, study.folder, case.key)
        native = sitk.ReadImage(str(study.image_path(case)))
        if outcome.kind != "returned" or outcome.value != native.GetSize():
            faults.append(f"segmented on another grid: {outcome.value} {outcome.trace[-300:]}")
    return judged("0.3 x 0.3 x 5 mm", faults, 2, "Trained on, and segmented on its own grid of 400 x 300 x 12 voxels.")


def _segment(folder: Path, key: str) -> tuple[int, ...]:
    segment_many(folder, [Path(key)], None, SegmentationOptions(passes=2, device="cpu"))
    (result,) = Study.open(folder).results
    return sitk.ReadImage(str(folder / result.folder / "label.nii.gz")).GetSize()


def run(short: bool) -> list[Row]:
    """The rows of this topic."""
    if short:
        return [empty_label(), empty_masks(), *poison_rows(short), *study_rows(short)]
    return [*poison_rows(short), exploding(), empty_masks(), empty_label(), *study_rows(short), fine_and_coarse()]
