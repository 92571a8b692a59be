"""The cache: same arrays back, bounded, rebuilt when damaged, shared by programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from SemiSegEmbedLib.imaging.cache import DEFAULT_BYTES, ArrayCache, cache_key

ROOT = Path(__file__).resolve().parents[2]
ARRAY = np.random.default_rng(0).normal(0, 300, (20, 21, 22)).astype(np.float16)


@pytest.fixture
def cache(tmp_path) -> ArrayCache:
    return ArrayCache(tmp_path / "cache", 1 << 20)


def test_an_array_comes_back_memory_mapped_with_its_facts(cache):
    assert cache.get("a") is None
    assert cache.put("a", ARRAY, {"origin": [1.5, 2.0]})
    array, facts = cache.get("a")
    assert isinstance(array, np.memmap)
    assert array.dtype == np.float16
    np.testing.assert_array_equal(array, ARRAY)
    assert facts == {"origin": [1.5, 2.0]}


def test_arrays_are_made_once(cache):
    calls = []

    def make():
        calls.append(1)
        return ARRAY, {"n": len(calls)}

    assert cache.get_or_make("a", make)[1] == {"n": 1}
    assert cache.get_or_make("a", make)[1] == {"n": 1}
    assert len(calls) == 1


def damage_voxel(folder: Path) -> None:
    path = folder / "a.npy"
    data = bytearray(path.read_bytes())
    data[-7] ^= 1
    path.write_bytes(data)


def truncate(folder: Path) -> None:
    path = folder / "a.npy"
    path.write_bytes(path.read_bytes()[:-50])


@pytest.mark.parametrize(
    "damage",
    [
        damage_voxel,
        truncate,
        lambda folder: (folder / "a.npy").write_bytes(b""),
        lambda folder: (folder / "a.npy").unlink(),
        lambda folder: (folder / "a.json").unlink(),
        lambda folder: (folder / "a.json").write_text('{"facts": {'),
        lambda folder: (folder / "a.json").write_text("[]"),
        lambda folder: np.save(folder / "a.npy", np.array([{"x": 1}], dtype=object)),
    ],
    ids=["bit", "cut", "empty", "no array", "no facts", "half json", "other json", "pickle"],
)
def test_damaged_entries_are_made_again(cache, damage):
    cache.put("a", ARRAY, {})
    damage(cache.folder)
    assert cache.get("a") is None
    array, _ = cache.get_or_make("a", lambda: (ARRAY, {}))
    np.testing.assert_array_equal(array, ARRAY)
    assert cache.get("a") is not None


def test_the_least_recently_used_goes_first(tmp_path):
    cache = ArrayCache(tmp_path, 3 * ARRAY.nbytes + 1000)
    for age, key in enumerate("abc"):
        cache.put(key, ARRAY, {})
        os.utime(tmp_path / f"{key}.json", (1000 + age, 1000 + age))
    assert cache.get("a") is not None
    cache.put("d", ARRAY, {})
    assert [cache.get(key) is not None for key in "abcd"] == [True, False, True, True]
    assert cache.used_bytes() <= cache.max_bytes + 1000


def test_what_is_too_large_is_used_but_not_kept(tmp_path):
    cache = ArrayCache(tmp_path, ARRAY.nbytes - 1)
    array, _ = cache.get_or_make("a", lambda: (ARRAY, {}))
    assert array is ARRAY
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_does_not_stop_the_work(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = ArrayCache(tmp_path / "file" / "cache", 1 << 20)
    array, facts = cache.get_or_make("a", lambda: (ARRAY, {"x": 1}))
    assert array is ARRAY
    assert facts == {"x": 1}


def test_by_default_a_share_of_the_disk_is_used(tmp_path):
    assert 0 < ArrayCache(tmp_path / "not yet" / "there").max_bytes <= DEFAULT_BYTES


def test_keys_depend_on_every_part():
    keys = {
        cache_key("image", 1, "ab", None, 1.0),
        cache_key("image", 1, "ab", "u", 1.0),
        cache_key("image", 2, "ab", None),
    }
    assert len(keys) == 3
    assert all(key.isalnum() for key in keys)


def test_two_programs_share_one_folder(tmp_path):
    script = (
        "import sys, numpy as np\n"
        "from SemiSegEmbedLib.imaging.cache import ArrayCache\n"
        "cache = ArrayCache(sys.argv[1], 40000)\n"
        "for n in range(120):\n"
        "    key = 'k%d' % (n % 7)\n"
        "    wanted = np.full(4000, n % 7, np.float16)\n"
        "    array, facts = cache.get_or_make(key, lambda: (wanted, {'n': n % 7}))\n"
        "    assert facts == {'n': n % 7} and (np.asarray(array) == wanted).all()\n"
        "print('done')\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for process in running:
        out, err = process.communicate(timeout=60)
        assert out.strip() == b"done", err.decode()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".tmp")]
    for path in tmp_path.glob("*.json"):
        assert json.loads(path.read_text())["facts"] == {"n": int(path.stem[1:])}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts files otherwise")
def test_more_arrays_can_be_mapped_than_files_are_usually_open(tmp_path):
    code = (
        "import resource, sys, numpy as np\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
        "from SemiSegEmbedLib.imaging.cache import ArrayCache\n"
        "cache = ArrayCache(sys.argv[1])\n"
        "held = [cache.get_or_make(f'{n:040d}', lambda: (np.full(9, n), {}))[0] for n in range(200)]\n"
        "print(sum(isinstance(one, np.memmap) and int(one[0]) == n for n, one in enumerate(held)))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "cache")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "200", done.stderr
