"""Files: what is read, in which type, and that damaged or hostile ones are refused in one sentence, fast and small."""

from __future__ import annotations

import gzip
import re
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.read import read_geometry, read_image, read_label
from SemiSegEmbedLib.imaging.write import write_segmentation
from SemiSegEmbedLib.study.presets import HIP_BONES

ROOT = Path(__file__).resolve().parents[2]
VALUES = np.random.default_rng(0).integers(-1000, 1500, (30, 31, 32)).astype(np.int16)
FORMATS = [".nii", ".nii.gz", ".nrrd", ".mha"]


@pytest.fixture
def ct(tmp_path, make_image):
    """Write VALUES in a format and return the path."""

    def write(suffix=".nii", values=VALUES, compress=True, **place) -> Path:
        path = tmp_path / f"Planted Name{suffix}"
        sitk.WriteImage(make_image(values, **place), str(path), compress and suffix != ".nii")
        return path

    return write


def assert_refused(path: Path, reader=read_image, match: str | None = None) -> None:
    began = time.perf_counter()
    with pytest.raises(BadInputError, match=match) as refusal:
        reader(path)
    message = str(refusal.value)
    assert time.perf_counter() - began < 5
    assert message.endswith(".")
    assert "\n" not in message
    assert "Planted" not in message
    assert str(path.parent) not in message


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_image(ct, suffix):
    path = ct(suffix, spacing=(0.7, 0.8, 2.0), origin=(1.0, -2.0, 3.0))
    image = read_image(path)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), VALUES)
    assert image.GetPixelID() == sitk.sitkInt16
    assert image.GetSpacing() == pytest.approx((0.7, 0.8, 2.0))
    assert read_geometry(path) == Geometry.of(image)
    assert image.GetMetaDataKeys() == ()


@pytest.mark.parametrize(
    ("values", "pixel"),
    [
        (VALUES.astype(np.int32), sitk.sitkInt16),
        (VALUES.astype(np.int32) + 40000, sitk.sitkFloat32),
        ((VALUES + 1000).astype(np.uint16), sitk.sitkInt16),
        (VALUES.astype(np.float64) / 3, sitk.sitkFloat32),
    ],
)
def test_types_become_int16_or_float32_without_overflow(ct, values, pixel):
    image = read_image(ct(".nrrd", values))
    assert image.GetPixelID() == pixel
    np.testing.assert_allclose(sitk.GetArrayFromImage(image), values, rtol=1e-6)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.002, 0.3, 0.999])
def test_truncated_files_are_refused(ct, suffix, compress, share):
    path = ct(suffix, compress=compress)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert_refused(path)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_flipped_bits_in_compressed_voxels_are_noticed(ct, suffix):
    path = ct(suffix)
    data = bytearray(path.read_bytes())
    data[int(0.7 * len(data))] ^= 0x10
    path.write_bytes(data)
    assert_refused(path)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("compress", [True, False])
def test_bytes_that_slipped_in_are_noticed(ct, suffix, compress):
    path = ct(suffix, compress=compress)
    data = path.read_bytes()
    path.write_bytes(data[:-2000] + b"\x07\x00" + data[-2000:])
    assert_refused(path)


def test_tags_that_are_no_text_do_no_harm(ct):
    path = ct(".mha")
    path.write_bytes(path.read_bytes().replace(b"CenterOfRotation", b"Cent\xfe\xff\x00Rotation"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_image(path)), VALUES)


def patch_nifti(path: Path, offset: int, form: str, *values) -> None:
    data = bytearray(path.read_bytes())
    struct.pack_into("<" + form, data, offset, *values)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("offset", "form", "values"),
    [
        (42, "3h", (32767, 32767, 1000)),
        (42, "3h", (-5, 31, 32)),
        (42, "h", (1,)),
        (40, "5h", (4, 32, 31, 15, 2)),
        (80, "f", (-1.0,)),
        (80, "f", (0.0,)),
        (80, "f", (float("nan"),)),
        (80, "f", (1e9,)),
        (288, "f", (0.3,)),
        (280, "f", (-2.0,)),
        (70, "h", (128,)),
        (108, "f", (1e9,)),
        (0, "i", (77,)),
    ],
    ids=[
        "a terabyte", "negative size", "one voxel wide", "two volumes", "negative spacing", "zero spacing",
        "spacing not a number", "spacing of 1000 km", "sheared sform", "two positions", "colours", "far offset",
        "wrong magic",
    ],
)  # fmt: skip
def test_nifti_headers_that_make_no_sense_are_refused(ct, offset, form, values):
    path = ct()
    patch_nifti(path, offset, form, *values)
    assert_refused(path)


