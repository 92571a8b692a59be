"""Draws patches from whole volumes: from the device as many as fit, the others from host memory or disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.candidates import reference_groups
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.memory import available_bytes
from SemiSegEmbedLib.learning.processes import own_part
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume
from SemiSegEmbedLib.study.records import IGNORE

VOLUME_SHARE = 0.4
"""Of the memory that a run may take of a GPU, so much is for whole volumes."""
BONE_STRIDE = 4
"""Unannotated volumes are searched for bone on every fourth voxel of each axis: enough to aim patches."""


def normalise(image: Tensor, normalisation: Normalisation) -> Tensor:
    """Clipped HU of any float type -> float32 z-scores, on the tensor's own device."""
    return (image.float().clamp(normalisation.low, normalisation.high) - normalisation.mean) / normalisation.std


@dataclass(frozen=True)
class Draw:
    """One patch to be cut: which volume, and its first voxel."""

    volume: int
    start: tuple[int, int, int]


@dataclass(eq=False)
class StoredVolume:
    """One volume ready for cutting; maps are uint8 with 255 for "nothing known", arrays or device tensors.

    Attributes:
        maps: "image" and, where they exist, "label", "candidates" and "hidden"; all of one shape.
        centres: Lists of flat voxel indices to aim patches at; one list is chosen, then one voxel.
    """

    maps: dict[str, Any]
    shape: tuple[int, int, int]
    centres: list[np.ndarray]

    def cut(self, name: str, start: Sequence[int], size: Sequence[int]) -> Tensor:
        """A copy (or, on the device, a view) of one patch of one map."""
        block = self.maps[name][tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))]
        return block if isinstance(block, Tensor) else torch.from_numpy(np.array(block))

    @property
    def shows_labels(self) -> bool:
        """Whether any voxel is annotated (and not withheld)."""
        return "label" in self.maps and bool((self.maps["label"] != IGNORE).any())

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.maps.values())


