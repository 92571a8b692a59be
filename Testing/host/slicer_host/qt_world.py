"""The module `qt` as PythonQt offers it, made of PySide6."""

from __future__ import annotations

import types
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

# isort: split
from __feature__ import true_property  # noqa: F401


def make_qt(custom_widgets: Sequence[type]) -> types.ModuleType:
    """One flat module with everything of QtCore, QtGui and QtWidgets.

    Args:
        custom_widgets: Stand-ins that `.ui` files may name.
    """
    qt = types.ModuleType("qt")
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            if not name.startswith("_"):
                setattr(qt, name, getattr(module, name))
    _refuse_unknown_attributes()
    QtCore.QObject.name = property(lambda self: self.objectName)
    qt.QUiLoader = _loader(custom_widgets)
    qt.QFileDialog = _FileDialog
    if QtWidgets.QApplication.instance() is None:
        qt.host_application = QtWidgets.QApplication(["SlicerHost"])
        qt.host_application.setStyle("Fusion")
    return qt


def _refuse_unknown_attributes() -> None:
    """Assigning an unknown attribute to a Qt object raises AttributeError, as in PythonQt."""
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            kind = getattr(module, name)
            if isinstance(kind, type) and issubclass(kind, QtCore.QObject):
                kind.__setattr__ = _strict_setattr


def _strict_setattr(self: Any, name: str, value: Any) -> None:
    for kind in type(self).__mro__:
        if name in kind.__dict__:
            descriptor = kind.__dict__[name]
            if value is None or type(value).__module__ == "numpy":
                # PythonQtConv::PyObjToQVariant knows Python's own numbers and texts alone.
                raise AttributeError(f"Property '{name}' does not accept an object of type {type(value).__name__}")
            if isinstance(descriptor, QtCore.Property):
                self.setProperty(name, value)
                return
            if hasattr(descriptor, "__set__"):
                descriptor.__set__(self, value)
                return
            break
    # PySide keeps bound signals on the object in this way.
    if isinstance(value, QtCore.SignalInstance) or not type(self).__module__.startswith("PySide6"):
        self.__dict__[name] = value
    elif name in [bytes(entry).decode() for entry in self.dynamicPropertyNames()]:
        self.setProperty(name, value)
    else:
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


class _FileDialog(QtWidgets.QFileDialog):
    """PythonQt returns the chosen paths alone, without the filter."""

    @staticmethod
    def getOpenFileName(*arguments: Any) -> str:
        return QtWidgets.QFileDialog.getOpenFileName(*arguments)[0]

    @staticmethod
    def getOpenFileNames(*arguments: Any) -> tuple[str, ...]:
        return tuple(QtWidgets.QFileDialog.getOpenFileNames(*arguments)[0])

    @staticmethod
    def getSaveFileName(*arguments: Any) -> str:
        return QtWidgets.QFileDialog.getSaveFileName(*arguments)[0]


def _loader(custom_widgets: Sequence[type]) -> Callable[[], QtUiTools.QUiLoader]:
    class Loader(QtUiTools.QUiLoader):
        """Loads a real `.ui` file; a scene reaches exactly the widgets that the file connects to it."""

        def __init__(self) -> None:
            super().__init__()
            for widget in custom_widgets:
                self.registerCustomWidget(widget)

        def load(self, device: QtCore.QIODevice) -> QtWidgets.QWidget:
            tree = ElementTree.fromstring(bytes(device.readAll().data()))
            receivers = [
                connection.findtext("receiver")
                for connection in tree.iterfind("connections/connection")
                if connection.findtext("slot", "").startswith("setMRMLScene")
            ]
            for connections in tree.findall("connections"):
                tree.remove(connections)
            buffer = QtCore.QBuffer()
            buffer.setData(ElementTree.tostring(tree))
            buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
            top = super().load(buffer)
            for name in receivers:
                top.scene_receivers.append(top.findChild(QtCore.QObject, name))
            return top

    return Loader
