"""The methods of fitting, each a value that holds its settings and checks them.

``Pseudolikelihood(lambda_h=1).fit(alignment)`` fits; so does every other method, and
``METHODS`` lists them by name. The command ``fit`` shows the fields of all of them as
its options, with the help their docstrings give, so a method is added by writing its
class and adding it to ``METHODS``.

The longer ones stand in files of their own. What a method computes with is imported
when it fits.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.inference.boltzmann_method import Boltzmann
from pottsfold.inference.method import Gaps, Method, Work
from pottsfold.inference.pseudolikelihood_method import Pseudolikelihood
from pottsfold.inference.regularization import check_penalty
from pottsfold.model.fit import Fit

__all__ = [
    "METHODS",
    "Boltzmann",
    "Independent",
    "MeanField",
    "Pseudolikelihood",
    "method_named",
]


@dataclass(frozen=True)
class MeanField(Method):
    """The inverse of the covariance matrix: fast, for contacts.

    Parameters
    ----------
    gaps
        The gap is always a letter (state).
    pseudocount
        Share of the flat distribution in the frequencies. Default 0.5.
    """

    name: ClassVar[str] = "mean-field"

    gaps: Gaps = "state"
    pseudocount: float = 0.5

    def __post_init__(self) -> None:
        if self.gaps != "state":
            raise UsageError(
                "mean-field takes the gap as a letter; leave it out",
                parameter="gaps",
                value=self.gaps,
            )
        if not 0 < self.pseudocount < 1:
            raise UsageError(
                "between 0 and 1 is needed",
                parameter="pseudocount",
                value=self.pseudocount,
            )

    def _fit(self, alignment: Alignment, work: Work) -> Fit:
        from pottsfold.inference.mean_field import fit_mean_field

        return fit_mean_field(
            alignment,
            pseudocount=self.pseudocount,
            threads=work.threads,
            announce=work.announce,
        )


@dataclass(frozen=True)
class Independent(Method):
    """Every site by itself: conservation alone, no couplings.

    Parameters
    ----------
    gaps
        missing: gaps are missing data. state: the gap is a letter. Default missing.
    lambda_h
        L2 penalty on fields. Default 0.01.
    """

    name: ClassVar[str] = "independent"

    gaps: Gaps = "missing"
    lambda_h: float = 0.01

    def __post_init__(self) -> None:
        check_penalty("lambda_h", self.lambda_h)

    def _fit(self, alignment: Alignment, work: Work) -> Fit:
        from pottsfold.inference.independent import fit_independent

        return fit_independent(
            alignment,
            gaps=self.gaps,
            lambda_h=self.lambda_h,
            announce=work.announce,
        )


# Every method by the name that ``fit --method`` takes, the default first.
METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (Pseudolikelihood, MeanField, Independent, Boltzmann)
}


def method_named(name: str, **settings: Any) -> Method:
    """Return a method with settings, each of which must be one of its own.

    Parameters
    ----------
    name : str
        A key of ``METHODS``.
    **settings
        Fields of the method; those not given have their defaults.

    Raises
    ------
    UsageError
        If there is no such method, a setting is of other methods, or is out of its
        range.

    Examples
    --------
    >>> method_named("mean-field", pseudocount=0.3)
    MeanField(gaps='state', pseudocount=0.3)
    """
    if name not in METHODS:
        raise UsageError(
            f"{', '.join(METHODS)} are known", parameter="method", value=name
        )
    own = {field.name for field in fields(METHODS[name])}
    for setting in settings:
        if setting not in own:
            others = [
                each
                for each, method in METHODS.items()
                if setting in {field.name for field in fields(method)}
            ]
            whose = f"it is of {' and '.join(others)}; " if others else ""
            raise UsageError(
                f"{name} has no such setting; {whose}leave it out", parameter=setting
            )
    return METHODS[name](**settings)
