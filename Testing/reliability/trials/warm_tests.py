"""Imported once for all mutants: what the tests need, and nothing of the library."""

from __future__ import annotations

import hypothesis
import numpy
import pytest
import scipy.ndimage
import scipy.spatial
import torch

__all__ = ["hypothesis", "numpy", "pytest", "scipy"]

torch.set_num_threads(1)
