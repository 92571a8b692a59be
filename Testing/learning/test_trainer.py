from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError, StoppedError
from SemiSegEmbedLib.learning import compiling
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint
from SemiSegEmbedLib.learning.compiling import PROBE_SIDE
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.methods import METHODS
from SemiSegEmbedLib.learning.methods.supervised import Supervised
from SemiSegEmbedLib.learning.optimiser import Optimiser
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.learning.selection import Outcome
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

SMALL = {"base_filters": 4, "patch_size": (16, 16, 16), "precision": "fp32", "channels_last": False, "passes": 2,
         "steps": 8, "log_every": 2, "validate_every": 4, "checkpoint_every": 3,
         "supervised_start": 0.0}  # fmt: skip


class Bench:
    """A trainer with a list of its events and two toy volumes."""

    def __init__(self, folder: Path, ball_volume: Callable[..., Volume], normalisation: Normalisation) -> None:
        self.folder, self.normalisation = folder, normalisation
        self.volumes = [ball_volume(), ball_volume("case-0002", seed=1, labelled=False)]
        self.events: list[dict[str, Any]] = []

    def trainer(self, config: TrainingConfig, name: str = "run", **more: Any) -> Trainer:
        more.setdefault("volumes", self.volumes)
        return Trainer(
            config, more.pop("volumes"), self.normalisation, 2, device="cpu", checkpoints=self.folder / name,
            report=self.events.append, **more,
        )  # fmt: skip

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]


@pytest.fixture
def bench(tmp_path: Path, ball_volume: Callable[..., Volume], normalisation: Normalisation) -> Bench:
    return Bench(tmp_path, ball_volume, normalisation)


def config(**changes: object) -> TrainingConfig:
    return preset("robust", **{**SMALL, **changes})


def same(a: Any, b: Any) -> bool:
    """Bitwise equality of nested states."""
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


def falling_distance(student: object, teacher: object, step: int) -> dict[str, Any]:
    return {"hd95": 20.0 - step, "iou": 0.5, "per_class": {"1": {"iou": 0.5}}, "optimistic": True}


@pytest.mark.parametrize("method", METHODS)
def test_a_run_that_was_killed_and_resumed_ends_bitwise_as_the_uninterrupted_one(bench: Bench, method: str) -> None:
    class Killed(BaseException):
        pass

    def kill_at(step: int) -> Callable[[], bool]:
        calls = iter(range(100))

        def ask() -> bool:
            if next(calls) == step:
                raise Killed
            return False

        return ask

    levers = {"cutmix": 0.5, "labelled_cutmix": 0.5, "copy_paste": 0.5, "prototypes": 4, "distance_weight": 0.1}
    c = config(method=method, norm="batch", supervised_start=0.25, **levers)
    bench.trainer(c, "whole", validate=falling_distance).run()
    with pytest.raises(Killed):
        bench.trainer(c, "cut", validate=falling_distance, should_stop=kill_at(5)).run()
    assert load_checkpoint(bench.folder / "cut" / "last.pt")["step"] == 3, "the kill falls between two checkpoints"
    torch.manual_seed(12345)
    outcome = bench.trainer(c, "cut", validate=falling_distance).run(resume=True)
    assert outcome.state == "finished"
    for name in ("last.pt", "best.pt"):
        whole, cut = (load_checkpoint(bench.folder / run / name) for run in ("whole", "cut"))
        assert same(whole, cut)


def test_a_stopped_run_resumes_bitwise_on_several_threads_in_this_machines_own_precision(bench: Bench) -> None:
    torch.set_num_threads(2)
    c = config(method="embedding_matching", precision="auto", channels_last=True, steps=4, passes=1)
    bench.trainer(c, "whole").run()
    asked = iter([False] * 2 + [True])
    outcome = bench.trainer(c, "cut", should_stop=lambda: next(asked)).run()
    assert (outcome.state, outcome.step) == ("stopped", 2)
    bench.trainer(c, "cut").run(resume=True)
    assert same(*(load_checkpoint(bench.folder / run / "last.pt") for run in ("whole", "cut")))


