"""The site-independent model: conservation without couplings."""

from __future__ import annotations

import numpy as np

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.inference.regularization import Regularization
from pottsfold.model.fit import Fit
from pottsfold.model.independent import DEFAULT_PENALTY, independent_fields
from pottsfold.provenance import Stopwatch


def fit_independent(
    alignment: Alignment,
    *,
    gaps: Gaps = "missing",
    lambda_h: float = DEFAULT_PENALTY,
    threads: int = 1,
) -> Fit:
    """Fit fields alone, by penalised maximum likelihood; couplings are zero.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"missing", "state"}
        Whether gaps are left out or are a letter.
    lambda_h : float
        Strength of the penalty lambda_h sum h^2.
    threads : int
        For the report only; the work is small.

    Returns
    -------
    Fit
        Fields sum to zero at every site.
    """
    clock = Stopwatch()
    Regularization(lambda_h, 1.0)  # checks lambda_h
    frequencies = site_frequencies(alignment, gaps=gaps)
    start = first_state(gaps)
    fields = np.zeros(frequencies.shape)
    fields[:, start:] = independent_fields(
        frequencies[:, start:], alignment.neff, lambda_h
    )
    length, size = frequencies.shape
    return finished_fit(
        alignment,
        method="independent",
        model=model_of(
            alignment,
            gaps,
            fields,
            np.zeros((length, length, size, size), np.float32),
        ),
        settings={"lambda_h": lambda_h},
        threads=threads,
        clock=clock,
    )
