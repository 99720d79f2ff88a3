"""The map from similarity to confidence is data: it rises, it has a version, it rounds against the claimant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendors.facecheck.engine.calibration import Calibration, current_calibration
from vendors.facecheck.engine.comparison import FaceComparison


def test_the_points_that_were_measured_map_to_their_confidence() -> None:
    confidence = current_calibration().confidence
    assert [confidence(value) for value in (0.10, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90)] == [
        0, 30, 50, 70, 85, 93, 98, 100,
    ]  # fmt: skip


def test_a_pair_just_under_the_threshold_stays_under_it() -> None:
    assert current_calibration().confidence(0.4999) == 69


def test_outside_the_map_it_stays_at_its_ends() -> None:
    confidence = current_calibration().confidence
    assert (confidence(-1.0), confidence(float("nan")), confidence(1.0)) == (0, 0, 100)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_more_alike_is_never_less_confident(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert current_calibration().confidence(low) <= current_calibration().confidence(high)


def test_a_falling_map_is_refused() -> None:
    with pytest.raises(ValueError, match="never falls"):
        Calibration("x", ((0.1, 50.0), (0.2, 40.0)))
    with pytest.raises(ValueError, match="two points"):
        Calibration("x", ())


def test_no_confidence_reaches_no_threshold() -> None:
    assert not FaceComparison(None, None, "v", ("probe_no_face",)).reaches(0)
