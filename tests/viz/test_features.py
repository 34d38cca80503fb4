"""Similarity, colours and outliers of planted features."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError

RNG = np.random.default_rng(0)


def planted(rows: int = 8, cols: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Features of 16 numbers with an object in the middle, and where it is."""
    inside = np.zeros((rows, cols), bool)
    inside[2:6, 3:8] = True
    features = RNG.normal(0, 0.05, (16, rows, cols))
    features[0] += np.where(inside, 3, -3)
    features[1] += np.where(inside, np.linspace(-1, 1, cols), 0)  # left to right within the object
    features[2] += np.where(inside, np.linspace(-0.6, 0.6, rows)[:, None], 0)
    return features.astype(np.float32), inside


def test_similarity_is_the_cosine() -> None:
    features, inside = planted()
    found = viz.similarity(features, (3, 5))
    flat = features.reshape(16, -1).T.astype(np.float64)
    query = features[:, 3, 5]
    own = flat @ query / np.linalg.norm(flat, axis=1) / np.linalg.norm(query)
    np.testing.assert_allclose(found.ravel(), own, atol=1e-6)
    assert found.dtype == np.float32
    assert found[3, 5] == pytest.approx(1)
    assert found[inside].min() > 0.5 > 0 > found[~inside].max()
    second = viz.similarity(features, (3, 5), features[:, ::-1, :4] * 7)
    np.testing.assert_allclose(second, found[::-1, :4], atol=1e-6)
    assert (viz.similarity(features * 0, (0, 0)) == 0).all()


def test_colours_find_the_object_and_its_directions() -> None:
    features, inside = planted()
    found = viz.colours_of([features])
    np.testing.assert_array_equal(found.foreground[0], inside)
    assert (found.pictures[0][~inside] == 0).all()
    red, green = found.pictures[0][..., 0], found.pictures[0][..., 1]
    assert np.corrcoef(red[inside], np.nonzero(inside)[1])[0, 1] > 0.97
    assert np.corrcoef(green[inside], np.nonzero(inside)[0])[0, 1] > 0.97
    assert found.explained[0] > found.explained[1] > found.explained[2]
    assert viz.colours_of([features], 0).foreground[0].all()


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    features = RNG.normal(size=(5, 6, 7)) * np.array([5, 4, 3, 2, 1])[:, None, None]
    patches = features.reshape(5, -1).T
    centred = patches - patches.mean(0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    found = viz.colours_of([features], 0)
    np.testing.assert_allclose(found.explained, (s**2 / (s**2).sum())[:3], rtol=1e-5)
    for channel in range(3):
        values = found.pictures[0][..., channel].ravel()
        assert abs(np.corrcoef(values, u[:, channel])[0, 1]) > 0.999


def test_the_same_photo_has_the_same_colours_whatever_the_order_or_sign() -> None:
    features, _ = planted()
    once = viz.colours_of([features]).pictures[0]
    np.testing.assert_array_equal(viz.colours_of([features]).pictures[0], once)
    flipped = viz.colours_of([features[:, :, ::-1]]).pictures[0]
    np.testing.assert_array_equal(flipped[:, ::-1], once)  # no sign hangs on the order of patches


def test_two_photos_share_their_components() -> None:
    features, inside = planted()
    other = np.roll(features, 1, axis=1)[:, :, 1:]
    found = viz.colours_of([features, other])
    assert [p.shape for p in found.pictures] == [(8, 10, 3), (8, 9, 3)]
    np.testing.assert_allclose(found.pictures[1][1:], found.pictures[0][:-1, 1:], atol=1)
    np.testing.assert_array_equal(found.foreground[0], inside)


def test_features_alike_are_black_and_without_nan() -> None:
    found = viz.colours_of([np.ones((4, 3, 3))])
    assert found.pictures[0].sum() == 0
    assert np.isfinite(found.explained).all()
    assert viz.colours_of([np.ones((2, 1, 1))], 0).pictures[0].shape == (1, 1, 3)


def test_outliers_are_found_by_their_norm() -> None:
    norms = 50 + RNG.normal(0, 3, (12, 9))
    norms[2, 3], norms[11, 0] = 160, 420
    mask = viz.norm_outliers(norms)
    assert [tuple(place) for place in np.argwhere(mask)] == [(2, 3), (11, 0)]
    assert not viz.norm_outliers(50 + RNG.normal(0, 8, (12, 9))).any()
    assert not viz.norm_outliers(np.ones((2, 2))).any()


def test_wrong_features_are_one_sentence() -> None:
    features, _ = planted()
    for call, words in [
        (lambda: viz.similarity(features, (8, 0)), r"no patch \(8, 0\) in a grid of 8 x 10: give"),
        (lambda: viz.similarity(features, (0, 0), features[:3]), "of 16 and 3 numbers a patch"),
        (lambda: viz.similarity(features[0], (0, 0)), r"\(dim, rows, cols\), these are \(8, 10\)"),
        (lambda: viz.colours_of([]), r"these have \[\] numbers"),
        (lambda: viz.colours_of([features, features[:3]]), r"have \[16, 3\] numbers a patch: rec"),
        (lambda: viz.colours_of([features], 2), "threshold of 2 is out of range: choose 0 to 1"),
        (lambda: viz.norm_outliers(np.ones((2, 2)), -1), r"\(-1, 2.0\): choose deviations"),
    ]:
        with pytest.raises(SettingError, match=words):
            call()
