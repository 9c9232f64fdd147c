"""The partition function of tiny models, exactly."""

from __future__ import annotations

import math

import numpy as np

from pottsfold.errors import UsageError
from pottsfold.landscape.partition.annealed_model import check_free
from pottsfold.landscape.partition.values import LogPartition
from pottsfold.model import PottsModel
from pottsfold.sampling.sampler import check_temperatures
from pottsfold.sampling.target import Target

# More sequences are not enumerated.
MAX_SEQUENCES = 10_000_000


def exact_log_partition(
    model: PottsModel | Target, *, temperature: float = 1.0
) -> LogPartition:
    """Return log Z, mean energy and entropy by summing over every sequence.

    Energies of all sequences of the first k sites make those of the first k + 1, so a
    sequence costs about one sum a site.

    Parameters
    ----------
    model : PottsModel or Target
        Of at most 10^7 sequences; with letters forbidden, over the others.
    temperature : float
        T in P(x) ~ exp(-E(x) / T).

    Returns
    -------
    LogPartition
        With errors of zero.

    Raises
    ------
    UsageError
        If there are more sequences, a site is fixed, or the temperature is no positive
        number.
    """
    target = model if isinstance(model, Target) else Target(model)
    check_free(target)
    check_temperatures([temperature])
    potts = target.model
    letters = [np.flatnonzero(row) for row in target.letters]
    counts = [len(row) for row in letters]
    if math.prod(counts) > MAX_SEQUENCES:
        power = sum(math.log10(count) for count in counts)
        raise UsageError(
            f"10^{power:.1f} sequences are too many to enumerate (10^7 at most); "
            "estimate log Z instead"
        )
    energies = np.zeros(1)
    for i in range(potts.length):
        # Fields at site i felt by every sequence of the sites before: (sequences, q_i).
        felt = np.zeros((len(energies), counts[i]))
        felt += potts.fields[i, letters[i]]
        for j in range(i):
            block = potts.block(j, i)[np.ix_(letters[j], letters[i])]
            after = math.prod(counts[j + 1 : i])
            shaped = felt.reshape(-1, counts[j], after, counts[i])
            shaped += block[:, np.newaxis, :]
        energies = (energies[:, np.newaxis] - felt).ravel()
    reduced = energies / temperature
    lowest = reduced.min()
    weights = np.exp(lowest - reduced)
    total = weights.sum()
    value = float(np.log(total) - lowest)
    mean = float((weights * energies).sum() / total)
    return LogPartition(
        value=value,
        error=0.0,
        mean_energy=mean,
        mean_energy_error=0.0,
        entropy=mean / temperature + value,
        entropy_error=0.0,
        temperature=temperature,
        length=potts.length,
    )
