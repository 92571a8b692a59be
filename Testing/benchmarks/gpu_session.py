"""What half an hour on a GPU is spent on, in the order of its worth; give the same command again until time is up.

    python3 Testing/benchmarks/gpu_session.py --output $OUT --minutes 9.3
    python3 Testing/benchmarks/gpu_session.py --output out --rehearse           # smoke scale, tiny sizes, a processor

Each call does what comes next: the rows of the performance page, the cohort, its calibration, one draw of every
method, Table 2, the minutes to a useful model, the robust preset, nnU-Net where it is installed, repeats, Table 3, the
columns with more annotated scans, what the order hangs on, levers. No method but the supervised baseline is run before
the cohort is calibrated. It goes on where the last one stopped, from what lies in `build/session` on this machine and
from results that are in the checkout. Whenever a stage ends, what is done is packed into few files below the output
folder: `results.tar.gz` (unpack it in the root of the checkout), `performance_gpu.json` with its picture
(`run_gpu.py --take`), and the weights that figure 2 needs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measuring import NO_TIME, end_with_children, run_for

from SemiSegEmbedLib.learning.rows import ROBUST, table_rows
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.workflows.benchmark.cells import Cell
from SemiSegEmbedLib.workflows.benchmark.page_verdicts import NNUNET as NNUNET_TITLE
from SemiSegEmbedLib.workflows.benchmark.scales import Scale, get_scale
from SemiSegEmbedLib.workflows.benchmark.tables import make_cell

ROOT = Path(__file__).resolve().parents[2]
SESSION = Path("build/session")
FROZEN = Path("SemiSegEmbedLib/phantom/data/benchmark_cohort.json")
RESULTS = Path("Testing/benchmarks/results")
LEAST_S = 20
"""Nothing is begun with less time left."""
START_S = 20
"""A bench command imports torch, starts processes and opens the cohort before it looks at the clock; a cell that was
begun too late is lost."""
STAGES = (
    "speed", "cohort", "calibrate", "freeze", "methods", "table2", "useful", "robust", "nnunet", "score", "repeats",
    "table3", "columns", "diagnosis", "levers",
)  # fmt: skip
NNUNET = Path("build/nnunet")


class Session:
    """One call.

    Args:
        arguments: See `parse`.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.began, self.arguments = time.monotonic(), arguments
        self.scale = "smoke" if arguments.rehearse else "small"
        self.device = "cpu" if arguments.rehearse else "cuda"
        self.results = SESSION / "results"
        self.output = Path(arguments.output)

    def left(self) -> float:
        """Seconds until this call should end."""
        return 60 * self.arguments.minutes - (time.monotonic() - self.began)

    def restore(self) -> None:
        """The checkout may be newer or older than what this machine has: results are joined, frozen knobs kept."""
        self.results.mkdir(parents=True, exist_ok=True)
        kept = SESSION / FROZEN.name
        if kept.exists():
            shutil.copyfile(kept, FROZEN)
        if (RESULTS / self.scale).exists() and not self.arguments.rehearse:
            shutil.copytree(RESULTS / self.scale, self.results / self.scale, dirs_exist_ok=True)

    def bench(self, *words: str) -> list[str]:
        """A command of `bench`."""
        places = ("--results", str(self.results), "--work", str(SESSION / "work"), "--device", self.device)
        return ["-m", "SemiSegEmbedLib", "bench", *words, "--scale", self.scale, *places, "--no-page"]

    def speed(self, *words: str) -> list[str]:
        """The performance rows, or a rehearsal of them."""
        tiny = ("--tiny",) if self.arguments.rehearse else ()
        return ["Testing/benchmarks/run_gpu.py", "--output", str(SESSION / "speed"), *words, *tiny]

    def command(self, stage: str) -> list[str] | None:
        """What a stage runs, or None when there is nothing to do."""
        minutes = ("--minutes", f"{max(0.1, self.left() / 60 - 0.1):.2f}")
        for_cells = ("--minutes", f"{max(0.1, (self.left() - START_S) / 60):.2f}")
        frozen = json.loads(FROZEN.read_text(encoding="ascii"))
        calibrated = (frozen["reached"] or {}).get("scale") == self.scale
        tried = self.results / self.scale / "calibration.json"
        again = ("--again",) if self.arguments.rehearse else ()
        measured = _parts(SESSION / "speed" / "performance_gpu.json")
        commands = {
            "speed": None
            if measured and not any(_waits(part) for part in measured.values())
            else self.speed(*minutes),
            "cohort": self.bench("cohort"),
            "calibrate": None
            if calibrated
            else self.bench("cohort", "--calibrate", *again, "--iterations", "2", *for_cells),
            "freeze": self.bench("cohort", "--freeze") if tried.exists() and not calibrated else None,
            "methods": self.bench("table1", "--columns", "1", "--repeats", "1", *for_cells),
            "useful": None if "useful_model" in measured else self.speed(*minutes, "--only", "useful_model"),
            "nnunet": self.nnunet(),
            "score": self.score(),
            "repeats": self.bench("table1", "--columns", "1", *for_cells),
            "columns": self.bench("table1", "--repeats", "1", *for_cells),
        }
        if stage == "useful" and self.left() < self.arguments.useful_seconds:
            return None
        return commands[stage] if stage in commands else self.bench(stage, "--repeats", "1", *for_cells)

    def nnunet(self) -> list[str] | None:
        """nnU-Net for as long as the training of `robust` took, where it is installed and that is known."""
        record = self.results / self.scale / f"{self.robust().name}.json"
        if find_spec("nnunetv2") is None or not record.exists() or (self.predictions / "facts.json").exists():
            return None
        minutes = json.loads(record.read_text(encoding="ascii"))["seconds"]["training"] / 60
        words = ("--scale", self.scale, "--minutes", f"{minutes:.2f}", "--device", self.device)
        places = ("--work", str(SESSION / "work"), "--folder", str(NNUNET), "--workers", "16")
        return ["Testing/benchmarks/nnunet_outsider.py", *words, *places]

    def score(self) -> list[str] | None:
        """Its predictions, scored like every row's."""
        if not (self.predictions / "facts.json").exists() or list((self.results / self.scale).glob("external-nnu*")):
            return None
        return self.bench("score", "--title", NNUNET_TITLE, "--predictions", str(self.predictions))

    @property
    def predictions(self) -> Path:
        return NNUNET / self.scale / "predictions"

    def robust(self) -> Cell:
        """The first repeat of the `robust` preset."""
        return make_cell(ROBUST, get_scale(self.scale), 0, 0, 0, difficulty())

    def run(self, stage: str) -> None:
        """One stage in a process of its own, which ends with this call."""
        words = self.command(stage)
        if words is None or self.left() < LEAST_S:
            print(f"{stage}: {'nothing to do' if words is None else 'no time left'}", flush=True)
            return
        start = time.monotonic()
        try:
            # The cells render and judge in one process a core; the speed is that of a user's own threads.
            threads = {"OMP_NUM_THREADS": "1"} if words[0] == "-m" else {}
            end = f"exit code {run_for(words, self.left(), capture=False, **threads)[0]}"
        except subprocess.TimeoutExpired:
            end = "stopped"
        print(f"{stage}: {end} after {time.monotonic() - start:.0f} s", flush=True)
        self.pack()

    def pack(self) -> None:
        """At most eight files, each below 16 MiB."""
        self.output.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FROZEN, SESSION / FROZEN.name)
        temporary = self.output / "results.part"
        with tarfile.open(temporary, "w:gz") as archive:
            archive.add(FROZEN, FROZEN.as_posix())
            for path in sorted((self.results / self.scale).glob("*.json")):
                archive.add(path, (RESULTS / self.scale / path.name).as_posix())
        temporary.replace(self.output / "results.tar.gz")
        for path in (SESSION / "speed").glob("*_gpu.*"):
            shutil.copyfile(path, self.output / path.name)
        for path in figure_weights(get_scale(self.scale), SESSION / "work" / "weights"):
            shutil.copyfile(path, self.output / path.name)


