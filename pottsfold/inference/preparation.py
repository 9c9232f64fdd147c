"""What every method needs from an alignment, and the model it ends in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pottsfold import provenance
from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, site_frequencies, site_occupancy
from pottsfold.alignment.summary import summarize
from pottsfold.model.fit import Fit, FitReport
from pottsfold.model.graph import PairGraph
from pottsfold.model.potts import PottsModel


def model_of(
    alignment: Alignment,
    gaps: Gaps,
    fields: NDArray[np.floating[Any]],
    couplings: NDArray[np.float32],
    graph: PairGraph | None = None,
) -> PottsModel:
    """Return the model that parameters make with the alignment's facts."""
    focus = alignment.focus
    return PottsModel(
        alphabet=alignment.alphabet,
        fields=fields.astype(np.float32),
        couplings=couplings,
        numbering=alignment.numbering,
        gaps=gaps,
        focus=alignment.focus_codes,
        focus_name="" if focus is None else alignment.names[focus],
        frequencies=site_frequencies(alignment, gaps=gaps),
        neff=alignment.neff,
        occupancy=site_occupancy(alignment),
        graph=PairGraph.complete(alignment.length) if graph is None else graph,
    )


def uncoupled_model(alignment: Alignment) -> PottsModel:
    """Return a model of an alignment's sites with parameters of zero, and no pairs.

    It stands for the sites before anything is fitted.
    """
    size = alignment.alphabet.size
    pairs = np.empty((0, 2), np.int64)
    return model_of(
        alignment,
        "missing",
        np.zeros((alignment.length, size)),
        np.zeros((0, size, size), np.float32),
        PairGraph.of_pairs(alignment.length, pairs),
    )


def finished_fit(
    alignment: Alignment,
    *,
    method: str,
    model: PottsModel,
    settings: Mapping[str, Any],
    threads: int,
    clock: provenance.Stopwatch,
    converged: bool = True,
    stopped_because: str = "closed form",
    objectives: Sequence[float] = (),
    gradient_norm: float = 0.0,
    n_evaluations: int = 0,
    versions: Mapping[str, str] | None = None,
) -> Fit:
    """Return a model with the report of its making.

    ``versions`` are those of libraries that other methods do without.
    """
    source = alignment.source
    every_setting = {"gaps": model.gaps, "identity": alignment.identity, **settings}
    report = FitReport(
        method=method,
        settings=every_setting,
        converged=converged,
        stopped_because=stopped_because,
        objectives=tuple(float(value) for value in objectives),
        gradient_norm=float(gradient_norm),
        n_evaluations=n_evaluations,
        n_sequences=alignment.n_sequences,
        neff=alignment.neff,
        verdict=summarize(alignment).verdict,
        history=alignment.history,
        provenance=provenance.Provenance(
            versions={**provenance.software_versions(), **(versions or {})},
            settings=every_setting,
            source=provenance.source_of(
                source.path, source.sha256, format=source.format
            ),
        ),
        run=provenance.run_of(clock, threads),
    )
    return Fit(model, report)
