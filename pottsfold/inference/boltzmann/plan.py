"""What Boltzmann learning will take, checked and told before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from pottsfold.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.errors import UsageError
from pottsfold.inference.boltzmann.learner import padded_sites
from pottsfold.inference.boltzmann.validation import COUNTED
from pottsfold.inference.regularization import check_penalty
from pottsfold.memory import FLOAT32

# By default: persistent chains; Pearson's correlation at which learning ends, beyond it
# it follows noise; and gradients at most.
CHAINS, TARGET, MAX_GRADIENTS = 10_000, 0.95, 400
# Gradients of the first round that is evaluated.
FIRST_ROUND = 50
# Default L2 penalty on couplings, per site and effective sequence; and at most.
PENALTY_PER_SITE, MAX_PENALTY = 0.2, 0.06
# Bytes of what does not grow with a family.
REST = 64 * 2**20
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

    def needed(self, alignment: Alignment) -> int:
        """Return the peak bytes."""
        length, size = alignment.length, alignment.alphabet.size
        held_out = self.held_out is not None
        return boltzmann_bytes(length, size, self.chains, held_out=held_out)

    def plan(self, alignment: Alignment, threads: int) -> str:
        """Return what will be done, its time and memory."""
        length, size = alignment.length, alignment.alphabet.size
        seconds = seconds_per_gradient(length, size, self.chains) / threads
        most = self.max_iterations
        first = min(FIRST_ROUND, most)
        then = f", then twice as many up to {most}" if most > first else ""
        or_less_likely = ""
        if self.held_out is not None:
            or_less_likely = ", or held-out sequences get less likely"
        return (
            f"plan: Boltzmann learning, gaps {self.gaps}, lambda_j {self.lambda_j:g}, "
            f"{self.chains} chains; {first} gradients{then}, until newly started "
            f"chains reach Pearson {self.target:g}{or_less_likely}; "
            f"{first * seconds:.0f} to {most * seconds:.0f} s and "
            f"{self.needed(alignment) / 2**30:.2f} GiB, plus sampling to evaluate it"
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


def boltzmann_bytes(
    length: int, size: int, chains: int, *, held_out: bool = False
) -> int:
    """Return the peak bytes of Boltzmann learning.

    Couplings of both triangles for the chains, in float32 and int16, scaled slopes,
    the model; correlations and means once a pair, and with sequences held out those of
    the best round; chains and their random states; sequences that evaluate a model,
    twice; and the rest.
    """
    entries = length * padded_sites(length) * size * (size + 7) * FLOAT32
    sampled = 2 * COUNTED * length + REST
    return (
        round((5.0 if held_out else 4.5) * entries) + chains * (length + 48) + sampled
    )


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
