"""Damaged NIfTI, NRRD and MetaImage files: truncated, contradictory, absurd, or no images at all."""

from __future__ import annotations

import gzip
import random
import re
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np

from trials.damaged import FORMS, Damaged, good_file, written
from trials.scenes import SHAPE, body

NIFTI_FIELDS = {
    "dim": ("<8h", 40),
    "datatype": ("<h", 70),
    "pixdim": ("<8f", 76),
    "vox_offset": ("<f", 108),
    "slope": ("<f", 112),
    "srow_x": ("<4f", 280),
    "srow_y": ("<4f", 296),
    "srow_z": ("<4f", 312),
}
"""Format and offset of fields of a NIfTI-1 header (nifti1.h, nifti.nimh.nih.gov)."""
ABSURD = ("0", "-4", "nan", "inf", "1e9", "1e-9")


def file_inputs(chance: random.Random) -> Iterator[Damaged]:
    """All damaged files that hold a CT."""
    for form in FORMS:
        yield from truncated(form, chance)
        yield from contradictory(form)
        yield from absurd(form)
        yield from no_numbers(form, chance)
        yield from no_images(form, chance)
        yield from other_images(form)
    yield from flipped(chance)
    yield from bombs()
    yield from references()
    yield from not_hounsfield()


def truncated(form: str, chance: random.Random) -> Iterator[Damaged]:
    """Cut at nine places, and with a wrong beginning."""
    data = good_file(form)
    for share in (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.999):
        yield Damaged("truncated", f"a.{form}", data[: int(share * len(data))])
    yield Damaged("truncated", f"a.{form}", data[:-1])
    for magic in (b"\0\0\0\0", b"JUNK", chance.randbytes(4)):
        wrong = (
            packed(form, replaced(unpacked(form, data), 0, magic))
            if form.startswith("nii")
            else replaced(data, 0, magic)
        )
        yield Damaged("wrong magic number", f"a.{form}", wrong)


def contradictory(form: str) -> Iterator[Damaged]:
    """Sizes that are not those of the voxels, and sizes of a terabyte."""
    z, y, x = SHAPE
    for sizes in ((x + 1, y, z), (x, y - 1, z), (2 * x, y, z), (x, y, 1), (0, y, z), (-x, y, z)):
        yield Damaged("wrong sizes in the header", f"a.{form}", with_sizes(form, sizes))
    for sizes in ((32767, 32767, 1000), (8000, 8000, 8000), (30000, 30000, 30000)):
        yield Damaged("a header that asks for up to 54 TB", f"a.{form}", with_sizes(form, sizes))


def absurd(form: str) -> Iterator[Damaged]:
    """Spacings and directions that cannot be."""
    for value in ABSURD:
        yield Damaged("zero, negative, infinite or absurd spacing", f"a.{form}", with_spacing(form, value))
    for kind, matrix in (("zero", "0 0 0"), ("not a number", "nan nan nan"), ("sheared", "0.7 0.7 0")):
        yield Damaged("zero, sheared or undefined direction", f"a.{form}", with_direction(form, kind, matrix))


def no_numbers(form: str, chance: random.Random) -> Iterator[Damaged]:
    """Voxels that are NaN or infinite: one, some, all."""
    for value, count in ((np.nan, 1), (np.inf, 1), (-np.inf, 3), (np.nan, 10**9)):
        image = body()[0].astype(np.float32)
        image.flat[[chance.randrange(image.size) for _ in range(min(count, 50))] if count < 99 else slice(None)] = (
            value
        )
        yield Damaged("NaN and infinite voxels", f"a.{form}", written(image, form))


def no_images(form: str, chance: random.Random) -> Iterator[Damaged]:
    """What is no image whatever its ending says."""
    for data in (
        b"",
        b"\0",
        chance.randbytes(3000),
        b"\0" * 5000,
        b"\x89PNG\r\n\x1a\n" + chance.randbytes(500),
        b"PK\x03\x04" + chance.randbytes(500),
        gzip.compress(chance.randbytes(2000)),
        b"<html><body>404 not found</body></html>",
    ):
        yield Damaged("no image at all", f"a.{form}", data)


