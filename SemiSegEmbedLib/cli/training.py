"""`devices`, `train`, `resume`, `stop`, `follow`, `preview`, and the hidden `run` that a background run is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.cli.arguments import add_command, add_device, add_study, minutes, not_negative
from SemiSegEmbedLib.cli.output import Console
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, newest_run
from SemiSegEmbedLib.study.store import MANIFEST_NAME
from SemiSegEmbedLib.study.study import Study

EXIT_CODES = {RunState.FINISHED: 0, RunState.STOPPED: 3}


def add_commands(commands: Any) -> None:
    devices = add_command(commands, "devices", run_devices, "list what can be computed on", "devices")
    devices.add_argument(
        "--expect", action="store_true", help="also estimate how long each preset takes where there is no GPU"
    )

    train = add_command(commands, "train", run_train, "learn from a study", "train hips --preset robust --minutes 20")
    add_study(train)
    train.add_argument("--preset", default="robust", help="paper, robust, or quick (default: robust)")
    train.add_argument(
        "--method", help="supervised, mean_teacher, uamt, cct, mtc, dtc, embedding_matching (default: the preset's)"
    )
    budget = train.add_mutually_exclusive_group()
    budget.add_argument("--steps", type=int, help="number of training steps (default: the preset's)")
    budget.add_argument(
        "--minutes", type=minutes, help="train about so long; steps are chosen from the measured speed"
    )
    train.add_argument("--seed", type=int, default=0)
    train.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="any value of the configuration"
    )
    train.add_argument("--continue-from", metavar="MODEL", help="begin with the weights of this model")
    train.add_argument("--validation", nargs="+", metavar="CASE", help="validate on these annotated cases")
    train.add_argument("--background", action="store_true", help="return at once; the run goes on by itself")
    train.add_argument(
        "--ignore-problems", action="store_true", help="leave out cases with problems instead of refusing"
    )
    add_device(train)

    resume = add_command(commands, "resume", run_resume, "go on with a run that stopped", "resume hips")
    add_run(resume)
    resume.add_argument("--background", action="store_true", help="return at once; the run goes on by itself")

    stop = add_command(commands, "stop", run_stop, "stop a run; it can be resumed", "stop hips")
    add_run(stop)
    stop.add_argument(
        "--grace", type=not_negative, default=60.0, help="seconds to let it save before it is ended (default: 60)"
    )

    follow = add_command(commands, "follow", run_follow, "watch a run until it ends", "follow hips")
    add_run(follow)

    preview = add_command(
        commands, "preview", run_preview, "ask a live run to segment a case now", "preview hips case-0003"
    )
    add_run(preview)
    preview.add_argument("case", metavar="CASE")
    preview.add_argument(
        "--timeout", type=not_negative, default=600.0, help="seconds to wait for the answer (default: 600)"
    )

    worker = commands.add_parser("run", add_help=False)  # what `--background` and Slicer start; not for people
    worker.add_argument("folder", type=Path)
    worker.set_defaults(run=run_worker)


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run_folder", type=Path, metavar="RUN", help="the run's folder, STUDY/runs/ID, or a study (its newest run)"
    )


def run_devices(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.devices import choose_device, expected_hours, gpu_problem, list_devices

    devices = list_devices()
    console.table(("device", "name", "free GiB"), [(d.id, d.name, f"{d.free_bytes / 2**30:.1f}") for d in devices])
    rows = [{"device": d.id, "name": d.name, "free_bytes": d.free_bytes} for d in devices]
    if not options.expect:
        console.result(rows)
        return
    # With a GPU the run measures by itself; to estimate would take memory from whatever uses it now.
    only_processor = all(d.id == "cpu" for d in devices)
    expected = expected_hours(choose_device("cpu")) if only_processor else {}
    problem = gpu_problem()
    if problem:
        console.line(problem)
    for name, one in expected.items():
        console.line(f"Preset {name}: {one['steps']} steps take about {one['hours']:.1f} hours on the processor.")
    console.result({"devices": rows, "expected": expected, "problem": problem})


def run_train(options: argparse.Namespace, console: Console) -> int:
    from SemiSegEmbedLib.workflows import together
    from SemiSegEmbedLib.workflows.training import TrainingRequest, create_run, describe_expectation

    request = TrainingRequest(
        preset=options.preset,
        method=options.method,
        steps=options.steps,
        minutes=options.minutes,
        seed=options.seed,
        overrides=parse_overrides(options.set),
        continue_from=options.continue_from,
        device=options.device,
        ignore_problems=options.ignore_problems,
        validation=tuple(options.validation) if options.validation else None,
    )
    study = Study.open(options.study)
    if together.launched():
        return on_several_processes(study, request, console)
    console.line(describe_expectation(request))
    run = create_run(study, request)
    console.line(f"Run {run.run_id}")
    return background(run, console) if options.background else foreground(run, console)


def on_several_processes(study: Study, request: Any, console: Console) -> int:
    """`torchrun ... -m SemiSegEmbedLib train`; a stop that somebody asked for is no failure to restart after."""
    from SemiSegEmbedLib.workflows import together

    run, state = together.train_together(study, request, lambda event: show_event(event, console))
    if together.leads():
        console.line(f"Run {run.run_id} is {state.value}.")
        console.result({"run": run.run_id, "state": state.value, "folder": str(run.path)})
    return 0 if state is RunState.STOPPED else EXIT_CODES.get(state, 1)


def parse_overrides(pairs: list[str]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise BadInputError(f"--set '{pair}' has no '=': write --set NAME=VALUE, for example --set patch_size=64.")
    return dict(pair.split("=", 1) for pair in pairs)


def foreground(run: RunFolder, console: Console) -> int:
    from SemiSegEmbedLib.workflows.training import execute_run

    def show(event: dict[str, Any]) -> None:
        show_event(event, console)

    state = execute_run(run, on_event=show)
    console.result({"run": run.run_id, "state": state.value, "folder": str(run.path)})
    return EXIT_CODES.get(state, 1)


def background(run: RunFolder, console: Console) -> int:
    from SemiSegEmbedLib.jobs.local import start_detached
    from SemiSegEmbedLib.jobs.locate import worker_command

    command, environment = worker_command(["run", str(run.path)])
    start_detached(command, run, environment)
    console.line(f"It runs in the background: semisegembed follow {run.path}")
    console.result({"run": run.run_id, "state": "started", "folder": str(run.path)})
    return 0


def show_event(event: dict[str, Any], console: Console) -> None:
    """One event of a run, for a person."""
    kind = event.get("event")
    if kind == "step":
        left = format_duration(event.get("seconds_left"))
        detail = f"loss {event['loss']:.3f}  {event.get('steps_per_second', 0):.2f} steps/s  {left} left"
        console.progress("Training", event["step"] / max(1, event["total_steps"]), detail)
    elif kind == "validation":
        note = " (optimistic)" if event.get("optimistic") else ""
        console.line(f"step {event['step']}: IoU {event['iou']:.3f}  HD95 {event['hd95']:.2f} mm{note}")
    elif kind == "progress":
        console.progress(event["task"], event["fraction"])
    elif "message" in event:
        console.line(event["message"])


def format_duration(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if minutes >= 60 else f"{minutes}:{seconds:02d}"


def existing_run(folder: Path) -> RunFolder:
    """The run in a folder, or the newest run of the study there; refuses a folder that holds neither."""
    run = RunFolder(folder)
    if (run.path / MANIFEST_NAME).is_file():
        run = RunFolder(newest_run(Study.open(folder).runs_folder) or run.path)
    if not (run.path / "config.json").is_file():
        raise BadInputError(f"There is no run in {folder}: name a folder inside the study's folder 'runs'.")
    return run


def run_resume(options: argparse.Namespace, console: Console) -> int:
    from SemiSegEmbedLib.jobs.local import make_ready

    run = existing_run(options.run_folder)
    if options.background:
        return background(run, console)
    make_ready(run)
    return foreground(run, console)


def run_worker(options: argparse.Namespace, console: Console) -> int:
    return foreground(RunFolder(options.folder), console)


def run_stop(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.jobs.local import stop

    run = existing_run(options.run_folder)
    stop(run, grace_s=options.grace)
    state = run.status().state.value
    console.line(f"Run {run.run_id} is {state}.")
    console.result({"run": run.run_id, "state": state})


def run_follow(options: argparse.Namespace, console: Console) -> int:
    from SemiSegEmbedLib.workflows.following import follow

    run = existing_run(options.run_folder)
    state = follow(run, lambda event: show_event(event, console))
    console.line(f"Run {run.run_id}: {state.value}. {run.status().reason or ''}".rstrip())
    console.result({"run": run.run_id, "state": state.value})
    return EXIT_CODES.get(state, 1)


def run_preview(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.following import request_preview

    answer = request_preview(existing_run(options.run_folder), options.case, timeout_s=options.timeout)
    console.line(f"Preview of {options.case} at step {answer['step']}: {answer['label']}")
    console.result(answer)