def difficulty() -> Difficulty:
    """The knobs of the file as it is now: `freeze` changes it in another process."""
    return Difficulty.from_dict(json.loads(FROZEN.read_text(encoding="ascii"))["difficulty"])


def figure_weights(scale: Scale, weights: Path) -> list[Path]:
    """Weights that figure 2 shows of the first column: of embedding matching, and of supervised with all scans."""
    rows = {row.name: row for row in table_rows("table1")}
    knobs = difficulty()
    cells = (
        make_cell(rows["embedding_matching"], scale, 0, 0, 0, knobs),
        make_cell(rows["supervised"], scale, len(scale.columns) - 1, 0, 0, knobs),
    )
    return [path for path in (weights / f"{cell.name}.pt" for cell in cells) if path.exists()]


def _parts(path: Path) -> dict[str, dict[str, object]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _waits(part: dict[str, object]) -> bool:
    """Whether a part was left out because time was up; one that failed would fail again."""
    return part.get("failed") == NO_TIME


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True, help="folder for what comes home")
    parser.add_argument("--minutes", type=float, default=9.3, help="this call ends by then")
    parser.add_argument("--stages", nargs="*", choices=STAGES, metavar="STAGE", help="default: all, in this order")
    parser.add_argument(
        "--useful-seconds", type=float, default=400, help="least time for the minutes to a useful model"
    )
    parser.add_argument("--rehearse", action="store_true", help="smoke scale and tiny sizes on a processor")
    return parser.parse_args(words)


def main() -> None:
    os.chdir(ROOT)
    end_with_children()
    session = Session(parse())
    session.restore()
    rehearsed = [stage for stage in STAGES if stage != "freeze"]  # it would change the frozen file
    for stage in session.arguments.stages or (rehearsed if session.arguments.rehearse else STAGES):
        session.run(stage)
    session.pack()


if __name__ == "__main__":
    main()
