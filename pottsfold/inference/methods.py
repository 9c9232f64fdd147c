"""The methods of fitting, each a value that holds its settings and checks them.

``Pseudolikelihood(lambda_h=1).fit(alignment)`` fits; so does every other method, and
``METHODS`` lists them by name. The command ``fit`` shows the fields of all of them as
its options, with the help their docstrings give, so a method is added by writing its
class and adding it to ``METHODS``.

What a method computes with is imported when it fits.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.files import Writes
from pottsfold.inference.method import (
    Gaps,
    Method,
    Penalties,
    Precision,
    Work,
    check_at_least_one,
)
from pottsfold.inference.regularization import Regularization, check_penalty
from pottsfold.model.fit import Fit
from pottsfold.model.graph import PairGraph


@dataclass(frozen=True)
class Pseudolikelihood(Method):
    """Each letter of a sequence given all its others: for contacts and mutations.

    Parameters
    ----------
    gaps
        missing: gaps are missing data. state: the gap is a letter. Default missing.
    form
        symmetric: one block of couplings per pair. asymmetric: a regression for each
        site, then symmetrized; needs memory for one site at a time. Default symmetric
        where memory allows.
    penalties
        default: the penalties below. plmc: those of plmc and EVcouplings, lambda-h
        0.01 and the default lambda-j. auto: the default lambda-h, and lambda-j by how
        well relatives left out are predicted; two to three times slower.
    lambda_h
        L2 penalty on fields. Default 10.
    lambda_j
        L2 penalty on couplings. Default 0.01 (q - 1)(L - 1); of some pairs of sites
        0.04 (q - 1) times the mean number of partners.
    tolerance
        Converged when a step gains less than this share of the objective. Default
        3e-6.
    max_iterations
        Maximum number of iterations; with batch, of passes over the sequences. Default
        1,000.
    batch
        Sequences at a time, on a device: for hundreds of thousands of sequences, or
        where the device cannot hold them. Ends when sequences left out are predicted
        no better. Default: all sequences at once.
    stream
        With batch, file to read the sequences from, in place of memory: written if it
        is not there.
    checkpoint
        File to save a fit on a device to, from time to time and when interrupted.
    resume
        Continue from the checkpoint, to the same model as an unbroken run.

    Examples
    --------
    >>> Pseudolikelihood(lambda_h=1.0).draws_random_numbers
    False
    """

    name: ClassVar[str] = "pseudolikelihood"
    takes_graph: ClassVar[bool] = True
    takes_device: ClassVar[bool] = True

    gaps: Gaps = "missing"
    form: Literal["symmetric", "asymmetric"] | None = None
    penalties: Penalties = "default"
    lambda_h: float | None = None
    lambda_j: float | None = None
    tolerance: float = 3e-6
    max_iterations: int = 1000
    batch: int | None = None
    stream: Annotated[Path, Writes()] | None = None
    checkpoint: Annotated[Path, Writes()] | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        _check_penalties(
            self.penalties, get_args(Penalties), self.lambda_h, self.lambda_j
        )
        if self.batch is not None:
            check_at_least_one("batch", self.batch)
            if self.form == "asymmetric":
                raise UsageError("`batch` fits the symmetric form; leave `form` out")
            if self.tolerance != type(self).tolerance:
                raise UsageError(
                    "batches end by the held-out loss; leave it out",
                    parameter="tolerance",
                    value=self.tolerance,
                )
        elif self.stream is not None:
            raise UsageError("it is of `batch`; give that too", parameter="stream")
        if not self.tolerance > 0:
            raise UsageError(
                "a number above 0 is needed",
                parameter="tolerance",
                value=self.tolerance,
            )
        check_at_least_one("max_iterations", self.max_iterations)
        _check_resume(self.resume, self.checkpoint)

    @property
    def draws_random_numbers(self) -> bool:
        """Whether folds to choose penalties by, or batches, are drawn."""
        return self.penalties == "auto" or self.batch is not None

    def _fit(self, alignment: Alignment, work: Work) -> Fit:
        from pottsfold.inference.pseudolikelihood.fit import fit_pseudolikelihood

        if self.penalties == "auto":
            from pottsfold.inference.pseudolikelihood import penalty

            chosen = penalty.cross_validate_penalties(
                alignment,
                gaps=self.gaps,
                graph=work.graph,
                seed=work.seed,
                threads=work.threads,
                progress=lambda done, total: work.progress(
                    done, total, "choosing penalties"
                ),
                announce=work.announce,
            )
            strengths = chosen.penalty
            alignment = work.record(alignment, chosen.lines())
        else:
            strengths = self.regularization(alignment, work.graph)
        common: dict[str, Any] = {
            "gaps": self.gaps,
            "form": self.form,
            "regularization": strengths,
            "tolerance": self.tolerance,
            "max_iterations": self.max_iterations,
            "graph": work.graph,
            "threads": work.threads,
            "progress": lambda done, objective, gradient: work.progress(
                done, None, f"objective {objective:.2f}, gradient {gradient:.2g}"
            ),
            "announce": work.announce,
        }
        if work.device is None:
            return fit_pseudolikelihood(alignment, **common)
        from pottsfold.inference.on_torch.devices import chosen_device
        from pottsfold.inference.on_torch.fit import fit_on_device

        device = chosen_device(work.device, work.precision or "float32")
        if self.batch is not None:
            from pottsfold.alignment.stream import streamed
            from pottsfold.inference.on_torch.stochastic import fit_in_batches

            if self.stream is not None:
                alignment = streamed(alignment, self.stream)
            return fit_in_batches(
                alignment,
                device,
                batch=self.batch,
                gaps=self.gaps,
                regularization=strengths,
                max_passes=self.max_iterations,
                graph=work.graph,
                seed=work.seed,
                threads=work.threads,
                checkpoint=self.checkpoint,
                resume=self.resume,
                progress=lambda done, text: work.progress(done, None, text),
                announce=work.announce,
            )
        return fit_on_device(
            alignment,
            device,
            checkpoint=self.checkpoint,
            resume=self.resume,
            **common,
        )

    def check_device(
        self, device: str | None = None, precision: Precision | None = None
    ) -> None:
        """Refuse a device that is not there, and what needs one without it."""
        super().check_device(device, precision)
        if device is None and self.checkpoint is not None:
            raise UsageError(
                "fits on a device have one; give `device` too", parameter="checkpoint"
            )
        if device is None and self.batch is not None:
            raise UsageError(
                "fits on a device take batches; give `device` too, which may be cpu",
                parameter="batch",
            )

    def regularization(
        self, alignment: Alignment, graph: PairGraph | None = None
    ) -> Regularization:
        """Return the penalties for an alignment, where they are not chosen."""
        from pottsfold.alignment.frequencies import first_state
        from pottsfold.inference.regularization import (
            default_regularization,
            plmc_regularization,
        )

        n_states = alignment.alphabet.size - first_state(self.gaps)
        if self.penalties == "plmc":
            return plmc_regularization(alignment.length, n_states)
        default = default_regularization(alignment.length, n_states, graph)
        return Regularization(
            default.fields if self.lambda_h is None else self.lambda_h,
            default.couplings if self.lambda_j is None else self.lambda_j,
        )


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


@dataclass(frozen=True)
class Boltzmann(Method):
    """Learn by sampling until samples have the family's statistics: for sampling.

    Parameters
    ----------
    gaps
        missing: statistics are of letters alone, samples have no gaps. state: the gap
        is a letter. Default state.
    penalties
        default: the penalty below. auto: choose it by the likelihood of relatives
        left out of the fit.
    lambda_j
        L2 penalty on couplings, in nats per sequence. Default 0.2 L / Neff, at most
        0.06.
    chains
        Number of persistent chains. Default 10,000.
    target
        Stop when pair correlations of newly started chains reach this Pearson r with
        the alignment's, or stop improving. Default 0.95.
    max_iterations
        Maximum number of gradients. Default 400.
    held_out
        Share of the sequences, relatives together, to leave out of the fit: learning
        also stops when they get less likely, and the best model is kept.
    sparse
        activation: couplings start at zero and are switched on one after another.
        decimation: learn a dense model, then take the weakest couplings out.
    density
        Share of couplings that a sparse model may have.
    checkpoint
        File to save the learning to, from time to time and when interrupted.
    resume
        Continue from the checkpoint, to the same model as an unbroken run.
    """

    name: ClassVar[str] = "boltzmann"
    takes_device: ClassVar[bool] = True

    gaps: Gaps = "state"
    penalties: Penalties = "default"
    lambda_j: float | None = None
    chains: int = 10_000
    target: float = 0.95
    max_iterations: int = 400
    held_out: float | None = None
    sparse: Literal["activation", "decimation"] | None = None
    density: float | None = None
    checkpoint: Annotated[Path, Writes()] | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        # plmc's are for pseudolikelihood.
        _check_penalties(self.penalties, ("default", "auto"), None, self.lambda_j)
        if not 0 < self.target < 1:
            raise UsageError(
                "a number between 0 and 1 is needed",
                parameter="target",
                value=f"{self.target:g}",
            )
        check_at_least_one("chains", self.chains)
        check_at_least_one("max_iterations", self.max_iterations)
        if self.sparse is None and self.density is not None:
            raise UsageError("`density` is of sparse models; give `sparse` too")
        if self.sparse is not None and self.held_out is not None:
            raise UsageError("`sparse` excludes `held_out`")
        _check_resume(self.resume, self.checkpoint)

    @property
    def draws_random_numbers(self) -> bool:
        """Chains are random."""
        return True

    def _fit(self, alignment: Alignment, work: Work) -> Fit:
        from pottsfold.inference import boltzmann

        def show(gradients: int, doing: str) -> None:
            work.progress(gradients, None, doing)

        lambda_j = self.lambda_j
        common: dict[str, Any] = {
            "gaps": self.gaps,
            "seed": work.seed,
            "threads": work.threads,
            "progress": show,
            "announce": work.announce,
        }
        if self.penalties == "auto":
            chosen = boltzmann.cross_validate_boltzmann_penalty(alignment, **common)
            lambda_j = chosen.penalty
            alignment = work.record(alignment, chosen.lines())
        common |= {
            "chains": self.chains,
            "target": self.target,
            "max_iterations": self.max_iterations,
            "checkpoint": self.checkpoint,
            "resume": self.resume,
        }
        if self.sparse is None:
            device = None
            if work.device is not None:
                from pottsfold.inference.on_torch.devices import chosen_device

                device = chosen_device(work.device, work.precision or "float32")
            return boltzmann.fit_boltzmann(
                alignment,
                lambda_j=lambda_j,
                held_out=self.held_out,
                device=device,
                **common,
            )
        if lambda_j is not None:
            common["lambda_j"] = lambda_j
        return boltzmann.fit_sparse(
            alignment, form=self.sparse, density=self.density, **common
        )

    def check_device(
        self, device: str | None = None, precision: Precision | None = None
    ) -> None:
        """Refuse a device that is not there, and any for sparse models."""
        if device is not None and self.sparse is not None:
            raise UsageError(
                "sparse models are learned on the CPU alone; leave it out",
                parameter="device",
                value=device,
            )
        super().check_device(device, precision)
        from pottsfold.inference.on_torch.ranks import launched

        if launched().count > 1:
            raise UsageError(
                "it learns in one process; start it without torchrun",
                parameter="method",
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


def _check_resume(resume: bool, checkpoint: Path | None) -> None:
    """Raise :class:`UsageError` if there is nothing to continue from."""
    if resume and checkpoint is None:
        raise UsageError("give the `checkpoint` to continue from", parameter="resume")


def _check_penalties(
    penalties: Penalties,
    known: tuple[str, ...],
    lambda_h: float | None,
    lambda_j: float | None,
) -> None:
    """Raise :class:`UsageError` for penalties a method does not know, or set twice."""
    if penalties not in known:
        raise UsageError(
            f"{' and '.join(known)} are those of this method",
            parameter="penalties",
            value=penalties,
        )
    if penalties != "default" and (lambda_h, lambda_j) != (None, None):
        how = "chooses" if penalties == "auto" else "sets"
        raise UsageError(
            f"`penalties={penalties}` {how} penalties; leave out `lambda_h` and "
            "`lambda_j`"
        )
    for name, value in (("lambda_h", lambda_h), ("lambda_j", lambda_j)):
        if value is not None:
            check_penalty(name, value)
