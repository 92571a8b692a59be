"""One network against the test scans and patches, with every definition of `evaluation.metrics`.

HD95 is the larger of the two directed 95th percentiles in mm. On whole scans the faces of the volume count as
surface; on patches they do not, since a bone goes on beyond them. A miss counts with the diagonal and is flagged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from SemiSegEmbedLib.evaluation.metrics import Border, evaluate_labels
from SemiSegEmbedLib.inference.postprocess import remove_islands
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.precision import autocast_dtype
from SemiSegEmbedLib.learning.volumes import Normalisation
from SemiSegEmbedLib.workflows.benchmark.sampling import Start
from SemiSegEmbedLib.workflows.benchmark.store import Map, Store

SCAN_METRICS = ("iou", "hd95", "hd95_pooled", "assd", "nsd_1mm", "nsd_2mm", "missed")
PATCH_METRICS = ("iou", "hd95", "missed")
REFERENCES = ("annotators", "exact")
WITHOUT_ISLANDS = "without islands"
"""The prediction of a whole scan without its islands, against the annotators."""
PATCH_BATCH = 8
SCANS_AT_ONCE = 32
"""Prediction and both references of a scan take some 100 MB."""

Row = dict[str, float | bool]


@dataclass(frozen=True)
class PatchPlace:
    """A patch of a scan of the store."""

    scan: str
    start: Start
    number: int

    @property
    def name(self) -> str:
        return f"{self.scan}/{self.number:02d}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """One prediction and one of its references, for `compare` in any process; on request without islands."""

    reference: np.ndarray
    prediction: np.ndarray
    spacing: tuple[float, float, float]
    border: Border
    metrics: tuple[str, ...]
    remove_islands: bool = False


def compare(task: Comparison) -> Row:
    """The metrics of the object (class 1), rounded to what is worth keeping."""
    # One thread, since every processor has a process of the pool.
    prediction = remove_islands(task.prediction) if task.remove_islands else task.prediction
    row = evaluate_labels(task.reference, prediction, task.spacing, [1], border=task.border, workers=1)[1]
    return {name: row[name] if isinstance(row[name], bool) else round(float(row[name]), 5) for name in task.metrics}


def score_scans(predictions: Iterable[tuple[str, np.ndarray]], store: Store, run: Map) -> dict[str, dict[str, Row]]:
    """Metrics of whole scans against the annotators, against the truth, and without islands.

    Args:
        predictions: Key and classes (D, H, W) of each scan; only `SCANS_AT_ONCE` of them are held at a time.
        store: Holds the references.
        run: `map`, or its like over processes.
    """
    rows: dict[str, dict[str, Row]] = {}
    waiting = iter(predictions)
    while some := list(islice(waiting, SCANS_AT_ONCE)):
        tasks = []
        for key, predicted in some:
            scan = store.load(key)
            for reference, removed in ((scan.label, False), (scan.exact, False), (scan.label, True)):
                pair = (np.array(reference), predicted)
                tasks.append(Comparison(*pair, scan.spacing, "surface", SCAN_METRICS, removed))
        rows |= _pairs([key for key, _ in some], run(compare, tasks), (*REFERENCES, WITHOUT_ISLANDS))
    return rows


def score_patches(
    network: UNet3D,
    places: Sequence[PatchPlace],
    store: Store,
    normalisation: Normalisation,
    *,
    patch: int,
    device: torch.device,
    run: Map,
    references: Sequence[str] = REFERENCES,
) -> dict[str, dict[str, Row]]:
    """Metrics of patches, each predicted by itself as in the paper (section 3.1)."""
    tasks = []
    for first in range(0, len(places), PATCH_BATCH):
        some = [cut_patch(store, place, patch) for place in places[first : first + PATCH_BATCH]]
        images = torch.stack([torch.from_numpy(image) for image, *_ in some])
        classes = predict_patches(network, images, normalisation, device)
        for predicted, (_, *labels) in zip(classes, some, strict=True):
            known = dict(zip(REFERENCES, labels, strict=True))
            spacing = (store.spacing_mm,) * 3
            tasks += [Comparison(known[name], predicted, spacing, "open", PATCH_METRICS) for name in references]
    return _pairs([place.name for place in places], run(compare, tasks), references)


def predict_scans(
    network: UNet3D, keys: Sequence[str], store: Store, normalisation: Normalisation, window: int, device: torch.device
) -> Iterable[tuple[str, np.ndarray]]:
    """Key and classes of each scan by the product's sliding window, one scan after the other."""
    for key in keys:
        image = store.load(key).image
        yield key, predict_classes(network, image, normalisation, patch_size=(window,) * 3, device=device)


@torch.no_grad()
def predict_patches(
    network: UNet3D, images: torch.Tensor, normalisation: Normalisation, device: torch.device
) -> np.ndarray:
    """Classes, uint8 (B, D, H, W), of images in HU (B, D, H, W)."""
    dtype = autocast_dtype("auto", device)
    with torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None):
        logits, _ = network(normalise(images.to(device), normalisation)[:, None])
    return logits.argmax(1).to(torch.uint8).cpu().numpy()


def cut_patch(store: Store, place: PatchPlace, patch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image, annotators' label and exact label of a patch; what a small scan lacks is air."""
    scan = store.load(place.scan)
    block = tuple(slice(a, a + patch) for a in place.start)
    parts = []
    for array, beyond in ((scan.image, -1000), (scan.label, 0), (scan.exact, 0)):
        cut = np.array(array[block])
        parts.append(np.pad(cut, [(0, patch - n) for n in cut.shape], constant_values=beyond))
    return parts[0], parts[1], parts[2]


def _pairs(names: Sequence[str], rows: Iterable[Row], references: Sequence[str]) -> dict[str, dict[str, Row]]:
    listed = iter(rows)
    return {name: {reference: next(listed) for reference in references} for name in names}