def test_the_same_seed_gives_the_same_run_and_the_callers_random_state_is_left_alone(bench: Bench) -> None:
    before = torch.get_rng_state()
    for name in ("one", "two"):
        bench.trainer(config(), name).run()
        torch.rand(1)
        torch.set_rng_state(before)
    bench.trainer(config(seed=1), "three").run()
    assert torch.equal(torch.get_rng_state(), before)
    one, two, three = (load_checkpoint(bench.folder / name / "last.pt")["method"] for name in ("one", "two", "three"))
    assert same(one, two)
    assert not same(one, three)


def test_a_run_computes_with_cudnn_which_tunes_itself_and_leaves_its_switches_as_they_were(bench: Bench) -> None:
    def switches() -> tuple[bool, bool]:
        return torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark

    before, during = switches(), []
    bench.trainer(config(steps=1), should_stop=lambda: bool(during.append(switches()))).run()
    assert during == [(True, True)]
    assert switches() == before


@pytest.mark.parametrize("ending", [StoppedError, KeyboardInterrupt])
def test_a_validation_that_is_cut_off_loses_no_step_and_is_made_up_for_when_the_run_goes_on(
    bench: Bench, ending: type[BaseException]
) -> None:
    c, seen = config(steps=6, validate_every=3, checkpoint_every=3, selection="hd95"), []

    def cut_off(student: object, teacher: object, step: int) -> dict[str, Any]:
        seen.append(step)
        if seen == [3]:
            raise ending("somebody wants it to end")
        return falling_distance(student, teacher, step)

    bench.trainer(c, "whole", validate=falling_distance).run()
    if ending is StoppedError:
        outcome = bench.trainer(c, "cut", validate=cut_off).run()
        assert (outcome.state, outcome.step, outcome.best_step) == ("stopped", 3, None)
    else:
        with pytest.raises(ending):
            bench.trainer(c, "cut", validate=cut_off).run()
    assert load_checkpoint(bench.folder / "cut" / "last.pt")["step"] == 3
    assert bench.trainer(c, "cut", validate=cut_off).run(resume=True).state == "finished"
    assert seen == [3, 3, 6]
    for name in ("last.pt", "best.pt"):
        assert same(*(load_checkpoint(bench.folder / run / name) for run in ("whole", "cut")))
    bench.trainer(c, "cut", validate=cut_off).run(resume=True)
    assert seen == [3, 3, 6], "nothing is owed any more"


def test_validation_does_not_disturb_training(bench: Bench) -> None:
    def noisy(student: object, teacher: object, step: int) -> dict[str, Any]:
        torch.rand(100)
        return {"hd95": 1.0, "iou": 0.5}

    bench.trainer(config(), "without").run()
    bench.trainer(config(), "with", validate=noisy).run()
    weights = [load_checkpoint(bench.folder / name / "last.pt")["method"] for name in ("without", "with")]
    assert same(*weights)


def test_validation_gets_both_networks_in_evaluation_mode_without_gradients(bench: Bench) -> None:
    seen = []

    def look(student: torch.nn.Module, teacher: torch.nn.Module, step: int) -> dict[str, Any]:
        modes = [module.training for net in (student, teacher) for module in net.modules()]
        seen.append((step, any(modes), torch.is_grad_enabled()))
        return {"hd95": 1.0, "iou": 0.5}

    bench.trainer(config(), validate=look).run()
    assert seen == [(4, False, False), (8, False, False)]


def test_the_best_checkpoint_has_the_lowest_distance_and_the_last_one_is_kept_too(bench: Bench) -> None:
    distances = {2: 9.0, 4: 3.0, 6: float("nan"), 8: 5.0}
    outcome = bench.trainer(
        config(validate_every=2, selection="hd95"),
        validate=lambda s, t, step: {"hd95": distances[step], "iou": 0.5},
    ).run()  # fmt: skip
    assert (outcome.best_step, outcome.best["hd95"]) == (4, 3.0)
    assert load_checkpoint(bench.folder / "run" / "best.pt")["step"] == 4
    assert load_checkpoint(bench.folder / "run" / "last.pt")["step"] == 8
    assert [e["best"] for e in bench.of("validation")] == [True, True, False, False]


