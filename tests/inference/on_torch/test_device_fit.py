"""Fits on the CPU through torch: the Numba core's, and what ends them early."""

import numpy as np
import pytest

from pottsfold.contacts import coupling_map
from pottsfold.errors import MemoryShort, NotConverged, PottsfoldError, UsageError
from pottsfold.inference import Pseudolikelihood, fit_pseudolikelihood
from pottsfold.model import PairGraph
from tests.inference.pseudolikelihood.test_pseudolikelihood_fit import (
    LAMBDA,
    small_alignment,
)
from tests.strategies import random_alignment

torch = pytest.importorskip("torch")

from pottsfold.inference.on_torch import devices, plan  # noqa: E402
from pottsfold.inference.on_torch.devices import Device  # noqa: E402
from pottsfold.inference.on_torch.fit import fit_on_device  # noqa: E402
from pottsfold.inference.on_torch.forms import Symmetric  # noqa: E402
from pottsfold.inference.on_torch.pairs import pairs_of  # noqa: E402
from pottsfold.inference.on_torch.plan import Sizes, plan_on_device  # noqa: E402
from pottsfold.inference.on_torch.sites import Blocks, DeviceSites  # noqa: E402

CPU = Device("cpu")
PAIRS = np.array([[0, 3], [1, 2], [3, 4], [0, 1], [0, 5]])


def pseudo_fits(family, chosen=None, **settings):
    """The same fit by the Numba core and by torch."""
    graph = None if chosen is None else PairGraph.of_pairs(family.length, chosen)
    settings = {"regularization": LAMBDA, "threads": 1, "graph": graph, **settings}
    return (
        fit_pseudolikelihood(family, **settings),
        fit_on_device(family, CPU, **settings),
    )


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("chosen", [None, PAIRS])
def test_a_fit_ends_where_the_numba_cores_does(gaps, form, chosen):
    family = random_alignment(1, 200, 7)
    numba, ours = pseudo_fits(family, chosen, gaps=gaps, form=form, tolerance=1e-8)
    assert ours.report.converged
    assert ours.report.objectives[-1] == pytest.approx(
        numba.report.objectives[-1], rel=1e-6
    )
    np.testing.assert_allclose(ours.model.fields, numba.model.fields, atol=2e-3)
    np.testing.assert_allclose(ours.model.couplings, numba.model.couplings, atol=2e-3)
    assert ours.model.graph.n_pairs == numba.model.graph.n_pairs


def test_without_pairs_sites_are_fitted_by_themselves():
    family = small_alignment(n=60)
    numba, ours = pseudo_fits(family, np.empty((0, 2), int), tolerance=1e-8)
    np.testing.assert_allclose(ours.model.fields, numba.model.fields, atol=1e-3)


def test_a_missing_gap_has_no_parameters():
    fit = fit_on_device(small_alignment(), CPU, gaps="missing", regularization=LAMBDA)
    assert not fit.model.fields[:, 0].any()
    assert not fit.model.couplings[:, :, 0].any()
    assert not fit.model.couplings[:, :, :, 0].any()
    assert fit.model.couplings.any()


def test_the_report_says_where_a_fit_was_made():
    said = []
    family = random_alignment(3, 300, 8)
    fit = fit_on_device(family, Device("cpu", "bf16"), announce=said.append)
    assert fit.report.settings["device"] == "cpu"
    assert fit.report.provenance.settings["precision"] == "bf16"
    assert fit.report.provenance.versions["torch"] == torch.__version__
    assert "plan: pseudolikelihood on cpu in bf16, symmetric, gaps missing" in said[0]
    assert "made by rounding on cpu" in said[1]
    assert "evaluations in" in said[2]


def test_a_lower_precision_costs_little_of_the_objective():
    family = random_alignment(3, 300, 8)
    exact, _, rough = (
        fit_on_device(family, Device("cpu", precision), threads=1)
        for precision in ("float32", "tf32", "bf16")
    )
    one, other = exact.report.objectives[-1], rough.report.objectives[-1]
    assert other == pytest.approx(one, rel=1e-3)
    assert one != other


def test_too_few_iterations_are_said():
    with pytest.warns(NotConverged, match="2 iterations"):
        fit = fit_on_device(small_alignment(), CPU, max_iterations=2)
    assert not fit.report.converged


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setitem(devices.MOST_ROWS, "cpu", 512)


def short_of_memory(monkeypatch, fits):
    """Have visits run out of memory unless blocks fit; return those tried."""
    visit, tried = DeviceSites.visit, []

    def guarded(self, block, strip):
        tried.append(self.blocks)
        if not fits(self.blocks):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return visit(self, block, strip)

    monkeypatch.setattr(DeviceSites, "visit", guarded)
    return tried


def test_blocks_are_made_smaller_where_memory_runs_out(monkeypatch, small_blocks):
    family = small_alignment(n=400, length=6)
    monkeypatch.setattr(
        "pottsfold.inference.on_torch.fit.expected_seconds", lambda *_: (0, 0)
    )
    whole = fit_on_device(family, CPU, regularization=LAMBDA, threads=1)
    tried = short_of_memory(monkeypatch, lambda blocks: blocks.sites < 4)
    parts = fit_on_device(family, CPU, regularization=LAMBDA, threads=1)
    assert tried[:3] == [Blocks(6, 512), Blocks(6, 256), Blocks(3, 256)]
    np.testing.assert_allclose(parts.model.couplings, whole.model.couplings, atol=2e-3)