class PatchSource:
    """Labelled and unlabelled patches, reproducible from one generator.

    Annotated volumes give labelled patches; what lies in their withheld boxes counts as ignore. Unannotated
    volumes give unlabelled patches, as do annotated ones that hold ignore voxels, and all annotated ones when
    nothing else is there. Volumes are drawn uniformly, so every scan counts the same.

    Args:
        volumes: On one training grid; smaller ones than a patch are padded (air, ignore).
        normalisation: Applied on the device.
        config: Patch size, shares, reference band.
        classes: C, background included.
        device: Where patches end up.
        generator: On the CPU; draws places.
        hidden_labels: Labels of unannotated volumes by case key, for a benchmark's log alone.
        room: Bytes that the run may take of a GPU, of which whole volumes get `VOLUME_SHARE`; None asks the GPU.

    Attributes:
        device_bytes: What the volumes on the GPU take.

    Raises:
        BadInputError: When no volume holds an annotated voxel.
    """

    def __init__(
        self,
        volumes: Sequence[Volume],
        normalisation: Normalisation,
        config: TrainingConfig,
        classes: int,
        device: torch.device | str,
        generator: Generator,
        *,
        hidden_labels: Mapping[str, np.ndarray] | None = None,
        room: int | None = None,
    ) -> None:
        self.normalisation, self.config, self.generator = normalisation, config, generator
        self.device = torch.device(device)
        hidden = hidden_labels or {}
        self._volumes = [_store(v, normalisation, config, classes, hidden.get(v.key)) for v in volumes]
        self._hides_labels = bool(hidden)
        self._annotated = [i for i, v in enumerate(self._volumes) if v.shows_labels]
        if not any(self._volumes[i].centres for i in self._annotated):
            raise BadInputError("No annotated case shows an object to learn; annotate at least one case.")
        free = [i for i, v in enumerate(volumes) if v.label is None or _has_ignore(v)]
        self._unlabelled = free or self._annotated
        self.device_bytes = 0
        self._prefetcher = ThreadPoolExecutor(1) if self._move_to_device(room) else None
        self._pending: tuple[tuple[int, int], Tensor, Future] | None = None

    def labelled(self, n: int) -> LabelledBatch:
        """n patches of annotated volumes."""
        half = self.batch(n, 0).labelled
        assert half is not None
        return half

    def unlabelled(self, n: int) -> UnlabelledBatch:
        """n patches whose labels are not used."""
        half = self.batch(0, n).unlabelled
        assert half is not None
        return half

    def batch(self, labelled: int, unlabelled: int) -> Batch:
        """Both halves; from volumes outside the GPU the next batch of the same kind is cut meanwhile."""
        if self._prefetcher is None:
            return self._finish(self._cut(self._draw(labelled, unlabelled)))
        kind = (labelled, unlabelled)
        if self._pending is None or self._pending[0] != kind:
            self._forget_pending()
            self._start(kind)
        assert self._pending is not None
        ready = self._pending[2].result()
        self._start(kind)
        return self._finish(ready)

    def state_dict(self) -> dict[str, Tensor]:
        """The generator's state before any patch that nobody has seen yet."""
        return {"generator": self._pending[1] if self._pending else self.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Goes on exactly where `state_dict` was called."""
        self._forget_pending()
        self.generator.set_state(state["generator"].cpu())

    def change_config(self, config: TrainingConfig) -> None:
        """Takes another patch size from here on; it must not be larger than the first one."""
        self._forget_pending()
        self.config = config

    def _start(self, kind: tuple[int, int]) -> None:
        assert self._prefetcher is not None
        before = self.generator.get_state()
        draws = self._draw(*kind)
        self._pending = (kind, before, self._prefetcher.submit(self._cut, draws))

    def _forget_pending(self) -> None:
        if self._pending is not None:
            self._pending[2].result()
            self.generator.set_state(self._pending[1])
            self._pending = None

    def _draw(self, labelled: int, unlabelled: int) -> tuple[list[Draw], list[Draw]]:
        """Every process draws the whole batch, so that all stay in step, and keeps its part."""
        c = self.config
        drawn = (
            [self._draw_one(self._annotated, c.foreground_share) for _ in range(labelled)],
            [self._draw_one(self._unlabelled, c.bone_share) for _ in range(unlabelled)],
        )
        return own_part(drawn[0]), own_part(drawn[1])

    def _draw_one(self, among: Sequence[int], aimed_share: float) -> Draw:
        """A place anywhere, the last one included, or so that a voxel to aim at lies inside the margin."""
        volume = among[self._integer(len(among))]
        stored, size = self._volumes[volume], self.config.patch_size
        last = [n - p for n, p in zip(stored.shape, size, strict=True)]
        low, high = [0, 0, 0], last
        if float(torch.rand((), generator=self.generator)) < aimed_share and stored.centres:
            centres = stored.centres[self._integer(len(stored.centres))]
            centre = np.unravel_index(centres[self._integer(len(centres))], stored.shape)
            margin = [min(self.config.reference_margin, (p - 1) // 2) for p in size]
            low = [min(max(int(c) - p + 1 + m, 0), e) for c, p, m, e in zip(centre, size, margin, last, strict=True)]
            high = [max(min(int(c) - m, e), 0) for c, m, e in zip(centre, margin, last, strict=True)]
        start = tuple(a + self._integer(b - a + 1) for a, b in zip(low, high, strict=True))
        return Draw(volume, start)  # type: ignore[arg-type]

    def _integer(self, n: int) -> int:
        return int(torch.randint(n, (), generator=self.generator))

    def _cut(self, draws: tuple[list[Draw], list[Draw]]) -> tuple[dict[str, list[Tensor]], dict[str, list[Tensor]]]:
        """The patches where their volumes lie; host patches are pinned when a GPU waits for them."""
        labelled, unlabelled = draws
        names = ["image", "hidden"] if self._hides_labels else ["image"]
        return self._cut_half(labelled, ["image", "label", "candidates"]), self._cut_half(unlabelled, names)

    def _cut_half(self, draws: list[Draw], names: list[str]) -> dict[str, list[Tensor]]:
        half: dict[str, list[Tensor]] = {name: [] for name in names}
        for draw in draws:
            stored = self._volumes[draw.volume]
            for name in names:
                if name in stored.maps:
                    patch = stored.cut(name, draw.start, self.config.patch_size)
                else:
                    patch = torch.full(self.config.patch_size, IGNORE, dtype=torch.uint8)
                pin = self.device.type == "cuda" and patch.device.type == "cpu"
                half[name].append(patch.pin_memory() if pin else patch)
        return half

    def _finish(self, halves: tuple[dict[str, list[Tensor]], dict[str, list[Tensor]]]) -> Batch:
        """Moves patches to the device and normalises them there."""
        on_device = [
            {
                name: torch.stack([p.to(self.device, non_blocking=True) for p in patches])
                for name, patches in half.items()
                if patches
            }
            for half in halves
        ]
        labelled = unlabelled = None
        if on_device[0]:
            images = normalise(on_device[0]["image"], self.normalisation)[:, None]
            labelled = LabelledBatch(images, on_device[0]["label"].long(), on_device[0]["candidates"], images)
        if on_device[1]:
            images = normalise(on_device[1]["image"], self.normalisation)[:, None]
            hidden = on_device[1]["hidden"].long() if "hidden" in on_device[1] else None
            unlabelled = UnlabelledBatch(images, images, hidden)
        return Batch(labelled, unlabelled, self.normalisation.value_range)

    def _move_to_device(self, room: int | None) -> bool:
        """Fills the volumes' share, annotated ones first; True when some volume stays behind."""
        if self.device.type in ("cpu", "mps"):  # whose memory is the host's
            return False
        share = int(VOLUME_SHARE * (available_bytes(self.device) if room is None else room))
        order = self._annotated + [i for i in range(len(self._volumes)) if i not in set(self._annotated)]
        behind = False
        for stored in (self._volumes[i] for i in order):
            if self.device_bytes + stored.nbytes <= share:
                self.device_bytes += stored.nbytes
                stored.maps = {k: torch.from_numpy(np.array(a)).to(self.device) for k, a in stored.maps.items()}
            else:
                behind = True
        return behind


def _store(
    volume: Volume, normalisation: Normalisation, config: TrainingConfig, classes: int, hidden: np.ndarray | None
) -> StoredVolume:
    maps: dict[str, Any] = {"image": _padded(volume.image, config.patch_size, normalisation.low)}
    if hidden is not None:
        maps["hidden"] = _padded(hidden, config.patch_size, IGNORE)
    if volume.label is None:
        sample = np.asarray(maps["image"][::BONE_STRIDE, ::BONE_STRIDE, ::BONE_STRIDE])
        bone = np.argwhere(sample > config.bone_hu) * BONE_STRIDE
        centres = [np.asarray(np.ravel_multi_index(tuple(bone.T), maps["image"].shape))] if len(bone) else []
    else:
        label = np.array(volume.label)
        for low, high in volume.withheld:
            label[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = IGNORE
        maps["label"] = _padded(label, config.patch_size, IGNORE)
        maps["candidates"] = reference_groups(maps["image"], maps["label"], volume.spacing, classes, config)
        aims = [_surface_or_inside(maps, c) for c in range(1, classes)]
        centres = [aim for aim in aims if len(aim)]
    return StoredVolume(maps, maps["image"].shape, centres)


def _surface_or_inside(maps: Mapping[str, np.ndarray], c: int) -> np.ndarray:
    """Flat indices of the voxels of a class near its surface; all of them where it has no surface."""
    surface = np.flatnonzero(maps["candidates"] == c)
    return surface if len(surface) else np.flatnonzero(maps["label"] == c)


def _padded(array: np.ndarray, size: Sequence[int], value: float) -> np.ndarray:
    missing = [max(0, n - have) for n, have in zip(size, array.shape, strict=True)]
    if not any(missing):
        return array
    return np.pad(array, [(m // 2, m - m // 2) for m in missing], constant_values=value)


def _has_ignore(volume: Volume) -> bool:
    return volume.label is not None and bool((np.asarray(volume.label) == IGNORE).any())
