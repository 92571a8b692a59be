"""Slice views as pictures: Slicer's own slice logic and displayable managers, drawn by VTK without a screen.

Needs a VTK that draws in memory: set `VTK_DEFAULT_OPENGL_WINDOW=vtkOSOpenGLRenderWindow` before VTK is imported, and
have the library OSMesa (Debian's libosmesa6).
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

WINDOW_CLASS = "vtkOSOpenGLRenderWindow"
MANAGERS = ("vtkMRMLSegmentationsDisplayableManager2D", "vtkMRMLModelSliceDisplayableManager")


def missing() -> str:
    """Why slice views cannot be drawn here, or an empty text."""
    if os.environ.get("VTK_DEFAULT_OPENGL_WINDOW") != WINDOW_CLASS:
        return f"needs VTK_DEFAULT_OPENGL_WINDOW={WINDOW_CLASS}"
    for name in ("libOSMesa.so.8", "libOSMesa.so"):
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return ""
    return "needs the library OSMesa (Debian: libosmesa6)"


class SlicePicture:
    """Draws what a slice view shows.

    Args:
        name: "Red", "Green" or "Yellow".
        size: Width and height in pixels.
    """

    def __init__(self, name: str, size: tuple[int, int]) -> None:
        self.logic = slicer.app.layoutManager().sliceWidget(name).sliceLogic()
        self._window = vtk.vtkRenderWindow()
        self._window.OffScreenRenderingOn()
        self._window.SetSize(*size)
        self._renderer = vtk.vtkRenderer()
        self._window.AddRenderer(self._renderer)
        # Without an interactor displayable managers draw nothing.
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self.logic.ResizeSliceNode(*size)
        self._add_background()
        self._add_managers(size)

    def _add_background(self) -> None:
        mapper = vtk.vtkImageMapper()
        mapper.SetInputConnection(self.logic.GetImageDataConnection())
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(mapper)
        self._renderer.AddViewProp(actor)

    def _add_managers(self, size: tuple[int, int]) -> None:
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory()
        factory.SetMRMLApplicationLogic(_logics[1])
        for name in MANAGERS:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        self._group.SetRenderer(self._renderer)
        self._group.SetMRMLDisplayableNode(self.logic.GetSliceNode())
        self._group.Initialize(factory, self._renderer)

    def draw(self) -> np.ndarray:
        """What the view shows now, (height, width, 3) uint8."""
        self.logic.UpdateImageData()
        self._window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.ReadFrontBufferOff()
        grab.Update()
        image = grab.GetOutput()
        width, height, _ = image.GetDimensions()
        return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)[::-1].copy()


_logics: list[Any] = []


def prepare() -> None:
    """Give the scene the colour tables that the application has; to be called before volumes are loaded."""
    colors = slicer.vtkMRMLColorLogic()
    colors.SetMRMLScene(slicer.mrmlScene)
    colors.AddDefaultColorNodes()
    application = slicer.vtkMRMLApplicationLogic()
    application.SetMRMLScene(slicer.mrmlScene)
    _logics[:] = [colors, application]