@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [
        (".nrrd", b"sizes: 32 31 30", b"sizes: 99999 99999 99"),
        (".nrrd", b"space directions: (1,0,0) (0,1,0)", b"space directions: (0,0,0) (0,1,0)"),
        (".nrrd", b"space directions: (1,0,0) (0,1,0)", b"space directions: (1,0,0) (.5,1,0)"),
        (".nrrd", b"encoding: gzip", b"data file: /etc/passwd\nencoding: raw"),
        (".mha", b"DimSize = 32 31 30", b"DimSize = 99999 99999 99"),
        (".mha", b"ElementSpacing = 1 1 1", b"ElementSpacing = 0 1 1"),
        (".mha", b"ElementDataFile = LOCAL", b"ElementDataFile = /etc/passwd"),
    ],
)
def test_other_headers_that_make_no_sense_are_refused(ct, suffix, old, new):
    path = ct(suffix)
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    assert_refused(path)


def test_a_gzip_bomb_is_refused_before_it_unpacks(tmp_path):
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 600, 600, 500, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    path = tmp_path / "bomb.nii.gz"
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = squeeze.compress(bytes(header))
    zeros = bytes(1 << 24)
    block += b"".join(squeeze.compress(zeros) for _ in range(22)) + squeeze.flush()
    path.write_bytes(block)
    script = (
        "import sys\n"
        "from SemiSegEmbedLib.imaging.read import read_image\n"
        "from SemiSegEmbedLib.errors import BadInputError\n"
        "try:\n    read_image(sys.argv[1])\n"
        "except BadInputError as error:\n    print(error)\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    if not Path("/proc/self/status").exists():
        assert_refused(path, match="far more")
        return
    run = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    message, kilobytes = run.stdout.splitlines()
    assert "far more" in message
    assert int(kilobytes) < 500_000


def test_more_voxels_than_the_header_says_are_refused(ct):
    path = ct(".nii.gz")
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + bytes(4 << 20)))
    assert_refused(path, match="more than its header")


@pytest.mark.parametrize("name", ["ct.txt", "ct.dcm", "ct.mhd", "ct.seg.nrrd", "gone.nii"])
def test_what_is_no_ct_file_is_refused(tmp_path, name):
    if not name.startswith("gone"):
        (tmp_path / name).write_bytes(b"hello")
    assert_refused(tmp_path / name)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_not_a_number_is_refused_in_every_format(ct, suffix, value, kind):
    values = VALUES.astype(kind)
    values[7, 8, 9] = value
    assert_refused(ct(suffix, values), match="not numbers")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a.nrrd", rb"space directions: \(\S+ ", b"space directions: (nan,nan,nan) "),
        ("a.nrrd", rb"space origin: .*", b"space origin: (inf,0,0)"),
        ("a.mha", rb"ElementSpacing = \S+", b"ElementSpacing = nan"),
        ("a.mha", rb"NDims = 3", b"NDims = 77"),
    ],
)
def test_headers_that_make_itk_guess_or_crash_are_refused(tmp_path, make_image, name, old, new):
    path = tmp_path / name
    sitk.WriteImage(make_image(VALUES), str(path))
    path.write_bytes(re.sub(old, new, path.read_bytes(), count=1))
    assert new in path.read_bytes()
    with pytest.raises(BadInputError, match=r"make no sense|not one three-dimensional"):
        read_image(path)


def test_a_bomb_is_not_unpacked_further_than_the_header_says(tmp_path, make_image):
    path = tmp_path / "bomb.mha"
    sitk.WriteImage(make_image(VALUES), str(path), useCompression=True)
    text = path.read_bytes().split(b"LOCAL\n")[0] + b"LOCAL\n"
    packer = zlib.compressobj()
    path.write_bytes(text + b"".join(packer.compress(bytes(1 << 20)) for _ in range(400)) + packer.flush())
    tracemalloc.start()
    with pytest.raises(BadInputError, match="more than its header says"):
        read_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20  # 64 KB of the file at a time


def test_single_slices_and_vectors_are_refused(tmp_path, make_image):
    flat, vector = tmp_path / "flat.nrrd", tmp_path / "vector.nrrd"
    sitk.WriteImage(make_image(VALUES[:1]), str(flat))
    sitk.WriteImage(sitk.Compose(make_image(VALUES), make_image(VALUES)), str(vector))
    assert_refused(flat)
    assert_refused(vector)


def test_labels_in_any_number_type_are_read(ct):
    label = (VALUES > 0).astype(np.uint8) * 3
    for kind in (np.uint8, np.int16, np.float32):
        read = read_label(ct(".nii.gz", label.astype(kind)))
        assert read.GetPixelID() == sitk.sitkUInt8
        np.testing.assert_array_equal(sitk.GetArrayFromImage(read), label)


