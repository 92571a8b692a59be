"""The teacher follows the student in parameters and statistics, and never learns by itself."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from SemiSegEmbedLib.learning.ema import make_teacher, update_teacher
from SemiSegEmbedLib.learning.network import UNet3D


@pytest.fixture
def student() -> UNet3D:
    torch.manual_seed(0)
    return UNet3D(1, 2, 2, norm="batch")


def move(student: UNet3D, seed: int) -> None:
    """A step of any kind: new weights, new running statistics."""
    generator = torch.Generator().manual_seed(seed)
    student.train()
    student(torch.randn(2, 1, 8, 8, 8, generator=generator))
    with torch.no_grad():
        for parameter in student.parameters():
            parameter += torch.randn(parameter.shape, generator=generator)


def test_teacher_starts_as_a_copy_without_gradients_in_evaluation_mode(student: UNet3D) -> None:
    teacher = make_teacher(student)
    assert all(
        torch.equal(mine, theirs) for mine, theirs in zip(teacher.parameters(), student.parameters(), strict=True)
    )
    assert all(mine is not theirs for mine, theirs in zip(teacher.parameters(), student.parameters(), strict=True))
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert all(parameter.requires_grad for parameter in student.parameters())
    assert not teacher.training
    assert student.training


def test_teacher_is_the_moving_average_of_parameters_and_statistics(student: UNet3D) -> None:
    teacher = make_teacher(student)
    expected = {name: value.double() for name, value in teacher.state_dict().items()}
    for step in range(3):
        move(student, step)
        update_teacher(teacher, student, 0.9)
        for name, value in student.state_dict().items():
            expected[name] = 0.9 * expected[name] + 0.1 * value.double()
    for name, value in teacher.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value.double(), expected[name], rtol=1e-5, atol=1e-6)
        else:
            assert torch.equal(value, student.state_dict()[name])
    assert "running_var" in " ".join(expected)


def test_decay_zero_copies_and_decay_one_keeps(student: UNet3D) -> None:
    teacher = make_teacher(student)
    before = {name: value.clone() for name, value in teacher.named_parameters()}
    move(student, 0)
    update_teacher(teacher, student, 1.0)
    assert all(torch.equal(before[name], value) for name, value in teacher.named_parameters())
    update_teacher(teacher, student, 0.0)
    assert all(torch.equal(mine, student.state_dict()[name]) for name, mine in teacher.state_dict().items())


def test_update_leaves_the_student_and_the_graph_alone(student: UNet3D) -> None:
    teacher = make_teacher(student)
    move(student, 0)
    before = {name: value.clone() for name, value in student.state_dict().items()}
    update_teacher(teacher, student, 0.5)
    assert all(torch.equal(before[name], value) for name, value in student.state_dict().items())
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_statistics_that_a_batch_made_infinite_come_back_from_the_teacher() -> None:
    student = nn.Sequential(nn.Conv3d(1, 2, 1), nn.BatchNorm3d(2))
    teacher = make_teacher(student)
    student(torch.ones(2, 1, 2, 2, 2))
    update_teacher(teacher, student, 0.5)
    kept = {name: buffer.clone() for name, buffer in teacher.named_buffers()}
    student(torch.full((2, 1, 2, 2, 2), float("nan")))
    assert not student[1].running_mean.isfinite().any()
    update_teacher(teacher, student, 0.5)
    for name in ("1.running_mean", "1.running_var"):
        assert torch.equal(dict(student.named_buffers())[name], kept[name])
        assert torch.allclose(dict(teacher.named_buffers())[name], kept[name])
