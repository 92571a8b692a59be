"""Properties of manifests: what is written is read, and no sequence of changes breaks what a study promises."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study import edits
from SemiSegEmbedLib.study.manifest import Manifest, from_json, to_json
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.records import Case, ImageReference, LabelVersion, ResultRecord, Role, RunRecord

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
words = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
patients = st.from_regex(r"[A-Za-z0-9-]{1,20}", fullmatch=True)
paths = st.lists(words, min_size=1, max_size=4).map("/".join)
versions = st.builds(LabelVersion, paths, hashes, texts, texts, texts, st.booleans(), st.just("ab12"))
images = st.builds(ImageReference, paths, hashes, st.none() | st.just("1.2.3"), st.booleans(), st.just(""))


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    numbers = draw(st.lists(st.integers(1, 9999), unique=True, max_size=5))
    cases = tuple(
        Case(f"case-{number:04d}", draw(texts), draw(images), draw(patients), draw(st.sampled_from(Role)),
             tuple(draw(st.lists(versions, max_size=3))), draw(texts))
        for number in numbers
    )  # fmt: skip
    runs = tuple(RunRecord(name, "", "m", "p") for name in draw(st.lists(words, unique=True, max_size=3)))
    keys = [case.key for case in cases] or ["case-0001"]
    pairs = draw(st.lists(st.tuples(st.sampled_from(keys), words), unique=True, max_size=3))
    results = tuple(
        ResultRecord(key, model, "results/x", {"a": draw(st.integers())}, "new", "") for key, model in pairs
    )
    return Manifest(draw(texts), "0" * 32, "2026", HIP_BONES, 1.5, cases, runs, results, max([0, *numbers]) + 1)


@settings(max_examples=50, deadline=None)
@given(manifests())
def test_every_manifest_is_read_as_it_was_written(manifest: Manifest) -> None:
    assert from_json(to_json(manifest)) == manifest


acts = st.lists(
    st.tuples(st.sampled_from(["add", "label", "role", "remove", "run", "result"]), st.integers(0, 7)), max_size=25
)


@settings(max_examples=50, deadline=None)
@given(acts)
def test_no_sequence_of_changes_breaks_a_manifest_or_uses_a_key_twice(sequence: list[tuple[str, int]]) -> None:
    manifest = Manifest("s", "0" * 32, "2026", HIP_BONES)
    given_out: list[str] = []
    for place, (act, number) in enumerate(sequence):
        key = f"case-{number:04d}"
        before = manifest
        try:
            manifest = changed(manifest, act, key, place)
        except BadInputError:
            assert act != "add"
            manifest = before
        if act == "add":
            assert manifest.cases[-1].key not in given_out
            given_out.append(manifest.cases[-1].key)
        for case in before.cases:
            now = next((one for one in manifest.cases if one.key == case.key), None)
            assert now is None or now.labels[: len(case.labels)] == case.labels  # versions are only added
        assert manifest.next_case >= before.next_case
        assert from_json(to_json(manifest)) == manifest


def changed(manifest: Manifest, act: str, key: str, place: int) -> Manifest:
    """One change of each kind."""
    digest = f"{place:064x}"
    if act == "add":
        return edits.with_new_case(manifest, "n", ImageReference("a.nii", digest), None, Role.UNANNOTATED, "2026")
    if act == "label":
        return edits.with_label(manifest, key, LabelVersion(f"labels/{key}/v{place:04d}.nii", digest))
    if act == "role":
        return edits.with_case(manifest, key, role=Role.EXCLUDED)
    if act == "remove":
        return edits.without_case(manifest, key)
    if act == "run":
        return edits.with_run(manifest, RunRecord(f"run-{place}", "2026", "m", "p"))
    return edits.with_result(manifest, ResultRecord(key, "m", "results/x", {}, "new", "2026"))
