"""What Boltzmann learning reaches and costs: ``python -m tests.benchmarks.boltzmann``.

Families under POTTSFOLD_DATA, every column, gaps a letter, one thread; processor
seconds, since machines are shared: of the gradients alone and of the whole fit, which
also samples from newly started chains.

    python -m tests.benchmarks.boltzmann [--families PF00014,DHFR] [--lambda-j X]
        [--target 0.95] [--max-iterations N]
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path

from pottsfold.alignment import Alignment, read_alignment, reweight
from pottsfold.errors import NotConverged
from pottsfold.inference import fit_boltzmann
from pottsfold.model import Fit

FAMILIES = "PF00014,1atzA,DHFR"
COLUMNS = (
    "family  sites  neff  lambda_j  gradients  learning_s  fit_s  pearson  ceiling  "
    "slope  three_site  mixing_time  rhat  energy_gap"
)


def family(name: str) -> Alignment:
    """Every column of a family of the reference data, weighted at 80 %."""
    folder = Path(os.environ["POTTSFOLD_DATA"]) / "families" / name
    return reweight(read_alignment(folder / "match.fasta", focus=None))


def timed_fit(alignment: Alignment, **settings: object) -> tuple[Fit, float, float]:
    """Return a fit, and the seconds of its gradients and of all of it."""
    start = last = time.process_time()
    learning = 0.0

    def progress(_gradients: int, doing: str) -> None:
        nonlocal last, learning
        now = time.process_time()
        if doing == "learning":
            learning += now - last
        last = now

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        fit = fit_boltzmann(alignment, threads=1, progress=progress, **settings)  # type: ignore[arg-type]
    return fit, learning, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--families", default=FAMILIES)
    parser.add_argument("--lambda-j", type=float)
    parser.add_argument("--target", type=float)
    parser.add_argument("--max-iterations", type=int)
    given = parser.parse_args()
    named = {
        "lambda_j": given.lambda_j,
        "target": given.target,
        "max_iterations": given.max_iterations,
    }
    settings = {name: value for name, value in named.items() if value is not None}
    print(COLUMNS)
    for name in given.families.split(","):
        alignment = family(name)
        fit, learning, whole = timed_fit(alignment, **settings)
        report, found = fit.report, fit.report.quality
        print(
            f"{name}  {alignment.length}  {alignment.neff:.0f}  "
            f"{report.settings['lambda_j']:g}  {report.n_evaluations}  {learning:.1f}  "
            f"{whole:.1f}  {found['pearson']:.3f}  {found['ceiling']:.3f}  "
            f"{found['slope']:.2f}  {found['three_site_pearson']:.2f}  "
            f"{found['mixing_time']}  {found['rhat']:.3f}  "
            f"{found['sampled_energy'] - found['natural_energy']:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
