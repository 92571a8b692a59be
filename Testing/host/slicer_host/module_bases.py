"""Base classes of scripted modules, the parameter node wrapper, and `slicer.packaging`, as far as the product goes."""

from __future__ import annotations

import types
import unittest
from pathlib import Path
from typing import Any, get_type_hints

import slicer
from PySide6.QtWidgets import QVBoxLayout, QWidget

# isort: split
from __feature__ import true_property  # noqa: F401


class ScriptedLoadableModule:
    """Base of the module class; `parent` is the loaded module that carries its title and help."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent


class ModuleParent(QWidget):
    """The container that Slicer gives to the widget of a module."""

    def __init__(self) -> None:
        super().__init__()
        QVBoxLayout(self)
        self.isEntered = False


class ScriptedLoadableModuleWidget:
    """Base of the widget class; `resourcePath` looks beside the module's file."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent if parent is not None else ModuleParent()
        self.layout = self.parent.layout()
        if parent is None:
            self.setup()
            self.parent.show()

    def setup(self) -> None:
        """The real one adds the Reload & Test section in developer mode."""

    def cleanup(self) -> None:
        """Overridden by modules."""

    def onReload(self) -> None:
        """The real one executes the module's file anew."""

    def resourcePath(self, name: str) -> str:
        import sys

        return str(Path(sys.modules[type(self).__module__].__file__).parent / "Resources" / name)


class ScriptedLoadableModuleLogic:
    """Base of the logic class; owns the parameter node of the module in the scene."""

    def __init__(self) -> None:
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:
        scene = slicer.mrmlScene
        node = scene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.vtkMRMLScriptedModuleNode()
            node.SetModuleName(self.moduleName)
            node.SetSingletonTag(self.moduleName)
            node.SetName(self.moduleName)
            node = scene.AddNode(node)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Base of the self-test."""

    def delayDisplay(self, message: str, *_: Any, **__: Any) -> None:
        import logging

        logging.info(message)


class ModuleManager:
    """`slicer.app.moduleManager()`: makes the widget of a scripted module when it is first asked for."""

    def __init__(self) -> None:
        self._widgets: dict[str, Any] = {}

    def module(self, name: str) -> Any:
        import importlib

        if name not in self._widgets:
            self._widgets[name] = getattr(importlib.import_module(name), f"{name}Widget")(ModuleParent())
            self._widgets[name].setup()
        return types.SimpleNamespace(name=name, widgetRepresentation=lambda: Representation(self._widgets[name]))

    def unload(self) -> None:
        """The application exits."""
        for widget in self._widgets.values():
            widget.cleanup()
        self._widgets = {}


class Representation:
    """`slicer.qSlicerScriptedLoadableModuleWidget`: what the application keeps of the widget of a module."""

    def __init__(self, widget: Any) -> None:
        self._widget = widget

    def self(self) -> Any:
        return self._widget


def parameterNodeWrapper(kind: type) -> type:
    """Class decorator: typed text attributes live in the parameters of an MRML node (other types are refused)."""
    hints = get_type_hints(kind)
    if any(hint is not str for hint in hints.values()):
        raise NotImplementedError("the host wraps text attributes alone")

    def initialise(self: Any, node: Any) -> None:
        self.parameterNode = node

    kind.__init__ = initialise
    for name in hints:
        default = kind.__dict__.get(name, "")

        def read(self: Any, name: str = name, default: str = default) -> str:
            return self.parameterNode.GetParameter(name) or default

        def write(self: Any, value: str, name: str = name) -> None:
            self.parameterNode.SetParameter(name, value)

        setattr(kind, name, property(read, write))
    return kind


def packaging() -> dict[str, Any]:
    """Members of `slicer.packaging`: what is installed is looked up for real, nothing is ever installed."""
    import importlib.metadata
    import re

    def pip_check(requirements: Any) -> bool:
        entries = [requirements] if isinstance(requirements, str) else list(requirements)
        for entry in entries:
            name = re.match(r"[A-Za-z0-9._-]+", str(entry)).group()
            try:
                importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                return False
        return True

    def pip_ensure(requirements: Any, **_: Any) -> None:
        if not pip_check(requirements):
            raise RuntimeError("Installation was declined.")

    def load_requirements(path: Any) -> list[str]:
        lines = [line.split("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line]

    return {"pip_check": pip_check, "pip_ensure": pip_ensure, "load_requirements": load_requirements}


def scripted_loadable_module() -> dict[str, Any]:
    """Members of `slicer.ScriptedLoadableModule`."""
    kinds = (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    )
    return {kind.__name__: kind for kind in kinds}
