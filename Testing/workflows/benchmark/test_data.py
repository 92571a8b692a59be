import numpy as np

from SemiSegEmbedLib.workflows.benchmark.sampling import labelled_counts


def test_the_pool_is_split_into_labelled_and_unlabelled_patches(tiny, tiny_data):
    patches = tiny_data.training(0, 0)
    labelled = [volume for volume in patches.volumes if volume.label is not None]
    free = [volume for volume in patches.volumes if volume.label is None]
    assert (len(labelled), len(free)) == (8, 16)
    assert set(patches.hidden) == {volume.key for volume in free}
    assert len({volume.key for volume in patches.volumes}) == tiny.pool
    assert patches.annotated == tuple(labelled_counts(tiny, tiny_data.train, 0, 0))
    assert {volume.key.split("/")[0] for volume in labelled} == set(patches.annotated)


def test_patches_of_a_scan_share_its_maps_since_each_map_keeps_a_file_open(tiny, tiny_data):
    patches = tiny_data.training(0, 0)
    for arrays in ([volume.image for volume in patches.volumes], list(patches.hidden.values())):
        assert len({id(array._mmap) for array in arrays}) <= tiny.train < len(arrays)


def test_another_draw_labels_other_scans_of_the_same_pool(tiny_data):
    first, second = tiny_data.training(0, 0), tiny_data.training(0, 1)
    assert {v.key for v in first.volumes} == {v.key for v in second.volumes}
    assert first.annotated != second.annotated


def test_labels_are_the_annotators_and_hidden_labels_the_truth(tiny_data):
    patches = tiny_data.training(0, 0)
    volume = patches.volumes[0]
    key, number = volume.key.split("/")
    block = tuple(slice(a, a + 16) for a in tiny_data.pool[key][int(number)])
    scan = tiny_data.store.load(key)
    np.testing.assert_array_equal(volume.label, scan.label[block])
    np.testing.assert_array_equal(volume.image, scan.image[block])
    free = next(volume for volume in patches.volumes if volume.label is None)
    key, number = free.key.split("/")
    block = tuple(slice(a, a + 16) for a in tiny_data.pool[key][int(number)])
    np.testing.assert_array_equal(patches.hidden[free.key], tiny_data.store.load(key).exact[block])


def test_splits_share_no_scan_and_the_test_has_equally_many_patches_a_group(tiny_data):
    used = [{volume.key.split("/")[0] for volume in tiny_data.training(0, 0).volumes}]
    used += [{place.scan for place in places} for places in (tiny_data.validation(0), tiny_data.test_patches)]
    assert not used[0] & used[1]
    assert not used[0] & used[2]
    assert not used[1] & used[2]
    groups = [tiny_data.groups[place.scan] for place in tiny_data.test_patches]
    assert sorted(groups) == sorted(list(range(6)) * 2)


def test_normalisation_is_of_all_training_patches(tiny_data):
    values = np.concatenate([np.asarray(v.image, np.float64).ravel() for v in tiny_data.training(0, 0).volumes])
    assert np.isclose(tiny_data.normalisation.mean, values.mean(), rtol=1e-6)
    assert np.isclose(tiny_data.normalisation.std, values.std(), rtol=1e-6)