def test_events_are_plain_values_with_progress_and_health(bench: Bench) -> None:
    hidden = {"case-0002": bench.volumes[0].label}
    bench.trainer(config(), validate=falling_distance, hidden_labels=hidden).run()
    json.dumps(bench.events)
    steps = bench.of("step")
    assert [e["step"] for e in steps] == [2, 4, 6, 8]
    wanted = {"loss", "loss_supervised", "loss_ua", "loss_nn", "loss_en", "unreliable_fraction", "matched_foreground",
              "skipped_images", "steps_per_second", "seconds_left", "peak_memory_bytes", "learning_rate",
              "accuracy_teacher_unreliable", "accuracy_matched_unreliable"}  # fmt: skip
    assert wanted <= steps[-1].keys()
    assert steps[-1]["seconds_left"] == 0
    assert bench.events[0]["event"] == "start"
    assert bench.events[-1]["event"] == "trained"


@pytest.mark.parametrize("method", METHODS)
def test_a_few_dozen_steps_lower_the_loss_on_a_toy(bench: Bench, method: str) -> None:
    c = config(method=method, steps=30, log_every=5, consistency_passes=2, augmentation="none", ps_weight=0.02,
               warmup_steps=0, learning_rate=5e-3, checkpoint_every=100, validate_every=100)  # fmt: skip
    bench.trainer(c).run()
    losses = [event["loss_supervised"] for event in bench.of("step")]
    assert losses[-1] < 0.7 * losses[0]


def test_one_annotated_scan_alone_is_enough(bench: Bench) -> None:
    assert bench.trainer(config(), volumes=bench.volumes[:1]).run().state == "finished"


def test_a_loss_that_is_not_finite_is_skipped_and_then_ends_the_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Supervised.training_step

    def poisoned(self: Supervised, batch: object, step: int) -> tuple:
        loss, scalars = honest(self, batch, step)  # type: ignore[arg-type]
        return loss * (float("nan") if step == 3 or step >= 10 else 1.0), scalars

    monkeypatch.setattr(Supervised, "training_step", poisoned)
    outcome = bench.trainer(config(method="supervised", steps=100, log_every=10), validate=falling_distance).run()
    assert outcome.state == "diverged"
    assert outcome.step < 60
    assert outcome.reason.endswith(".")
    assert [e["skipped_steps"] for e in bench.of("step")][:2] == [1, 11]
    assert bench.of("step")[0]["loss"] is not None
    state = load_checkpoint(bench.folder / "run" / "last.pt")
    assert all(torch.isfinite(v).all() for v in state["method"].values())


def test_a_validation_that_falls_warns_once_then_ends_the_run_and_keeps_the_best(bench: Bench) -> None:
    def collapse(student: object, teacher: object, step: int) -> dict[str, Any]:
        return {"hd95": 2.0, "iou": 0.9} if step <= 2 else {"hd95": 40.0, "iou": 0.3}

    outcome = bench.trainer(config(steps=50, validate_every=2), validate=collapse).run()
    assert (outcome.state, outcome.step, outcome.best_step) == ("diverged", 8, 2)
    assert "0.900" in outcome.reason
    assert len(bench.of("warning")) == 1
    assert load_checkpoint(bench.folder / "run" / "best.pt")["step"] == 2


