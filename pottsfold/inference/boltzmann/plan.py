"""What Boltzmann learning will take, checked and told before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from pottsfold.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.errors import UsageError
from pottsfold.inference.boltzmann.learner import padded_sites
from pottsfold.inference.boltzmann.validation import (
    BURN_IN,
    COUNTED,
    LAST_CHAINS,
    SPACING,
)
from pottsfold.inference.boltzmann.validation import CHAINS as CHAINS_BETWEEN
from pottsfold.inference.regularization import check_penalty
from pottsfold.memory import FLOAT32, FLOAT64, MIB, in_gib, peak_memory
from pottsfold.model.potts import model_bytes
from pottsfold.sampling.mixing import MAX_SWEEPS, MIN_SWEEPS
from pottsfold.simd.codegen import row_width
from pottsfold.simd.tables import short_width

# By default: persistent chains; Pearson's correlation at which learning ends, beyond it
# it follows noise; and gradients at most.
CHAINS, TARGET, MAX_GRADIENTS = 10_000, 0.95, 400
# Gradients of the first round that is evaluated.
FIRST_ROUND = 50
# Default L2 penalty on couplings, per site and effective sequence; and at most.
PENALTY_PER_SITE, MAX_PENALTY = 0.2, 0.06
# In evaluations, where few chains share a table: the same times so much; nanoseconds of
# one sequence counted for one pair, and for all triples of sites.
EVALUATED_DRAWS, EVALUATED_PAIR, EVALUATED_TRIPLES = 3.0, 22.0, 55_000.0
# Bytes of what does not grow with a family: libraries and kernels loaded on the way,
# and the values that an evaluation compares.
LIBRARIES = 90 * MIB
INT16 = 2
# Nanoseconds of one letter drawn, and more of it a site; of one pair counted; and of
# one coupling moved.
DRAW, DRAW_PER_SITE, COUNT, MOVE = 21.0, 0.23, 0.77, 13.0


@dataclass(frozen=True)
class Settings:
    """What a user may set.

    Parameters
    ----------
    gaps, lambda_j, chains, target, max_iterations, held_out, seed
        As for :func:`fit_boltzmann`.

    Raises
    ------
    UsageError
        If one is out of its range.
    """

    gaps: Gaps
    lambda_j: float
    chains: int
    target: float
    max_iterations: int
    held_out: float | None
    seed: int

    def __post_init__(self) -> None:
        check_penalty("lambda_j", self.lambda_j)
        if not 0 < self.target < 1:
            raise UsageError(
                "a number between 0 and 1 is needed",
                parameter="target",
                value=f"{self.target:g}",
            )
        for name, value, minimum in (
            ("chains", self.chains, 1),
            ("max_iterations", self.max_iterations, 1),
            ("seed", self.seed, 0),
        ):
            if value < minimum:
                raise UsageError(
                    f"at least {minimum} is needed", parameter=name, value=value
                )

    @property
    def facts(self) -> dict[str, object]:
        """What the state after so many gradients depends on, by name."""
        return {
            "gaps": self.gaps,
            "lambda_j": self.lambda_j,
            "chains": self.chains,
            "seed": self.seed,
            "held_out": self.held_out,
        }

    @property
    def reported(self) -> dict[str, object]:
        """What a report says was set, by name."""
        ends = {"target": self.target, "max_gradients": self.max_iterations}
        facts = self.facts | ends
        return {name: value for name, value in facts.items() if value is not None}

    def needed(
        self, alignment: Alignment, threads: int, *, sparse: bool = False
    ) -> int:
        """Return the peak bytes, beside the alignment."""
        return boltzmann_bytes(
            alignment.length,
            alignment.alphabet.size,
            self.chains,
            alignment.n_sequences,
            threads,
            held_out=self.held_out is not None,
            sparse=sparse,
        )

    def plan(self, alignment: Alignment, threads: int, *, timed: bool = True) -> str:
        """Return what will be done, its memory, and its time if it is known yet."""
        length, size = alignment.length, alignment.alphabet.size
        gradient = seconds_per_gradient(length, size, self.chains) / threads
        most = self.max_iterations
        first = min(FIRST_ROUND, most)
        then = f", then twice as many up to {most}" if most > first else ""
        or_less_likely = ""
        if self.held_out is not None:
            or_less_likely = ", or held-out sequences get less likely"
        least, each, longest = (
            seconds / threads
            for seconds in evaluation_seconds(length, alignment.n_sequences)
        )
        soonest = first * gradient + each + least
        latest = most * gradient + len(rounds_ahead(0, most)) * each + longest
        time = f"{soonest:.0f} to {latest:.0f} s and " if timed else ""
        return (
            f"plan: Boltzmann learning, gaps {self.gaps}, lambda_j {self.lambda_j:g}, "
            f"{self.chains} chains; {first} gradients{then}, until newly started "
            f"chains reach Pearson {self.target:g}{or_less_likely}; "
            f"{time}{in_gib(peak_memory(self.needed(alignment, threads)))}"
        )


def default_penalty(alignment: Alignment) -> float:
    """Return 0.2 L / Neff, at most 0.06, in nats per sequence.

    On ten families of Neff 97 to 15,000 the likelihood of sequences left out is highest
    near 0.4 L / Neff where relatives of 50 % identity are left out together, and 0.15
    to 0.2 L / Neff with relatives of 80 %, which share their weight.
    """
    penalty = PENALTY_PER_SITE * alignment.length / alignment.neff
    return float(f"{min(MAX_PENALTY, penalty):.4g}")


def seconds_per_gradient(length: int, size: int, chains: int) -> float:
    """Return the CPU seconds of one gradient."""
    pairs = length * (length - 1) / 2
    return 1e-9 * (
        chains * length * 2 * (DRAW + DRAW_PER_SITE * length)
        + chains * pairs * COUNT
        + pairs * size * size * MOVE
    )


def evaluation_seconds(length: int, n_sequences: int) -> tuple[float, float, float]:
    """Return the CPU seconds of evaluations by newly started chains.

    Returns
    -------
    least, each, longest : float
        Of the last one if its chains mix at once, of one between two rounds, and of the
        last one if they do not mix.
    """
    pairs = length * (length - 1) / 2
    counted = (COUNTED + n_sequences) * (pairs * EVALUATED_PAIR + EVALUATED_TRIPLES)
    sweep = length * EVALUATED_DRAWS * (DRAW + DRAW_PER_SITE * length)
    between = CHAINS_BETWEEN * BURN_IN + COUNTED * SPACING
    # Stretches that are judged double; the chains may mix in the first of them.
    first, in_all = 3 * MIN_SWEEPS, 2 * MAX_SWEEPS
    least, longest = (
        LAST_CHAINS * sweeps + COUNTED * SPACING for sweeps in (first, in_all)
    )
    return (
        1e-9 * (counted + least * sweep),
        1e-9 * (counted + between * sweep),
        1e-9 * (counted + longest * sweep),
    )


def boltzmann_bytes(
    length: int,
    size: int,
    chains: int,
    n_sequences: int,
    threads: int,
    *,
    held_out: bool = False,
    sparse: bool = False,
) -> int:
    """Return the peak bytes of Boltzmann learning, beside the alignment.

    It is reached where a model is evaluated. Learning then holds couplings of both
    triangles, scaled slopes and couplings in int16; correlations and means once a pair;
    with sequences held out the best round's means, and of a sparse model the mask. The
    model evaluated comes with its zero-sum form and that one's couplings in int16.
    Then there are chains and their random states, sequences that evaluate a model, each
    twice, and what every thread counts in.
    """
    padded = length * padded_sites(length) * size
    table = padded * row_width(size) * FLOAT32
    short = padded * short_width(size) * INT16
    of_pairs = length * length * size * row_width(size) // 2 * FLOAT32
    learning = 2 * table + short + 2 * of_pairs
    learning += of_pairs if held_out else 0
    learning += of_pairs // FLOAT32 if sparse else 0
    model = model_bytes(length, size)
    evaluating = 2 * model + max(short, model // 2)
    counts = (threads + 2) * 6 * length * (size + 1) ** 2 * FLOAT64
    codes = chains * (padded_sites(length) + 48) + (2 * COUNTED + n_sequences) * length
    return LIBRARIES + learning + evaluating + counts + codes


def rounds(most: int) -> list[int]:
    """Return the gradients after which rounds end: 25, 50, 100, ..., ``most``.

    Every round has a mean of its own. The first one's is not evaluated, unless there
    is no other.
    """
    ends = [FIRST_ROUND // 2]
    while ends[-1] < most:
        ends.append(2 * ends[-1])
    return [*[end for end in ends if end < most], most]


def rounds_ahead(made: int, most: int) -> list[int]:
    """Return the ends of rounds to evaluate; one just reached may not have been."""
    ends = rounds(most)
    return [end for end in ends[1:] or ends if end >= made]
