"""Imported once by the process that children are forked from; it starts no thread."""

from __future__ import annotations

import highdicom
import matplotlib.pyplot
import numpy
import pydicom
import scipy.ndimage
import SimpleITK
import torch

__all__ = ["highdicom", "matplotlib", "numpy", "pydicom", "scipy"]

torch.set_num_threads(1)
SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
