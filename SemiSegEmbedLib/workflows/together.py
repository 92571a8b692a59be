"""One run on several GPUs or machines, started by torchrun: the first process leads, the others compute along."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
from SemiSegEmbedLib.learning import processes
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.devices import choose_device
from SemiSegEmbedLib.workflows.training import TrainingRequest, create_run, execute_run

MARK = "torchrun.txt"
"""File of a run that says which launch of torchrun it belongs to, so that a restart finds it again."""


def launched() -> bool:
    """Whether torchrun started this process as one of several."""
    return processes.launched()


def leads() -> bool:
    """Whether this process is the one that talks and writes."""
    return processes.rank() == 0


def train_together(
    study: Study, request: TrainingRequest, on_event: Callable[[dict[str, Any]], None]
) -> tuple[RunFolder, RunState]:
    """Creates a run and works on it; after torchrun has restarted its processes, goes on from the last checkpoint.

    Every machine sees the study's folder. The first process alone writes into it.

    Args:
        study: The study.
        request: As in `create_run`.
        on_event: Told about events by the first process.

    Raises:
        BadInputError: As `create_run`, or the patches of a step cannot be shared by the processes.
    """
    device = processes.own_device(choose_device(request.device))
    with processes.joined(device):
        run_id = processes.agreed(_run_of_this_launch(study, request) if leads() else "")
        run = RunFolder(study.runs_folder / run_id)
        return run, execute_run(run, on_event=on_event if leads() else None)


def _run_of_this_launch(study: Study, request: TrainingRequest) -> str:
    launch = os.environ["TORCHELASTIC_RUN_ID"]
    if os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0":
        for mark in sorted(study.runs_folder.glob(f"*/{MARK}"), reverse=True):
            if mark.read_text(encoding="utf-8") == launch:
                return mark.parent.name
    run = create_run(study, request)
    atomic_write(run.path / MARK, launch.encode())
    return run.run_id
