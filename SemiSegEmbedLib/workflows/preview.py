"""A live run's answer to "what does the teacher make of this case now?"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SemiSegEmbedLib.imaging.prepare import prepare_case
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

    Raises:
        StoppedError: The run shall stop; the preview must not keep it.
    """
    assert worker.trainer is not None
    assert worker.data is not None
    worker.study.reload()  # the case may be newer than the run
    prepared = prepare_case(worker.study, str(request.get("case")), with_label=False)
    with worker.trainer.evaluation() as (_, teacher):
        classes = predict_classes(
            teacher,
            prepared.image,
            worker.data.normalisation,
            patch_size=worker.trainer.config.patch_size,
            device=worker.device,
            should_stop=worker.run.stop_requested,
            progress=worker.contact.preview_progress,
        )
    values = label_values(classes, worker.study.labels, prepared.spacing)
    name = f"requests/{request['id']}.nii.gz"
    write_image(labels_to_native(values, prepared.geometry, prepared.source), worker.run.path / name)
    return {"step": worker.trainer.step, "label": name}
