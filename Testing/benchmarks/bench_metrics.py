"""Time of every surface metric of one whole-hip pair, beside MONAI's HD95 and medpy's. Prints JSON.

python Testing/benchmarks/bench_metrics.py [--shape 256 168 304] [--repeats 5]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib.evaluation.metrics import evaluate_labels, hausdorff_distance_95, surface_distances


def bone_like_pair(shape: tuple[int, int, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A reference of smooth random blobs with thin walls, and a prediction that is wrong along its whole surface."""
    generator = np.random.default_rng(seed)
    small = generator.standard_normal([max(4, n // 16) for n in shape])
    field = ndimage.zoom(small, [n / m for n, m in zip(shape, small.shape, strict=True)], order=1)
    noise = ndimage.gaussian_filter(generator.standard_normal(shape).astype(np.float32), 3.0)
    reference = np.abs(field) < 0.12
    prediction = np.abs(field + 2.0 * noise) < 0.12
    prediction[: shape[0] // 8] = False
    return reference, prediction


def median_seconds(run: Callable[[], object], repeats: int) -> float:
    """Median wall time of `run`, after one run to warm up."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=int, nargs=3, default=(256, 168, 304))
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    reference, prediction = bone_like_pair(tuple(arguments.shape), seed=0)
    spacing = (1.0, 1.0, 1.0)

    def ours() -> object:
        distances = surface_distances(reference, prediction, spacing)
        return distances.hausdorff(), distances.average(), distances.share_within(1.0), distances.share_within(2.0)

    labels = reference.astype(np.uint8), prediction.astype(np.uint8)
    seconds = {
        "hd95+assd+nsd": median_seconds(ours, arguments.repeats),
        "evaluate_labels": median_seconds(lambda: evaluate_labels(*labels, spacing, [1]), arguments.repeats),
    }
    result = {
        "shape": list(arguments.shape),
        "foreground_voxels": int(reference.sum()),
        "surface_voxels": evaluate_labels(*labels, spacing, [1])[1]["surface_voxels"],
        "seconds": seconds,
        "hd95_mm": hausdorff_distance_95(reference, prediction, spacing),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
    }
    try:
        import monai
        import torch
        from monai.metrics import compute_hausdorff_distance
    except ImportError:
        result["monai"] = "not installed"
    else:
        pair = [torch.from_numpy(mask)[None, None].float() for mask in (reference, prediction)]

        def theirs() -> float:
            return compute_hausdorff_distance(pair[1], pair[0], include_background=True, percentile=95).item()

        seconds["monai_hd95"] = median_seconds(theirs, arguments.repeats)
        result["monai_hd95_mm"] = theirs()
        result["versions"]["monai"] = monai.__version__
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
