"""Packages: looked up without importing them, installed when asked, continued after a restart."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("qt")

from SemiSegEmbedLib.errors import SemiSegEmbedError

EXTENSION = '''
"""Stands where Slicer's PyTorch extension has its module; the extension exists in no package registry."""
calls = []
answer = object()


class PyTorchUtilsLogic:
    def installTorch(self, askConfirmation=False, forceComputationBackend=None, torchVersionRequirement=None):
        calls.append((askConfirmation, torchVersionRequirement))
        return answer
'''


class Manager:
    """Stands where Slicer has its extensions manager, which fetches over the network."""

    def __init__(self, succeeds: bool) -> None:
        self.interactive = True
        self.installed: list[tuple[str, bool]] = []
        self._succeeds = succeeds

    def installExtensionFromServer(self, name: str, restart: bool) -> bool:
        self.installed.append((name, restart))
        return self._succeeds


@pytest.fixture
def installer(settings_file, tmp_path: Path):
    """An installer of a computer where everything but torch is there; pip's own part is the host's."""
    from SemiSegEmbedLib.application import installer as source

    requirements = tmp_path / "requirements.txt"
    requirements.write_text("numpy>=1.0\n")
    return source.Installer(requirements)


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    from SemiSegEmbedLib.application import installer as source

    known = source._installed
    monkeypatch.setattr(source, "_installed", lambda name: name != "torch" and known(name))


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The PyTorch extension comes with the next start of Slicer."""

    def load():
        folder = tmp_path / "extension"
        folder.mkdir()
        (folder / "PyTorchUtils.py").write_text(EXTENSION)
        monkeypatch.syspath_prepend(str(folder))

    yield load
    sys.modules.pop("PyTorchUtils", None)


def agree(monkeypatch: pytest.MonkeyPatch, answer: bool) -> list[str]:
    import slicer

    asked: list[str] = []

    def ask(question: str, **_more) -> bool:
        asked.append(question)
        return answer

    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", ask)
    return asked


def test_what_is_missing_is_named_and_nothing_is_imported_to_find_out(installer, no_torch, extension) -> None:
    extension()
    before = set(sys.modules)
    assert installer.missing() == ["PyTorch"]
    assert not installer.can_continue
    assert not {"torch", "PyTorchUtils"} & (set(sys.modules) - before)


def test_without_the_extension_it_is_fetched_after_a_question_and_the_restart_goes_on(
    installer, no_torch, extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    manager = Manager(succeeds=True)
    monkeypatch.setattr(slicer.app, "extensionsManagerModel", lambda: manager, raising=False)
    asked = agree(monkeypatch, True)
    with pytest.raises(SemiSegEmbedError, match="Restart Slicer"):
        installer.install()
    assert len(asked) == 1
    assert manager.installed == [("PyTorch", False)]
    assert manager.interactive  # what others install is asked about again
    assert installer.pending
    assert not installer.can_continue  # the extension is loaded by the next start

    extension()
    slicer.app.testing = True
    assert not installer.can_continue  # a test of the application installs nothing
    slicer.app.testing = False
    assert installer.can_continue
    installer.install()
    import PyTorchUtils

    assert PyTorchUtils.calls == [(True, ">=2.4,!=2.9.*")]
    assert not installer.pending


def test_a_user_who_declines_the_extension_is_told_where_it_is(
    installer, no_torch, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    manager = Manager(succeeds=True)
    monkeypatch.setattr(slicer.app, "extensionsManagerModel", lambda: manager, raising=False)
    agree(monkeypatch, False)
    with pytest.raises(SemiSegEmbedError, match="Extensions Manager"):
        installer.install()
    assert manager.installed == []


def test_whoever_declines_torch_is_not_asked_again_at_every_start(installer, no_torch, extension) -> None:
    extension()
    installer._set_pending(True)
    spec = importlib.util.find_spec("PyTorchUtils")
    module = importlib.util.module_from_spec(spec)
    sys.modules["PyTorchUtils"] = module
    spec.loader.exec_module(module)
    module.answer = None
    with pytest.raises(SemiSegEmbedError, match="PyTorch was not installed"):
        installer.install()
    assert not installer.can_continue


def test_a_pending_installation_goes_on_when_the_module_is_opened_again(module, no_torch, extension) -> None:
    installer = module.window.train.machine._installer
    installer._set_pending(True)
    extension()
    module.widget.enter()
    module.wait(lambda: not installer.pending, 10)
    import PyTorchUtils

    assert len(PyTorchUtils.calls) == 1


def test_packages_that_pip_could_not_install_are_one_sentence(installer, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a-package-that-nobody-has\n")
    assert installer.missing() == ["a-package-that-nobody-has"]
    with pytest.raises(SemiSegEmbedError, match="Packages were not installed"):
        installer.install()