@pytest.mark.parametrize(
    "values", [VALUES, (VALUES > 0).astype(np.float32) * 0.5, (VALUES > 0).astype(np.int16) * 256]
)
def test_a_ct_or_probabilities_are_no_label(ct, values):
    assert_refused(ct(".nrrd", values), read_label, "whole numbers")


ORDERS = [(axes, flips) for axes in permutations(range(3)) for flips in product((False, True), repeat=3)]
OBLIQUE = {
    "spacing": (0.7, 0.8, 2.5),
    "origin": (-130.0, 12.5, 400.25),
    "direction": sitk.Euler3DTransform((0, 0, 0), 0.2, -0.3, 0.4).GetMatrix(),
}


@pytest.fixture
def label(make_image) -> sitk.Image:
    """A label whose voxels tell its orders apart: no two sides have one length and the values are random."""
    return make_image(np.random.default_rng(1).integers(0, 256, (6, 8, 11)).astype(np.uint8), **OBLIQUE)


def stored(image: sitk.Image, axes: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> sitk.Image:
    """The same voxels at the same places, along other axes and in other directions."""
    return sitk.Flip(sitk.PermuteAxes(image, axes), flips)


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_a_label_stored_along_other_axes_comes_back_to_the_voxel(tmp_path, label, axes, flips):
    sitk.WriteImage(stored(label, axes, flips), str(tmp_path / "label.nii.gz"))
    read = read_label(tmp_path / "label.nii.gz", label)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read), sitk.GetArrayFromImage(label))
    assert Geometry.of(read) == Geometry.of(label)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_label_saved_with_a_flipped_axis_fits_a_left_handed_ct_in_every_format(tmp_path, label, suffix):
    left_handed = stored(label, (0, 1, 2), (True, False, False))
    assert np.linalg.det(np.reshape(left_handed.GetDirection(), (3, 3))) == pytest.approx(-1)
    sitk.WriteImage(left_handed, str(tmp_path / f"ct{suffix}"))
    sitk.WriteImage(label, str(tmp_path / f"label{suffix}"))
    read = read_label(tmp_path / f"label{suffix}", read_geometry(tmp_path / f"ct{suffix}"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read), sitk.GetArrayFromImage(left_handed))


def test_a_cropped_segmentation_along_other_axes_is_put_onto_its_ct(tmp_path, label):
    drawn = sitk.Cast((label > 0) * (label < 128), sitk.sitkUInt8)[2:9, 1:7, 1:5]
    write_segmentation(stored(drawn, (2, 0, 1), (True, False, True)), HIP_BONES[:1], tmp_path / "part.seg.nrrd")
    read = sitk.GetArrayFromImage(read_label(tmp_path / "part.seg.nrrd", label, HIP_BONES[:1]))
    expected = np.zeros_like(read)
    expected[1:5, 1:7, 2:9] = sitk.GetArrayFromImage(drawn)
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize(("axes", "flips"), ORDERS[::5])
@pytest.mark.parametrize("axis", range(3))
def test_half_a_voxel_beside_the_ct_is_refused_along_other_axes_too(tmp_path, label, axes, flips, axis):
    moved = stored(label, axes, flips)
    moved.SetOrigin(moved.TransformContinuousIndexToPhysicalPoint([0.5 * (axis == one) for one in range(3)]))
    sitk.WriteImage(moved, str(tmp_path / "label.nii.gz"))
    with pytest.raises(BadInputError, match="another grid"):
        read_label(tmp_path / "label.nii.gz", label)


@pytest.mark.parametrize(("axes", "flips"), ORDERS[::5])
def test_another_size_is_refused_along_other_axes_too(tmp_path, label, axes, flips):
    for part in (label[:-1], label[1:], label[:, :, 1:]):
        sitk.WriteImage(stored(part, axes, flips), str(tmp_path / "label.nii.gz"))
        with pytest.raises(BadInputError, match="another grid"):
            read_label(tmp_path / "label.nii.gz", label)


@pytest.mark.parametrize("place", [{"origin": (0.5, 0, 0)}, {"origin": (1.0, 0, 0)}, {"spacing": (1.0, 1.0, 1.1)}])
def test_a_label_beside_its_ct_is_refused(tmp_path, make_image, place):
    sitk.WriteImage(make_image((VALUES > 700).astype(np.uint8), **place), str(tmp_path / "label.nii.gz"))
    with pytest.raises(BadInputError, match="another grid"):
        read_label(tmp_path / "label.nii.gz", make_image(VALUES))
