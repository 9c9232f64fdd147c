"""Fits by batches beside fits to all sequences at once."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alignment import Alignment, Numbering
from pottsfold.alignment.stream import streamed
from pottsfold.alphabet import Alphabet
from pottsfold.commands.main import main
from pottsfold.errors import MemoryShort, NotConverged, UsageError
from pottsfold.inference import Pseudolikelihood, fit_pseudolikelihood
from pottsfold.inference.regularization import Regularization
from pottsfold.model import PairGraph, load_fit
from tests.naive import inference as naive

torch = pytest.importorskip("torch")

from pottsfold.inference.on_torch import descent, stochastic  # noqa: E402
from pottsfold.inference.on_torch.batches import parted  # noqa: E402
from pottsfold.inference.on_torch.descent import Course  # noqa: E402
from pottsfold.inference.on_torch.devices import Device  # noqa: E402
from pottsfold.inference.on_torch.penalized import PenalizedModel  # noqa: E402

CPU = Device("cpu")
LAMBDA = Regularization(0.5, 0.5)
STATES = range(1, 5)


def coupled_family(n: int = 1500) -> Alignment:
    """Sequences of six columns, of which the first three pairs go together."""
    rng = np.random.default_rng(0)
    codes = rng.integers(1, 5, (n, 6)).astype(np.uint8)
    for i in (0, 2, 4):
        kept = rng.random(n) < 0.75
        codes[:, i + 1] = np.where(kept, codes[:, i], codes[:, i + 1])
    codes[rng.random(codes.shape) < 0.03] = 0
    return Alignment(
        alphabet=Alphabet("-ABCD"),
        codes=codes,
        names=tuple(f"s{k}" for k in range(n)),
        numbering=Numbering.sequential(6),
        weights=rng.uniform(0.2, 1, n),
        identity=1.0,
    )


@pytest.fixture(scope="module")
def family():
    return coupled_family()


def fitted(family, **settings):
    """Fit by batches, few passes by default: it does not matter that they end."""
    settings = {"batch": 32, "regularization": LAMBDA, "threads": 1, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        return stochastic.fit_in_batches(family, CPU, **settings)


def held_out_loss(model, codes):
    """The formula's loss a letter."""
    ones = np.ones(len(codes))
    rows, h, J = codes.tolist(), model.fields.tolist(), model.couplings.tolist()
    loss = naive.pseudolikelihood(rows, ones, h, J, 0, 0, STATES)
    return loss / ((codes > 0) & (codes < 5)).sum()


def test_letters_held_out_are_predicted_as_by_a_fit_to_all_at_once(family):
    parts = parted(family, 0, 1)
    judges = family.codes[parts.judges]
    rest = family.select(sequences=parts.fitted, note="")
    rest = replace(rest, weights=family.sequence_weights[parts.fitted])
    by_batches = fitted(family, max_passes=40)
    at_once = fit_pseudolikelihood(rest, regularization=LAMBDA, threads=1)
    ours = held_out_loss(by_batches.model, judges)
    assert by_batches.report.quality["held_out_loss"] == pytest.approx(ours, rel=1e-5)
    # They end early, which may even serve those held out.
    assert 0.9 < ours / held_out_loss(at_once.model, judges) < 1.01
    # Without couplings, letters are worse predicted by a tenth and more.
    alone = replace(by_batches.model, couplings=0 * by_batches.model.couplings)
    assert held_out_loss(alone, judges) > 1.1 * ours


@pytest.mark.parametrize("chosen", [None, [[0, 1], [2, 3], [1, 4]]])
def test_the_objective_is_that_of_the_formula_and_its_optimum_is_not_below_the_bound(
    family, chosen
):
    graph = None if chosen is None else PairGraph.of_pairs(6, np.array(chosen))
    fit = fitted(family, max_passes=5, graph=graph)
    model = fit.model
    dense = model.couplings
    if chosen is not None:
        dense = np.zeros((6, 6, 5, 5))
        places = model.graph.sites, model.graph.partners
        dense[places] = model.couplings
    expected = naive.pseudolikelihood(
        family.codes.tolist(),
        family.sequence_weights.tolist(),
        model.fields.tolist(),
        dense.tolist(),
        LAMBDA.fields,
        LAMBDA.couplings,
        STATES,
    )
    (objective,) = fit.report.objectives
    assert objective == pytest.approx(expected, rel=1e-5)
    best = fit_pseudolikelihood(
        family, regularization=LAMBDA, threads=1, graph=graph, tolerance=1e-8
    )
    above = objective - best.report.objectives[-1]
    assert 0 < above <= fit.report.quality["above_optimum_at_most"]


def test_the_bound_is_small_at_the_optimum(family, monkeypatch):
    best = fit_pseudolikelihood(
        family, regularization=LAMBDA, threads=1, tolerance=1e-9
    )
    blocks = [best.model.couplings[i, j, 1:, 1:] for i, j in best.model.graph.pairs]
    optimum = [
        torch.from_numpy(best.model.fields[:, 1:].copy()),
        torch.from_numpy(np.array(blocks).ravel()),
    ]

    def there(*_arguments, **_more):
        course = Course()
        course.add(1.0, 1, optimum)
        return course

    monkeypatch.setattr(stochastic, "descend", there)
    fit = fitted(family)
    assert fit.report.objectives[0] == pytest.approx(best.report.objectives[-1])
    assert fit.report.quality["above_optimum_at_most"] < 0.01
    optimum[1] *= 0.9
    assert fitted(family).report.quality["above_optimum_at_most"] > 1


