import pickle

from models.divergence import DivergedError
from models.generation.training import fit


def test_the_error_keeps_its_samples_on_the_way_between_processes():
    error = pickle.loads(pickle.dumps(DivergedError("step 3", sample_ids=("a", "b"))))
    assert str(error) == "step 3"
    assert error.sample_ids == ("a", "b")
    assert DivergedError("step 3").sample_ids == ()


def test_all_trainings_raise_the_same_error():
    assert fit.DivergedError is DivergedError
