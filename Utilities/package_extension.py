"""Packs the extension as Slicer's Extensions Manager unpacks it, without a build of Slicer: `python3 run.py package`.

The files are those that the CMake lists name. Where they lie, what the archive is called and what the description
file says follows Slicer 5.12: CMake/SlicerDirectories.cmake, CMake/SlicerExtensionCPack.cmake and
Utilities/Templates/Extensions/extension_description.s4ext.in. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import subprocess
import tarfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "SemiSegEmbed"
MODULES = (NAME, f"{NAME}Lib")
SYSTEMS = ("linux", "macosx", "win")
DEFAULTS = {"STATUS": "", "ENABLED": "1", "BUILD_SUBDIRECTORY": ".", "TIER": "1", "DEPENDS": "NA"}
"""Of Slicer's Extensions/CMake/SlicerExtensionDescriptionSpec.cmake."""
UNIX_1980 = 315532800
"""The earliest time that a ZIP archive can hold."""


@dataclass(frozen=True)
class Target:
    """The Slicer that an archive is for.

    Attributes:
        system: One of `SYSTEMS`.
        version: Major and minor version; names the folders.
        revision: Names the archive, and a folder on macOS. Slicer 5.12.3 is revision 34627: the 30590 commits of its
            tag and the offset 4037 of its CMakeLists.txt.
        architecture: Names the archive.
    """

    system: str = "linux"
    version: str = "5.12"
    revision: str = "34627"
    architecture: str = "amd64"

    @property
    def prefix(self) -> str:
        """The extension's folder inside the archive's top folder, empty but for macOS."""
        return f"Slicer.app/Contents/Extensions-{self.revision}/{NAME}/" if self.system == "macosx" else ""


@dataclass(frozen=True)
class Commit:
    """What is packed: its hash, the day and second of its date, and where it came from."""

    revision: str
    day: str
    seconds: int
    url: str


def main(arguments: list[str] | None = None) -> int:
    """Writes one archive and prints where it lies."""
    parser = argparse.ArgumentParser(description="Pack the extension for Slicer's 'Install from file'.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder for the archive (default: dist)")
    parser.add_argument("--system", choices=SYSTEMS, default="linux", help="of the Slicer it is for (default: linux)")
    parser.add_argument("--slicer-version", default=Target.version, help=f"default: {Target.version}")
    parser.add_argument("--slicer-revision", default=Target.revision, help="shown in Slicer under Help, About")
    parser.add_argument("--architecture", default=Target.architecture, help=f"default: {Target.architecture}")
    options = parser.parse_args(arguments)
    target = Target(options.system, options.slicer_version, options.slicer_revision, options.architecture)
    print(write_archive(options.output, target))
    return 0


def write_archive(folder: Path, target: Target) -> Path:
    """Packs the extension; the same commit gives the same bytes.

    Args:
        folder: Where to; made if it is not there.
        target: The Slicer that it is for.

    Returns:
        The archive: .zip for Windows, else .tar.gz.
    """
    commit = commit_of(ROOT)
    base = f"{target.revision}-{target.system}-{target.architecture}-{NAME}-git{commit.revision}-{commit.day}"
    files = {f"{base}/{target.prefix}{place}": data for place, data in content(target, commit).items()}
    folder.mkdir(parents=True, exist_ok=True)
    pack = packed_zip if target.system == "win" else packed_tar
    path = folder / f"{base}{'.zip' if target.system == 'win' else '.tar.gz'}"
    path.write_bytes(pack(files, commit.seconds))
    return path


def content(target: Target, commit: Commit) -> dict[str, bytes]:
    """Every file of the installed extension: its place below the extension's folder, and its bytes."""
    scripted = f"lib/Slicer-{target.version}/qt-scripted-modules"
    files = {
        f"{scripted}/{place}": source.read_bytes() for module in MODULES for source, place in files_of_module(module)
    }
    files[f"share/Slicer-{target.version}/{NAME}.s4ext"] = description(commit).encode()
    return files


def files_of_module(module: str) -> list[tuple[Path, str]]:
    """The files that a module's CMakeLists.txt lists, each with its place below qt-scripted-modules.

    Raises:
        FileNotFoundError: A listed file is missing; CMake would stop here too.
    """
    text = (ROOT / module / "CMakeLists.txt").read_text(encoding="utf-8")
    inside = f"{module}/" if re.search(r"^\s*WITH_SUBDIR$", text, re.MULTILINE) else ""
    found = []
    for variable in ("MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES"):
        (block,) = re.findall(rf"^set\({variable}\n(.*?)^\s*\)$", text, re.MULTILINE | re.DOTALL)
        for name in block.replace("${MODULE_NAME}", module).split():
            if not (ROOT / module / name).is_file():
                raise FileNotFoundError(f"{module}/CMakeLists.txt lists {name}, which is not there.")
            found.append((ROOT / module / name, inside + name))
    return found


def metadata() -> dict[str, str]:
    """What the extension says about itself: EXTENSION_* of the top CMakeLists.txt, and the catalog entry."""
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    found = dict(re.findall(r'^set\(EXTENSION_(\w+) "(.*)"\)', text, re.MULTILINE))
    catalog = json.loads((ROOT / f"{NAME}.json").read_text(encoding="utf-8"))
    return {**DEFAULTS, **found, "CATEGORY": catalog["category"], "TIER": str(catalog["tier"])}


def description(commit: Commit) -> str:
    """The description file (.s4ext): a keyword and the rest of the line."""
    facts = metadata()
    entries = {"scm": "git", "scmurl": commit.url or facts["HOMEPAGE"], "scmrevision": commit.revision}
    for key in (
        "depends", "recommends", "build_subdirectory", "homepage", "contributors", "category", "iconurl", "status",
        "tier", "description", "screenshoturls", "enabled", "dicom_support_rule", "keywords",
    ):  # fmt: skip
        entries[key] = facts.get(key.upper(), "")
    return "".join(f"{key} {value}".rstrip() + "\n" for key, value in entries.items())


def commit_of(root: Path) -> Commit:
    """The commit that is checked out; outside a git checkout the version of the library stands for it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True).stdout.strip()

    try:
        revision, day, seconds = git("log", "-1", "--format=%H %cs %ct").split()
    except (OSError, ValueError):
        text = (root / MODULES[1] / "__init__.py").read_text(encoding="utf-8")
        (version,) = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
        return Commit(version, "1980-01-01", UNIX_1980, "")
    url = git("config", "--get", "remote.origin.url")
    return Commit(revision, day, int(seconds), url if url.startswith("https://") else "")


def packed_tar(files: dict[str, bytes], seconds: int) -> bytes:
    """A .tar.gz with files alone: Slicer takes the top folder from the first entry, which must not be a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(files[name]), seconds, 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    return gzip.compress(buffer.getvalue(), mtime=0)


def packed_zip(files: dict[str, bytes], seconds: int) -> bytes:
    """A .zip with the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(
                zipfile.ZipInfo(name, time.gmtime(seconds)[:6]), files[name], compress_type=zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