def other_images(form: str) -> Iterator[Damaged]:
    """Images that are no CT volume."""
    image = body()[0]
    several = np.stack([image, image])
    yield Damaged("colours, 2D, 4D, complex numbers", f"a.{form}", written(image[:1], form))
    yield Damaged("colours, 2D, 4D, complex numbers", f"a.{form}", written(image[0], form))
    yield Damaged(
        "colours, 2D, 4D, complex numbers", f"a.{form}", written(np.stack([image] * 3, -1), form, vector=True)
    )
    if form.startswith("nii"):
        yield Damaged("colours, 2D, 4D, complex numbers", f"a.{form}", written_4d(several, form))
        for code in (0, 1, 32, 128, 1792, 9999):
            data = with_field(form, "datatype", code)
            yield Damaged("unknown or unsuitable types of voxels", f"a.{form}", data)
        for offset in (-1.0, 1e9, float("nan")):
            yield Damaged("unknown or unsuitable types of voxels", f"a.{form}", with_field(form, "vox_offset", offset))
    else:
        for kind in ("banana", "block", "double"):
            yield Damaged("unknown or unsuitable types of voxels", f"a.{form}", with_type(form, kind))


def flipped(chance: random.Random) -> Iterator[Damaged]:
    """One wrong bit in the compressed voxels."""
    for form in ("nii.gz", "nrrd", "mha"):
        for _ in range(12):
            data = bytearray(good_file(form))
            data[chance.randrange(len(data) // 3, len(data))] ^= 1 << chance.randrange(8)
            yield Damaged("a wrong bit in compressed voxels", f"a.{form}", bytes(data))


@cache
def _zeros(megabytes: int, wrapper: int) -> bytes:
    packer = zlib.compressobj(1, wbits=wrapper)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def bombs() -> Iterator[Damaged]:
    """Small files that unpack to gigabytes."""
    kind = "gzip and zlib bombs"
    member = _zeros(64, 31)
    for sizes in ((1024, 1024, 1000), SHAPE[::-1]):
        header = gzip.compress(unpacked("nii", with_sizes("nii", sizes))[:352])
        yield Damaged(kind, "a.nii.gz", header + 40 * member)
        text = header_text("nrrd", with_sizes("nrrd", sizes))
        yield Damaged(kind, "a.nrrd", text + 40 * member)
        text = header_text("mha", with_sizes("mha", sizes))
        yield Damaged(kind, "a.mha", re.sub(rb"CompressedDataSize = \d+\n", b"", text) + _zeros(300, 15))
    yield Damaged(kind, "a.nii.gz", gzip.compress(40 * member, 1))


def references() -> Iterator[Damaged]:
    """Headers that keep their voxels elsewhere, or say nonsense."""
    kind = "headers that lead to other files, or make no sense"
    for value in (b"/etc/passwd", b"../../secret.raw", b"LIST", b"slice%03d.raw 1 9 1", b"\xff\xfe"):
        yield Damaged(kind, "a.nrrd", re.sub(rb"\n\n", b"\ndata file: " + value + b"\n\n", good_file("nrrd"), count=1))
        yield Damaged(kind, "a.mha", re.sub(rb"LOCAL", lambda _, v=value: v, good_file("mha"), count=1))
    for old, new in (
        (rb"encoding: \w+", b"encoding: bzip9"),
        (rb"dimension: 3", b"dimension: 99"),
        (rb"endian: \w+", b"endian: middle"),
        (rb"sizes: .*", b"sizes: x y z"),
        (rb"type: \w+", b""),
        (rb"\n\n", b"\nbyte skip: 100000000\n\n"),
        (rb"\n\n", b"\nline skip: 99999999\n\n"),
        (rb"\n\n", b"\n" + b"key:=" + b"x" * 300_000 + b"\n\n"),
        (rb"\n\n", b"\n" * 1),
        (rb"space: .*", b"space: outer"),
    ):
        yield Damaged(kind, "a.nrrd", re.sub(old, lambda _, n=new: n, good_file("nrrd"), count=1))
    for old, new in (
        (rb"NDims = 3", b"NDims = 77"),
        (rb"ElementType = \w+", b"ElementType = MET_BANANA"),
        (rb"CompressedDataSize = \d+", b"CompressedDataSize = 99999999999"),
        (rb"BinaryData = True", b"BinaryData = False"),
        (rb"DimSize = .*", b"DimSize = "),
        (rb"ObjectType = Image", b"ObjectType = Tube"),
    ):
        yield Damaged(kind, "a.mha", re.sub(old, lambda _, n=new: n, good_file("mha"), count=1))


def not_hounsfield() -> Iterator[Damaged]:
    """Numbers that a scanner does not give: overflowed, shifted, windowed."""
    image = body()[0]
    wrapped = (image.astype(np.int32) * 40).astype(np.int16)
    for form in ("nii.gz", "nrrd", "mha"):
        for values in (
            wrapped,
            image.astype(np.int16).view(np.uint16),
            (image + 1024).astype(np.uint16),
            np.clip((image + 1000) / 8, 0, 255).astype(np.uint8),
            np.zeros_like(image),
            np.clip(image, -160, 240),
            image.astype(np.float32) * 1e30,
        ):
            yield Damaged("16-bit overflow and other numbers that are no HU", f"a.{form}", written(values, form))


def label_inputs(chance: random.Random) -> Iterator[Damaged]:
    """Damaged labels of an undamaged CT."""
    label = body()[1]
    for form in FORMS:
        for share in (0.01, 0.3, 0.9):
            data = good_file(form, "label", "uint8")
            yield Damaged("damaged labels", f"l.{form}", data[: int(share * len(data))], "label")
        for values in (
            label.astype(np.float32) + 0.5,
            label.astype(np.int16) - 7,
            label.astype(np.int32) * 1000,
            np.zeros_like(label),
            label * 9,
            label[:, :-2],
            np.where(label == 1, np.nan, label).astype(np.float32),
        ):
            yield Damaged("damaged labels", f"l.{form}", written(values, form), "label")
    good = good_file("nrrd", "label", "uint8")
    for text in (b"Segment0_ID:=a\nSegment0_LabelValue:=banana", b"Segment0_ID:=a\nSegment0_Layer:=-5", b"a:=b"):
        yield Damaged("damaged labels", "l.seg.nrrd", good.replace(b"\n\n", b"\n" + text + b"\n\n", 1), "label")
    yield Damaged("damaged labels", "l.dcm", b"\0" * 128 + b"DICM" + chance.randbytes(800), "label")


def unpacked(form: str, data: bytes) -> bytes:
    return gzip.decompress(data) if form == "nii.gz" else data


def packed(form: str, data: bytes) -> bytes:
    return gzip.compress(data, 6) if form == "nii.gz" else data


def replaced(data: bytes, offset: int, part: bytes) -> bytes:
    return data[:offset] + part + data[offset + len(part) :]


def with_field(form: str, name: str, *values: float) -> bytes:
    """A NIfTI file with other values at the beginning of a field."""
    pattern, offset = NIFTI_FIELDS[name]
    part = struct.pack("<" + pattern[-1] * len(values), *values)
    return packed(form, replaced(unpacked(form, good_file(form)), offset, part))


def with_sizes(form: str, sizes: tuple[int, int, int]) -> bytes:
    if form.startswith("nii"):
        return with_field(form, "dim", 3, *sizes)
    text = " ".join(map(str, sizes)).encode()
    return re.sub(rb"(\nsizes: |\nDimSize = ).*", lambda found: found[1] + text, good_file(form), count=1)


def with_spacing(form: str, value: str) -> bytes:
    if form.startswith("nii"):
        return with_field(form, "pixdim", 1.0, 4.0, float(value), 4.0)
    if form.endswith("nrrd"):
        return re.sub(rb"space directions: .*", b"spacings: 4 " + value.encode() + b" 4", good_file(form), count=1)
    return re.sub(rb"ElementSpacing = .*", b"ElementSpacing = 4 " + value.encode() + b" 4", good_file(form), count=1)


def with_direction(form: str, kind: str, row: str) -> bytes:
    """The second axis is replaced by something that is no direction."""
    if form.startswith("nii"):
        numbers = [4 * float(v) for v in row.split()]
        data = unpacked(form, good_file(form))
        for axis, number in zip("xyz", numbers, strict=True):
            data = replaced(data, NIFTI_FIELDS[f"srow_{axis}"][1] + 4, struct.pack("<f", number))
        return packed(form, data)
    if form.endswith("nrrd"):
        vector = f"({','.join(row.split())})".encode()
        directions = b"space directions: (4,0,0) " + vector + b" (0,0,4)"
        return re.sub(rb"space directions: .*", directions, good_file(form), count=1)
    matrix = f"TransformMatrix = 1 0 0 {row} 0 0 1".encode()
    return re.sub(rb"TransformMatrix = .*", matrix, good_file(form), count=1)


def with_type(form: str, kind: str) -> bytes:
    if form.endswith("nrrd"):
        return re.sub(rb"type: .*", f"type: {kind}".encode(), good_file(form), count=1)
    return re.sub(rb"ElementType = .*", f"ElementType = MET_{kind.upper()}".encode(), good_file(form), count=1)


def header_text(form: str, data: bytes) -> bytes:
    """The text before the voxels."""
    mark = b"\n\n" if form.endswith("nrrd") else b"ElementDataFile = LOCAL\n"
    return data[: data.index(mark) + len(mark)]


def written_4d(several: np.ndarray, form: str) -> bytes:
    """A time series in NIfTI."""
    data = unpacked(form, good_file(form))
    sizes = struct.pack("<5h", 4, *several.shape[:0:-1], len(several))
    return packed(form, replaced(data, 40, sizes) + data[352:])