def same(one, other):
    return np.array_equal(one.model.couplings, other.model.couplings) and (
        np.array_equal(one.model.fields, other.model.fields)
    )


def test_a_seed_gives_the_same_bits_from_memory_and_from_a_file(family, tmp_path):
    first = fitted(family, max_passes=3, seed=1)
    assert same(first, fitted(family, max_passes=3, seed=1))
    mapped = streamed(family, tmp_path / "sequences")
    assert same(first, fitted(mapped, max_passes=3, seed=1))
    assert not same(first, fitted(family, max_passes=3, seed=2))


def test_blocks_of_sites_do_not_change_the_model(family, monkeypatch):
    whole = fitted(family, max_passes=2)
    planned = stochastic._planned
    monkeypatch.setattr(stochastic, "_planned", lambda *given: (2, planned(*given)[1]))
    parts = fitted(family, max_passes=2)
    np.testing.assert_allclose(whole.model.fields, parts.model.fields, atol=1e-4)
    np.testing.assert_allclose(whole.model.couplings, parts.model.couplings, atol=1e-4)


def test_a_fit_ends_when_the_held_out_loss_falls_no_more(family):
    lines = []
    fit = stochastic.fit_in_batches(
        family, CPU, batch=32, regularization=LAMBDA, threads=1, announce=lines.append
    )
    assert fit.report.converged
    assert "nats a letter after" in fit.report.stopped_because
    assert "batches of 32" in lines[0]
    assert "sequences are held out" in lines[1]
    assert "above the optimum" in lines[-1]
    assert fit.report.settings["batch"] == 32


def test_passes_that_end_early_are_told(family):
    with pytest.warns(NotConverged, match="and falling; raise `max_iterations`"):
        fit = stochastic.fit_in_batches(
            family, CPU, batch=32, regularization=LAMBDA, threads=1, max_passes=4
        )
    assert not fit.report.converged


def spoilt_after(monkeypatch, steps):
    """Have losses be no number from some evaluation on; return how many were made."""
    loss, made = PenalizedModel.loss, []

    def spoilt(model, batch):
        made.append(len(batch))
        value = loss(model, batch)
        return value if len(made) <= steps else float("nan")

    monkeypatch.setattr(PenalizedModel, "loss", spoilt)
    return made


def test_a_loss_that_is_no_number_ends_the_fit_and_keeps_the_best(family, monkeypatch):
    good = fitted(family, max_passes=5)
    # Two to time, a round of five passes with its judgement, and some.
    per_round = 2 + 5 * 26 + 1
    spoilt_after(monkeypatch, per_round + 10)
    with pytest.warns(
        NotConverged, match=r"the loss is nan at step .* is kept; take a"
    ):
        fit = stochastic.fit_in_batches(
            family, CPU, batch=32, regularization=LAMBDA, threads=1
        )
    assert not fit.report.converged
    assert same(good, fit)


def test_a_loss_that_is_no_number_from_the_start_is_refused(family, monkeypatch):
    spoilt_after(monkeypatch, 5)
    with pytest.raises(UsageError, match="the loss is nan at step 4; take a larger"):
        fitted(family)


def test_a_course_is_over_when_rounds_gain_nothing():
    course = Course()
    for loss in (2.0, 1.5, 1.4, 1.39999):
        course.add(loss, 1, [])
        assert not course.is_over
    course.add(1.39998, 1, [])
    assert course.is_over
    assert course.place == 4


def test_a_batch_larger_than_the_family_is_refused(family):
    with pytest.raises(UsageError, match="`batch=1200`: larger than the family: "):
        fitted(family, batch=1200)
    with pytest.raises(UsageError, match="`batch=0`: at least 1 is needed"):
        fitted(family, batch=0)


def test_a_fit_beyond_memory_is_refused(family, monkeypatch):
    monkeypatch.setattr(Device, "free_memory", lambda _device: 10_000)
    with pytest.raises(MemoryShort, match="take a smaller `batch`"):
        fitted(family)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"batch": 0}, "`batch=0`: at least 1"),
        ({"batch": 8, "form": "asymmetric"}, "`batch` fits the symmetric form"),
        ({"batch": 8, "tolerance": 1e-4}, "`tolerance=0.0001`: batches end by"),
        ({"stream": "x"}, "`stream`: it is of `batch`"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, told):
    with pytest.raises(UsageError, match=told):
        Pseudolikelihood(**settings)


def test_batches_need_a_device():
    with pytest.raises(UsageError, match=r"`batch`: .*give `device` too"):
        Pseudolikelihood(batch=8).check_device(None)


def test_the_program_fits_by_batches(family, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(descent, "STEPS_PER_ROUND", 10)
    path, model = tmp_path / "family.fasta", tmp_path / "model.potts"
    letters = np.array(list("-ACDE"))[family.codes[:300]]
    # The focus is a whole row, and no relative of others.
    rows = ["A" * 6, *("".join(row) for row in letters)]
    path.write_text("".join(f">s{k}\n{row}\n" for k, row in enumerate(rows)))
    words = ["fit", path, "-o", model, "--device", "cpu", "--threads", "1"]
    words += ["--batch", "16", "--identity", "1", "--stream", tmp_path / "codes"]
    assert main([str(word) for word in words]) == 0
    assert "batches of 16" in capsys.readouterr().err
    report = load_fit(model).report
    assert report.settings["batch"] == 16
    assert report.provenance.seed == 0
    assert report.quality["held_out_loss"] > 0
    assert (tmp_path / "codes").exists()
    words[words.index("16")] = "5000"
    assert main([str(word) for word in words]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("pottsfold: --batch 5000: larger than the family")
