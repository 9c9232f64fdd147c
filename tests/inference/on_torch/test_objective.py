"""The objective on torch against its naive twin and the Numba core."""

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.model import PairGraph
from tests.inference.pseudolikelihood.test_pseudolikelihood_fit import small_alignment
from tests.naive import inference as naive

torch = pytest.importorskip("torch")

from pottsfold.inference.on_torch.devices import Device  # noqa: E402
from pottsfold.inference.on_torch.objective import (  # noqa: E402
    batch_of,
    loss_and_gradient,
    modelled_letters,
)
from pottsfold.inference.on_torch.pairs import pairs_of  # noqa: E402

CPU = Device("cpu")
CUDA = pytest.param(
    "cuda:0",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(
            not torch.cuda.is_available(), reason="there is no CUDA device"
        ),
    ],
)
PAIRS = np.array([[0, 1], [0, 2], [1, 2], [0, 4], [3, 4]])


def random_parameters(family, pairs, seed=1, scale=0.5):
    """Fields (L, s) and couplings (P s s,), float32 tensors."""
    rng = np.random.default_rng(seed)
    fields = rng.normal(0, scale, (family.length, pairs.size)).astype(np.float32)
    couplings = rng.normal(0, scale, pairs.n_couplings).astype(np.float32)
    return (torch.from_numpy(x).to(pairs.device.name) for x in (fields, couplings))


def evaluated(family, gaps, pairs, fields, couplings, width=None):
    letters = modelled_letters(family.codes, family.alphabet.size, gaps)
    batch = batch_of(letters, family.weights, pairs.device)
    by_fields, by_couplings = torch.empty_like(fields), torch.empty_like(couplings)
    with pairs.device.at_work():
        loss = loss_and_gradient(
            pairs, batch, fields, couplings, by_fields, by_couplings, width
        )
    return float(loss), by_fields.cpu().numpy(), by_couplings.cpu().numpy()


def wide_parameters(family, graph, fields, couplings, first):
    """h (L, q) and J (L, L, q, q) in float64, zero where nothing is modelled."""
    length, q = family.length, family.alphabet.size
    size = q - first
    h, J = np.zeros((length, q)), np.zeros((length, length, q, q))
    h[:, first:] = fields.cpu().numpy()
    blocks = couplings.cpu().numpy().reshape(-1, size, size)
    for (i, j), block in zip(graph.pairs.tolist(), blocks, strict=True):
        J[i, j, first:, first:] = block
        J[j, i, first:, first:] = block.T
    return h, J


@pytest.mark.parametrize("device", ["cpu", CUDA])
@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("letters", ["-AB", "-ACGU", PROTEIN.letters])
@pytest.mark.parametrize("chosen", [None, PAIRS])
def test_loss_and_gradient_equal_the_naive_twin(device, gaps, letters, chosen):
    family = small_alignment(letters=letters, n=30, length=6)
    first = 0 if gaps == "state" else 1
    graph = None if chosen is None else PairGraph.of_pairs(6, chosen)
    pairs = pairs_of(graph, 6, len(letters) - first, Device(device))
    fields, couplings = random_parameters(family, pairs)
    loss, by_fields, by_couplings = evaluated(family, gaps, pairs, fields, couplings)
    all_pairs = PairGraph.complete(6) if graph is None else graph
    h, J = wide_parameters(family, all_pairs, fields, couplings, first)
    states = range(first, len(letters))
    arguments = (family.codes, family.weights, h, J, 0.0, 0.0, states)
    assert loss == pytest.approx(naive.pseudolikelihood(*arguments), rel=1e-5)
    of_fields, of_couplings = naive.gradient(*arguments)
    expected = [[site[a] for a in states] for site in of_fields]
    np.testing.assert_allclose(by_fields, expected, rtol=1e-5, atol=1e-5)
    expected = [
        of_couplings[i, j, a, b]
        for i, j in all_pairs.pairs.tolist()
        for a in states
        for b in states
    ]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(by_couplings, expected, rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize("chosen", [None, PAIRS])
def test_blocks_of_sites_change_nothing_but_rounding(chosen):
    family = small_alignment(n=50, length=7)
    graph = None if chosen is None else PairGraph.of_pairs(7, chosen)
    pairs = pairs_of(graph, 7, 4, CPU)
    fields, couplings = random_parameters(family, pairs)
    whole = evaluated(family, "state", pairs, fields, couplings)
    for width in (1, 3):
        parts = evaluated(family, "state", pairs, fields, couplings, width)
        for one, other in zip(whole, parts, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_site_that_saw_itself_would_not_be_the_objective():
    # The twin that must fail: couplings of a site with itself would let it know
    # its own letter.
    family = small_alignment(n=30, length=4)
    pairs = pairs_of(None, 4, 4, CPU)
    _, couplings = random_parameters(family, pairs)
    strip = pairs.blocks(pairs.strip(couplings, range(1, 3)))
    assert not strip[0, 1].any()
    assert not strip[1, 2].any()
    assert strip[0, 2].all()


@pytest.mark.parametrize(
    ("precision", "least", "most"), [("tf32", 1e-7, 1e-3), ("bf16", 1e-5, 2e-2)]
)
def test_a_lower_precision_costs_what_its_bits_say(precision, least, most):
    family = small_alignment(letters=PROTEIN.letters, n=200, length=12)
    exact = pairs_of(None, 12, 21, CPU)
    rough = pairs_of(None, 12, 21, Device("cpu", precision))
    fields, couplings = random_parameters(family, exact)
    _, _, expected = evaluated(family, "state", exact, fields, couplings)
    _, _, found = evaluated(family, "state", rough, fields, couplings)
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert least < error < most
