"""One process of a run on several: what `test_together.py` starts through torchrun. Arguments: folder, case as JSON.

Trains two toy volumes and leaves, from each process, the weights that it ended with and the names of the threads
that it had when it had trained; the first process also those that it had on the way.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch

from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume


def ball(key: str, seed: int, labelled: bool) -> Volume:
    random = np.random.default_rng(seed)
    grid = np.stack(np.mgrid[:24, :24, :24]).astype(np.float32)
    inside = ((grid - random.uniform(10, 14, (3, 1, 1, 1))) ** 2).sum(0) < 6**2
    image = np.where(inside, 400.0, 40.0) + random.normal(0, 40, inside.shape)
    return Volume(key, image.astype(np.float16), inside.astype(np.uint8) if labelled else None, (1.0, 1.0, 1.0))


def thread_names() -> list[str]:
    """Of the whole process, torch's own included; empty where the system does not tell."""
    return sorted(path.read_text(encoding="utf-8").strip() for path in Path("/proc/self/task").glob("*/comm"))


def train(folder: Path, case: dict) -> None:
    """Without noise and dropout and with every candidate as a reference: nothing is random but the patches."""
    rank = int(os.environ.get("RANK", "0"))
    settings = {
        "base_filters": 2, "patch_size": (16, 16, 16), "precision": "fp32", "passes": 2, "steps": 4, "log_every": 2,
        "checkpoint_every": 2, "validate_every": 4, "dropout": 0.0, "noise_teacher": 0.0, "noise_student": 0.0,
        "consistency_noise": 0.0, "consistency_passes": 2, "norm": "instance", "learning_rate": 1e-3,
        "k": 5000, "l": 1,
    }  # fmt: skip
    config = preset("paper", **{**settings, **case["settings"]})

    def report(event: dict) -> None:
        with (folder / f"events-{rank}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    threads: dict[str, list[str]] = {}

    def should_stop() -> bool:
        threads["training"] = thread_names()
        return False

    trainer = Trainer(
        config,
        [ball("case-0001", 0, True), ball("case-0002", 1, True), ball("case-0003", 2, False)],
        Normalisation(60.0, 120.0),
        2,
        device="cpu",
        checkpoints=folder / "checkpoints",
        report=report,
        validate=lambda student, teacher, step: {"hd95": 1.0, "iou": 0.5},
        should_stop=should_stop,
    )
    if rank == 1 and "kill_at" in case and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        honest = trainer._next_batch

        def dying() -> object:
            if trainer.step == case["kill_at"]:
                os.kill(os.getpid(), signal.SIGKILL)
            return honest()

        trainer._next_batch = dying  # type: ignore[method-assign, assignment]
    trainer.run(resume=(folder / "checkpoints" / "last.pt").exists())
    threads["trained"] = thread_names()
    (folder / f"threads-{rank}.json").write_text(json.dumps(threads), encoding="utf-8")
    torch.save(trainer.method.state_dict(), folder / f"weights-{rank}.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    train(Path(sys.argv[1]), json.loads(sys.argv[2]))
