"""How many couplings a sparse model has in each round, and how they are learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pottsfold.errors import UsageError
from pottsfold.inference.boltzmann.learner import learning_rate

Form = Literal["activation", "decimation"]

# Activation goes by cycles: elements are chosen four times, with few gradients between,
# and learned with those there are until it ends.
CHOICES, BETWEEN, CYCLE = 4, 5, 40
# Share of the elements that are off that a choice switches on, and of those on that it
# gives up first.
SWITCHED_ON, EXCHANGED = 0.0035, 0.1
# Decimation begins with a dense model; every round then keeps a share of the elements,
# and the last ones are learned for as long as SETTLING says.
DENSE, ROUND, KEPT, SETTLING = 50, 10, 0.5, 30
# Gradients since elements were chosen after which means are begun: chains follow the
# collective modes slowly, and the model swings about for a while.
MEANS_AFTER = 10
# Step length of the first sparse gradient; how many sparse gradients halve it, and how
# many since elements were chosen, but for the first ten.
RATE, HALVING, LATE_HALVING, LATE = 0.3, 60.0, 3.0, 10


@dataclass(frozen=True)
class Schedule:
    """What happens when, as a function of the gradients made.

    Parameters
    ----------
    form : {"activation", "decimation"}
        From no couplings upwards, or from all of them downwards.
    total : int
        Elements that there could be.
    density : float or None
        Share of them at which activation ends at the latest, decimation always.

    Raises
    ------
    UsageError
        If there is no density to come down to, or it is out of range.
    """

    form: Form
    total: int
    density: float | None

    def __post_init__(self) -> None:
        if self.density is None:
            if self.form == "decimation":
                raise UsageError(
                    "give the `density` to come down to, like 0.1",
                    parameter="sparse",
                    value=self.form,
                )
        elif not 0 < self.density < 1:
            raise UsageError(
                "a number between 0 and 1 is needed",
                parameter="density",
                value=f"{self.density:g}",
            )

    @property
    def limit(self) -> int:
        """Elements at the end, for activation at most."""
        if self.density is None:
            return self.total
        return max(1, round(self.density * self.total))

    def wanted(self, gradients: int) -> int:
        """Return the elements that there are to be in the next gradient."""
        if self.form == "activation":
            cycle, place = divmod(gradients, CYCLE)
            number = CHOICES * cycle + min(place // BETWEEN + 1, CHOICES)
            share = 1 - (1 - SWITCHED_ON) ** number
            return min(self.limit, max(1, round(share * self.total)))
        number = 0 if gradients < DENSE else (gradients - DENSE) // ROUND + 1
        return max(self.limit, round(KEPT**number * self.total))

    @property
    def end(self) -> int | None:
        """Gradients after which it ends; None for activation without a density."""
        if self.density is None:
            return None
        gradients = DENSE if self.form == "decimation" else 0
        step = ROUND if self.form == "decimation" else BETWEEN
        while self.wanted(gradients) != self.limit:
            gradients += step
        if self.form == "decimation":
            return gradients + SETTLING
        return gradients // CYCLE * CYCLE + CYCLE

    def may_end(self, gradients: int) -> bool:
        """Whether the model after so many gradients is to be evaluated."""
        if self.form == "decimation":
            return gradients == self.end
        return gradients > 0 and gradients % CYCLE == 0

    def chooses(self, gradients: int) -> bool:
        """Whether elements are chosen before the next gradient."""
        return self._since_choice(gradients) == 0

    def starts_means(self, gradients: int) -> bool:
        """Whether means are begun anew with the next gradient.

        Elements just switched off must not be in them.
        """
        since = self._since_choice(gradients)
        if since is None:
            return gradients == DENSE // 2
        return since in (0, MEANS_AFTER)

    def rate(self, gradients: int) -> float:
        """Return the step length of the next gradient."""
        since = self._since_choice(gradients)
        if since is None:
            return learning_rate(gradients)
        late = max(0, since - LATE)
        made = gradients - since - (DENSE if self.form == "decimation" else 0)
        return RATE / (1 + made / HALVING) / (1 + late / LATE_HALVING)

    def _since_choice(self, gradients: int) -> int | None:
        """Return the gradients since elements were chosen, None for a dense model."""
        if self.form == "activation":
            place = gradients % CYCLE
            return place - BETWEEN * min(place // BETWEEN, CHOICES - 1)
        if gradients < DENSE:
            return None
        assert self.end is not None
        last = self.end - SETTLING
        return gradients - last if gradients > last else (gradients - DENSE) % ROUND
