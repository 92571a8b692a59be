"""A result in the scene as files: copied on the main thread in moments, written by a child process."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.image_files import unused_path
from SemiSegEmbedLib.application.segmentation import copy_layers, segment_facts, segment_id
from SemiSegEmbedLib.application.slice_views import ct_of
from SemiSegEmbedLib.application.snapshot import Snapshot
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.files import atomic_writer, explain
from SemiSegEmbedLib.study.records import Label

VOLUMES = ("nii.gz", "seg.nrrd")
SURFACES = ("stl", "obj", "ply")
FORMATS = (*VOLUMES, *SURFACES)
PATIENCE_S = 5.0
"""With a child that was killed and still holds its files."""


@dataclass(frozen=True, eq=False)
class Result:
    """A copy of a segmentation as it is in the scene now, corrections included.

    Attributes:
        name: What it is called.
        snapshot: Its voxels on the grid of the CT, with a value of its own for each segment.
        segments: How each segment stands in a file; the arguments of `imaging.write.SegmentEntry`.
        known: For each segment whether the study knows it: its value is then that of the study's label files.
    """

    name: str
    snapshot: Snapshot
    segments: tuple[dict[str, Any], ...]
    known: tuple[bool, ...]

    @property
    def unknown(self) -> list[str]:
        """Names of the segments that the study does not know; a label file cannot hold them."""
        pairs = zip(self.segments, self.known, strict=True)
        return [str(segment["name"]) for segment, known in pairs if not known]

    def write(self, folder: Path) -> None:
        """Hand it over to `workflows.export`; touches neither MRML nor Qt.

        Raises:
            SemiSegEmbedError: The disk is full, and the like.
        """
        grid, layers = self.snapshot.grid, self.snapshot.layers
        about = {
            "shape": list(grid.shape),
            "ijk_to_lps": grid.ijk_to_lps.tolist(),
            "layers": [{"offset": list(layer.offset), "values": list(layer.values.items())} for layer in layers],
            "segments": list(self.segments),
            "known": list(self.known),
        }
        try:
            for number, layer in enumerate(layers):
                np.save(folder / f"layer{number}.npy", layer.voxels)
            (folder / "export.json").write_text(json.dumps(about), encoding="utf-8")
        except OSError as error:
            raise explain(error, "The result could not be copied for export") from error


def take_result(node: Any, labels: Sequence[Label]) -> Result:
    """Copy a segmentation.

    Args:
        node: A segmentation, on a CT that is in the scene.
        labels: Labels that the study knows.

    Raises:
        SemiSegEmbedError: Its CT is gone, or a transform bends it.
    """
    volume = ct_of(node)
    if volume is None:
        raise SemiSegEmbedError(_("The CT of this result is no longer loaded: show the result again."))
    ids, known = node.GetSegmentation().GetSegmentIDs(), {segment_id(label): label.value for label in labels}
    free = (value for value in itertools.count(1) if value not in known.values())
    values = {key: known[key] if key in known else next(free) for key in ids}
    snapshot = copy_layers(node, volume, values)
    layer_of = {value: number for number, layer in enumerate(snapshot.layers) for value in layer.values.values()}
    segments = [
        segment_facts(node, key) | {"value": value, "layer": layer_of.get(value, 0)} for key, value in values.items()
    ]
    return Result(node.GetName(), snapshot, tuple(segments), tuple(key in known for key in ids))


def put_in_place(written: Sequence[dict[str, Any]], name: str, folder: Path) -> list[Path]:
    """Copy finished files to where the user wants them, all or none, and never over a file.

    Args:
        written: What `workflows.export` returned.
        name: What the result is called.
        folder: Where to.

    Raises:
        SemiSegEmbedError: The disk is full, and the like.
    """
    placed: list[Path] = []
    try:
        for one in written:
            source = Path(one["file"])
            path = unused_path(folder, f"{name} {one['segment']}".strip(), source.name[source.name.index(".") :])
            with atomic_writer(path) as temporary:
                shutil.copyfile(source, temporary)
            placed.append(path)
    except SemiSegEmbedError:
        take_away(placed)
        raise
    return placed


def take_away(paths: Sequence[Path]) -> None:
    """Delete files of an export that did not come to its end."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


class ResultExport:
    """One export at a time: a thread copies, a child process writes, a thread puts the files in place.

    Args:
        done: Called on the main thread with the files and with the names of segments that were left out.
        failed: Called on the main thread with one sentence.
        progress: Called on the main thread with a line of progress.
    """

    def __init__(
        self,
        done: Callable[[list[Path], list[str]], None],
        failed: Callable[[str], None],
        progress: Callable[[str], None],
    ) -> None:
        self._done = done
        self._failed = failed
        self._progress = progress
        self._threads = Background()
        self._errand = Errand()
        self._handover: Path | None = None

    @property
    def running(self) -> bool:
        """Whether files are being written."""
        return self._handover is not None

    def start(self, result: Result, folder: Path, file_format: str, smoothing: float) -> None:
        """Write a result.

        Args:
            result: See `take_result`.
            folder: Where to; a file of the same name is never written over.
            file_format: One of `FORMATS`; surfaces are in LPS millimetres, one file for each
                segment that is not empty.
            smoothing: Of surfaces, see `result_scene.make_surfaces`.
        """
        try:
            handover = self._handover = Path(tempfile.mkdtemp(prefix="SemiSegEmbed-export-"))
        except OSError as error:
            self._failed(str(explain(error, "The result could not be copied for export")))
            return
        left_out = result.unknown if file_format == "nii.gz" else []

        def copied(_nothing: object) -> None:
            arguments = ["export", str(handover), "--format", file_format, "--smoothing", f"{smoothing:g}"]
            if self._handover == handover:
                self._errand.start(arguments, written, self._end(handover, self._failed), self._progress)

        def written(files: Sequence[dict[str, Any]]) -> None:
            self._threads.start(
                lambda: put_in_place(files, result.name, folder), placed, self._end(handover, self._failed)
            )

        def placed(paths: list[Path]) -> None:
            if self._handover != handover:
                take_away(paths)  # cancelled in the last moment
            self._end(handover, lambda _paths: self._done(paths, left_out))(paths)

        self._threads.start(lambda: result.write(handover), copied, self._end(handover, self._failed))

    def _end(self, handover: Path, tell: Callable[[Any], None]) -> Callable[[Any], None]:
        """Clear up before the outcome is told; one that was cancelled is not told any more."""

        def end(outcome: Any) -> None:
            if self._handover == handover:
                self._clear()
                tell(outcome)

        return end

    def _clear(self) -> None:
        handover, self._handover = self._handover, None
        if handover is not None:
            # In a thread, since a child that was just killed may still hold its files for a moment.
            self._threads.start(lambda: _remove(handover), lambda _nothing: None, self._failed)

    def poll(self) -> None:
        """Deliver what threads and the child process have to say; called by a timer."""
        self._threads.poll()
        self._errand.poll()

    def cancel(self) -> bool:
        """End it; nothing is left where the files were to go. Tells whether there was anything to end."""
        running = self.running
        self._errand.cancel()
        self._clear()
        return running

    def cleanup(self) -> None:
        """End it and wait until its temporary files are gone."""
        self.cancel()
        self._threads.finish()


def _remove(folder: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while folder.exists() and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)
