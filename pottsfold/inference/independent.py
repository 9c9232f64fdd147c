"""The site-independent model: conservation without couplings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.inference.regularization import Regularization
from pottsfold.memory import MIB, check_memory, in_gib, peak_memory
from pottsfold.model.fit import Fit
from pottsfold.model.independent import DEFAULT_PENALTY, independent_fields
from pottsfold.model.potts import SECONDS_PER_BYTE, model_bytes
from pottsfold.provenance import Stopwatch, about

# What kernels take when they are loaded, and the seconds that takes.
KERNELS, SETTING_UP = 4 * MIB, 0.1


def fit_independent(
    alignment: Alignment,
    *,
    gaps: Gaps = "missing",
    lambda_h: float = DEFAULT_PENALTY,
    threads: int = 1,
    announce: Callable[[str], None] | None = None,
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
    announce : callable, optional
        Called once with the plan, a sentence, before the work.

    Returns
    -------
    Fit
        Fields sum to zero at every site.

    Raises
    ------
    MemoryShort
        If a model of so many sites, whose couplings are all held, does not fit in
        memory.
    """
    clock = Stopwatch()
    model = model_bytes(alignment.length, alignment.alphabet.size)
    check_memory(model, "leave out gap-rich columns with `max_column_gaps`")
    if announce is not None:
        # Zeros that are only looked at take no memory until the model is read again.
        announce(
            f"plan: independent sites, lambda_h {lambda_h:g}; "
            f"{about(SETTING_UP + SECONDS_PER_BYTE * model)} and "
            f"{in_gib(peak_memory(KERNELS))}; a model of {in_gib(model)} when read"
        )
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
