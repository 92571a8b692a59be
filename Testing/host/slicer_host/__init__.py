"""A host for the Slicer module in plain Python: `install()` provides the modules `qt`, `ctk` and `slicer`.

Real: Qt widgets (PySide6 with true properties), `.ui` files, the MRML scene, `slicer.util`, segmentation, slice and
plot logic (`slicer-core`). Stand-ins exist for what lives in the Slicer application alone; each behaves as was
measured in a running Slicer. The product has no branch for this host; `test_contract.py` states what it relies on.
"""

from __future__ import annotations

import os
import sys


def missing() -> str:
    """Why the host cannot run here, or an empty text."""
    import importlib.util

    absent = [
        package
        for name, package in (("PySide6", "PySide6-Essentials"), ("slicer_core", "slicer-core"))
        if importlib.util.find_spec(name) is None
    ]
    return f"needs {' and '.join(absent)}" if absent else ""


def install() -> None:
    """Provide `qt`, `ctk` and the application's part of `slicer`; a second call does nothing."""
    if "ctk" in sys.modules:
        return
    _spare_the_singletons()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from slicer_host import application, qt_world, stand_ins

    sys.modules["qt"] = qt_world.make_qt(stand_ins.WIDGETS)
    sys.modules["ctk"] = stand_ins.make_ctk()
    application.extend_slicer()


def _spare_the_singletons() -> None:
    """Keep Python 3.11 from freeing None, True and False.

    PySide6 6.12 takes them for immortal, which they are from Python 3.12 on: each call that returns None takes one
    reference too many, and some hundred thousand calls later the interpreter aborts. A large start value helps.
    """
    import ctypes

    if sys.version_info < (3, 12):
        for singleton in (None, True, False):
            ctypes.c_ssize_t.from_address(id(singleton)).value += 1 << 30
