"""What changes over a run: loss weights, the reliability threshold, the decay of the teacher."""

from __future__ import annotations

import math


def ramp_up(step: int, total_steps: int, scale: float) -> float:
    """Gaussian ramp-up (paper, eq. 1): `scale * exp(-5 (1 - T / T_N)^2)`.

    Args:
        step: T; below 0 counts as 0, beyond `total_steps` as `total_steps`, where the ramp is mature.
        total_steps: T_N, the iterations of the whole run, at least 1.
        scale: s, the value at maturity.
    """
    if total_steps < 1:
        raise ValueError(f"total_steps must be at least 1, not {total_steps}.")
    progress = min(max(step / total_steps, 0.0), 1.0)
    return scale * math.exp(-5.0 * (1.0 - progress) ** 2)


def reliability_threshold(
    step: int, total_steps: int, classes: int = 2, *, start: float = 0.75, end: float = 1.0
) -> float:
    """The entropy below which a prediction is reliable, in nats (paper, section 2.2).

    `lambda_T = [0.75 + ramp_up(T, 0.25)] ln 2`; ln C, the largest entropy of C classes, takes the place of ln 2.

    Args:
        step: T.
        total_steps: T_N.
        classes: C, background included.
        start: What the ramp starts from, in units of ln C.
        end: Value at the last step in units of ln C; below 1 the unreliable voxels never run out.
    """
    return (start + ramp_up(step, total_steps, end - start)) * math.log(classes)


def ema_decay_at(step: int, decay: float) -> float:
    """Decay of the teacher's moving average: `min(1 - 1 / (t + 1), decay)` (Tarvainen and Valpola, 2017).

    Args:
        step: t, the number of updates done before this one: at the first (0) the teacher copies the student, and
            until `decay` is reached it is the plain average of all students so far.
        decay: Final value (0.99 in section 3.2).
    """
    return min(1.0 - 1.0 / (step + 1), decay)
