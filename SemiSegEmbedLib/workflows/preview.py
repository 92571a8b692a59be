"""A live run's answer to "what does the teacher make of this case now?"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SemiSegEmbedLib.imaging.grid import to_training_grid
from SemiSegEmbedLib.imaging.read import read_image
from SemiSegEmbedLib.imaging.restore import labels_to_native
from SemiSegEmbedLib.imaging.write import write_image
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.workflows.labelling import label_values

if TYPE_CHECKING:
    from SemiSegEmbedLib.workflows.run_worker import RunWorker


def answer_preview(worker: RunWorker, request: dict[str, Any]) -> dict[str, Any]:
    """Segments a case with the teacher between two steps and leaves `requests/<id>.nii.gz`.

    Returns:
        The step and the name of the label file, relative to the run folder.
    """
    assert worker.trainer is not None
    assert worker.data is not None
    case = worker.study.case(request["case"])
    image = read_image(worker.study.image_path(case), case.image.series_uid)
    grid = to_training_grid(image, worker.study.spacing_mm)
    with worker.trainer.evaluation() as (_, teacher):
        classes = predict_classes(
            teacher,
            grid.array,
            worker.data.normalisation,
            patch_size=worker.trainer.config.patch_size,
            device=worker.device,
        )
    values = label_values(classes, worker.study.labels, grid.geometry.array_spacing)
    name = f"requests/{request['id']}.nii.gz"
    write_image(labels_to_native(values, grid.geometry, image), worker.run.path / name)
    return {"step": worker.trainer.step, "label": name}