def test_a_device_that_the_smallest_blocks_fill_is_refused(monkeypatch, small_blocks):
    short_of_memory(monkeypatch, lambda _: False)
    monkeypatch.setattr(
        "pottsfold.inference.on_torch.fit.expected_seconds", lambda *_: (0, 0)
    )
    with pytest.raises(PottsfoldError, match="cpu ran out of memory"):
        fit_on_device(small_alignment(), CPU)


def test_a_fit_beyond_memory_is_refused_with_what_would_fit():
    sizes = Sizes(10**5, 3000, 20, 3000 * 2999 // 2, 3000, 4, 8192, 3000, True)
    with pytest.raises(MemoryShort) as refused:
        plan_on_device(sizes, "symmetric", CPU, 40 * 2**30)
    fits = int(str(refused.value).partition(" columns would fit")[0].split()[-1])
    assert "`max_column_gaps`" in str(refused.value)
    assert "take `form=asymmetric`" in str(refused.value)
    for length, there in ((fits, True), (fits + 1, False)):
        pairs = length * (length - 1) // 2
        smaller = Sizes(10**5, length, 20, pairs, length, 4, 8192, length, True)
        room = int(plan.PLANNED_SHARE * 40 * 2**30)
        assert (smaller.blocks("symmetric", room) is not None) == there


def test_the_asymmetric_form_is_taken_where_the_symmetric_one_does_not_fit():
    sizes = Sizes(10**5, 3000, 20, 3000 * 2999 // 2, 3000, 4, 8192, 3000, True)
    chosen = plan_on_device(sizes, None, CPU, 40 * 2**30)
    assert chosen.form == "asymmetric"
    assert "the symmetric form would take 8" in chosen.reason
    assert sizes.needed("asymmetric", chosen.blocks) <= 40 * 2**30
    assert plan_on_device(sizes, None, CPU, 2**40).form == "symmetric"


def spoilt_after(monkeypatch, count):
    """Have the objective be no number from some evaluation on."""
    evaluated, made = Symmetric._evaluated, []

    def spoilt(self, point, gradient):
        made.append(1)
        value = evaluated(self, point, gradient)
        return float("nan") if len(made) > count else value

    monkeypatch.setattr(Symmetric, "_evaluated", spoilt)


def test_an_objective_that_is_no_number_keeps_the_last_good_state(
    monkeypatch, tmp_path
):
    spoilt_after(monkeypatch, 4)
    file = tmp_path / "f.checkpoint"
    with pytest.warns(NotConverged, match="not finite.*`lambda_j` nearer"):
        fit = fit_on_device(
            small_alignment(), CPU, regularization=LAMBDA, checkpoint=file
        )
    assert not fit.report.converged
    assert np.isfinite(fit.report.objectives).all()
    assert len(fit.report.objectives) == 4
    assert np.isfinite(fit.model.couplings).all()
    assert file.exists()


def test_an_objective_that_is_no_number_at_the_start_is_refused(monkeypatch):
    spoilt_after(monkeypatch, 0)
    with pytest.raises(UsageError, match=r"not finite at the start.*`lambda_j`"):
        fit_on_device(small_alignment(), CPU)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize(
    ("precision", "cost"), [("float32", 3e-6), ("tf32", 1e-5), ("bf16", 1e-4)]
)
@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("chosen", [None, PAIRS])
def test_a_graphics_card_fits_what_the_cpu_does(precision, cost, form, chosen):
    family = random_alignment(3, 3000, 30)
    graph = None if chosen is None else PairGraph.of_pairs(30, chosen)
    settings = {"form": form, "graph": graph}
    card = Device("cuda:0", precision)
    ours = fit_on_device(family, card, **settings)
    again = fit_on_device(family, card, **settings)
    numba = fit_pseudolikelihood(family, **settings)
    expected = numba.report.objectives[-1]
    assert ours.report.objectives[-1] == pytest.approx(expected, rel=cost)
    assert ours.model.couplings.tobytes() == again.model.couplings.tobytes()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
@pytest.mark.filterwarnings("ignore::pottsfold.errors.NotConverged")
def test_a_graphics_card_takes_the_memory_that_was_planned(precision, form):
    family = random_alignment(3, 20_000, 150)
    card = Device("cuda:0", precision)
    size = family.alphabet.size - 1
    pairs = pairs_of(None, 150, size, card)
    sizes = Sizes.of(pairs, 20_000, 150 * 149 // 2, True)
    planned = plan_on_device(sizes, form, card, card.free_memory()).bytes_needed
    fit_on_device(family, card, form=form, max_iterations=6, tolerance=1e-9)
    assert 0.5 * planned < card.peak_memory() < 1.1 * planned


def test_the_method_fits_on_a_device():
    family = small_alignment(n=60)
    method = Pseudolikelihood(lambda_h=0.3, lambda_j=0.7, max_iterations=500)
    fit = method.fit(family, threads=1, device="cpu")
    assert fit.report.settings["device"] == "cpu"
    assert fit.report.settings["precision"] == "float32"
    assert "device" not in method.fit(family, threads=1).report.settings


def test_contact_scores_are_the_numba_cores(shared_data):
    from pottsfold.alignment import read_alignment, reweight

    path = shared_data / "families" / "1atzA" / "match.fasta"
    family = reweight(read_alignment(path, focus=None))
    numba = fit_pseudolikelihood(family, threads=1)
    ours = fit_on_device(family, CPU, threads=1)
    assert ours.report.objectives[-1] == pytest.approx(
        numba.report.objectives[-1], rel=3e-6
    )
    pairs = np.triu_indices(family.length, 6)
    scores = [coupling_map(fit.model).scores[pairs] for fit in (numba, ours)]
    assert np.corrcoef(*scores)[0, 1] > 0.9999