def out_of_memory_until(fits: Callable[[TrainingConfig], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    method = METHODS["embedding_matching"]
    honest = method.training_step

    def step(self: Any, batch: Any, at: int) -> tuple:
        loss = honest(self, batch, at)
        if at >= 3 and not fits(self.config):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return loss

    monkeypatch.setattr(method, "training_step", step)


def test_running_out_of_memory_shrinks_the_step_and_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    out_of_memory_until(lambda c: c.accumulation == 2, monkeypatch)
    outcome = bench.trainer(config()).run()
    assert (outcome.state, outcome.step) == ("finished", 8)
    assert [e["step"] for e in bench.of("memory")] == [3, 3]
    assert "in 2 parts" in bench.of("memory")[-1]["message"]
    assert load_checkpoint(bench.folder / "run" / "last.pt")["config"]["accumulation"] == 2
    again = bench.trainer(config(), should_stop=lambda: True).run(resume=True)
    assert again.state == "finished", "a resumed run takes the smaller step over"


def test_a_run_that_never_fits_ends_with_a_sentence(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    out_of_memory_until(lambda c: False, monkeypatch)
    with pytest.raises(SemiSegEmbedError, match=r"even with patches of 16 x 16 x 16"):
        bench.trainer(config()).run()


def test_memory_that_runs_out_in_the_optimiser_shrinks_the_step_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, failures = torch.optim.Adam.step, iter(["once", "twice"])

    def step(self: torch.optim.Adam) -> Any:
        if next(failures, None):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return honest(self)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    assert bench.trainer(config(steps=2)).run().state == "finished"
    assert [e["step"] for e in bench.of("memory")] == [0, 0]


@pytest.mark.parametrize("lasts", [False, True])
def test_a_convolution_without_an_engine_is_tried_smaller_and_in_the_end_called_by_its_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, lasts: bool
) -> None:
    honest = METHODS["embedding_matching"].training_step

    def step(self: Any, batch: Any, at: int) -> tuple:
        if lasts or self.config.accumulation == 1:
            raise RuntimeError("GET was unable to find an engine to execute this computation")
        return honest(self, batch, at)

    monkeypatch.setattr(METHODS["embedding_matching"], "training_step", step)
    if lasts:
        with pytest.raises(RuntimeError, match="unable to find an engine"):
            bench.trainer(config(steps=2)).run()
    else:
        assert bench.trainer(config(steps=2)).run().state == "finished"
    assert bench.of("memory")


class Compiled:
    """Stands for `torch.compile`: what it returns raises an error for patches larger than the probe's."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, network: torch.nn.Module, **_: object) -> Callable[[torch.Tensor], object]:
        def run(images: torch.Tensor) -> object:
            if images.shape[-1] > PROBE_SIDE:
                raise self.error
            return network(images)

        return run


def triton_error() -> Exception:
    made = type("OutOfResources", (Exception,), {"__module__": "triton.runtime.errors"})
    return made("out of resource: shared memory")


@pytest.mark.parametrize("kind", ["inductor", "dynamo", "triton"])
def test_where_compiling_fails_at_the_real_size_the_step_is_tried_without(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    from torch._dynamo.exc import InternalTorchDynamoError
    from torch._inductor.exc import InductorError

    error = {
        "inductor": InductorError(RuntimeError("no valid triton configs"), None),
        "dynamo": InternalTorchDynamoError("assertion failed"),
        "triton": triton_error(),
    }[kind]
    monkeypatch.setattr(compiling.torch, "compile", Compiled(error))
    trainer = bench.trainer(config(steps=2, patch_size=(24, 24, 24), compile="on", method="supervised"))
    assert trainer.run().state == "finished"
    assert [(e["step"], e["message"]) for e in bench.of("warning")] == [(0, compiling.NOT_COMPILED)]
    assert not bench.of("memory")


def test_memory_that_runs_out_in_the_compiler_and_other_errors_do_not_end_compiling(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._inductor.exc import InductorError

    compiled = {"steps": 2, "patch_size": (24, 24, 24), "compile": "on", "method": "supervised"}
    full = InductorError(torch.cuda.OutOfMemoryError("CUDA out of memory."), None)
    monkeypatch.setattr(compiling.torch, "compile", Compiled(full))
    with pytest.raises(SemiSegEmbedError, match="Memory ran out"):
        bench.trainer(config(**compiled)).run()
    assert bench.of("memory")
    monkeypatch.setattr(compiling.torch, "compile", Compiled(RuntimeError("shape mismatch")))
    with pytest.raises(RuntimeError, match="shape mismatch"):
        bench.trainer(config(**compiled), "other").run()
    assert not bench.of("warning")


def test_memory_is_fitted_before_the_run(bench: Bench) -> None:
    bench.trainer(config(steps=1), free_bytes=10_000_000).run()
    assert bench.events[0]["event"] == "memory"
    assert bench.of("memory")[0]["message"].startswith("About 0.0 GiB")


def test_scans_that_lie_on_the_device_leave_less_memory_for_the_step(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_scans(self: PatchSource, room: int | None) -> bool:
        self.device_bytes = 39 * 10**9
        return False

    monkeypatch.setattr(PatchSource, "_move_to_device", with_scans)
    bench.trainer(config(steps=1), free_bytes=39 * 10**9 + 10_000_000).run()
    assert bench.of("memory")[0]["message"].startswith("About 0.0 GiB")


def test_other_errors_are_not_mistaken_for_memory(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, batch: Any, step: int) -> tuple:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(METHODS["embedding_matching"], "training_step", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        bench.trainer(config()).run()


def test_a_checkpoint_of_another_configuration_is_refused(bench: Bench) -> None:
    bench.trainer(config(steps=2)).run()
    with pytest.raises(BadInputError, match="another configuration"):
        bench.trainer(config(steps=3)).run(resume=True)


def test_resuming_without_a_checkpoint_says_so(bench: Bench) -> None:
    with pytest.raises(BadInputError, match=r"'last\.pt' does not exist"):
        bench.trainer(config()).run(resume=True)


def test_accumulated_parts_move_the_weights_as_one_batch_does(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a loss that is a mean over patches, the gradient of the parts is the gradient of the whole."""

    def mean_loss(self: Supervised, batch: Any, step: int) -> tuple:
        logits, _ = self.forward_network(self.student, batch.labelled.images)
        return logits.square().mean(), {}

    monkeypatch.setattr(Supervised, "training_step", mean_loss)
    c = config(method="supervised", steps=1, augmentation="none", dropout=0.0, warmup_steps=0)
    grads = []
    honest = Optimiser.step

    def record(self: Any, learning_rate: float) -> None:
        grads.append([p.grad.clone() for p in self.parameters])
        honest(self, learning_rate)

    monkeypatch.setattr(Optimiser, "step", record)
    for parts in (1, 2):
        bench.trainer(c.replace(accumulation=parts), f"parts{parts}").run()
    assert all(torch.allclose(a, b, rtol=1e-3, atol=1e-6) for a, b in zip(*grads, strict=True))


def test_no_case_name_or_path_reaches_events_or_checkpoints(bench: Bench) -> None:
    bench.trainer(config(), validate=falling_distance).run()
    text = repr(bench.events) + repr(load_checkpoint(bench.folder / "run" / "last.pt"))
    assert str(bench.folder) not in text
    assert "case-" not in text


def test_outcome_without_validation_has_no_best(bench: Bench) -> None:
    assert bench.trainer(config()).run() == Outcome("finished", 8, None, None, "")


def test_a_run_can_begin_with_the_weights_of_another(bench: Bench) -> None:
    bench.trainer(config(steps=4), "first").run()
    first = load_checkpoint(bench.folder / "first" / "last.pt")["method"]
    networks = tuple(
        {k.removeprefix(f"{name}."): v for k, v in first.items() if k.startswith(f"{name}.")}
        for name in ("student", "teacher")
    )
    bench.trainer(config(seed=5), "second", initial=networks, should_stop=lambda: True).run()
    second = load_checkpoint(bench.folder / "second" / "last.pt")["method"]
    assert all(torch.equal(second[k], first[k]) for k in first if k.startswith(("student", "teacher")))


def test_a_look_at_the_networks_between_two_steps_and_a_checkpoint_on_request_change_nothing(bench: Bench) -> None:
    def look() -> bool:
        if curious.step == 4:
            with curious.evaluation() as (student, _):
                assert not student.training
                torch.rand(10)
            assert curious.method.student.training
            curious.save_checkpoint()
            assert load_checkpoint(bench.folder / "looked" / "last.pt")["step"] == 4
        return False

    curious = bench.trainer(config(), "looked", should_stop=look)
    curious.run()
    bench.trainer(config(), "plain").run()
    assert same(*(load_checkpoint(bench.folder / run / "last.pt") for run in ("looked", "plain")))
