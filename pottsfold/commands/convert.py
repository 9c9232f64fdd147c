"""``pottsfold convert``: a model from one program's file to another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pottsfold.commands.console import say
from pottsfold.commands.matching import matched
from pottsfold.commands.paths import (
    ConvertedModel,
    InputFile,
    ReplaceableFile,
    TextOrFile,
)
from pottsfold.errors import UsageError
from pottsfold.model import Fit, load_fit, save_fit
from pottsfold.model.focus import renumbered, with_focus
from pottsfold.model.formats import (
    COMPRESSED,
    WRITTEN_FORMATS,
    ModelFormat,
    for_chain,
    foreign_named,
    foreign_of_ending,
    losses,
    write_foreign,
)
from pottsfold.model.sites import natural_sequences

NATIVE, NATIVE_ENDING = "potts", ".potts"
if TYPE_CHECKING:
    FormatName = str
else:
    FormatName = Literal[(NATIVE, *(each.name for each in WRITTEN_FORMATS))]


def convert(
    model: ReplaceableFile,
    output: ConvertedModel,
    *,
    to: FormatName | None = None,
    focus: TextOrFile | None = None,
    first: int | None = None,
    chain: str | None = None,
    match_temperature: InputFile | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> None:
    """Convert a model to the format of another program, or from it.

    What the new format cannot hold is listed on standard error.

    Parameters
    ----------
    model
        Model file: native, plmc, CCMpred, adabmDCA, bmDCA, GREMLIN, Mi3, StructureDCA,
        an .npz of PottsMPNN's or caliby's tables, or a dense .npy (L, L, q, q) such as
        a language model's Jacobian; recognised by its content; plain or compressed.
    output
        File to write: .potts native, .model plmc, .raw .braw CCMpred, .mrf GREMLIN,
        .dat adabmDCA, .npy Mi3, .npz StructureDCA; all but .potts are compressed if .gz
        is added.
    to
        Output format, if the ending of the file does not determine it. Those that end
        in -bias hold log p(letter | the rest of the focus sequence) of every residue,
        in nats, for programs that design sequences: give the file to ProteinMPNN as
        --bias_by_res_jsonl, to LigandMPNN as --bias_AA_per_residue, and put it into the
        JSON settings of foundry's MPNN as bias_per_residue.
    focus
        New focus sequence: a file, whose first sequence is taken, or the sequence
        itself.
    first
        Residue number of the first site. Default: from --focus, or as in the model.
    chain
        Chain of the residues, for the -bias formats (default A).
    match_temperature
        Alignment of natural sequences: find the temperature at which samples are most
        similar to them, and keep it in a .potts file for sample --temperature
        matched. Preferably sequences that the model was not fitted to.
    seed
        Random seed for --match-temperature (default 0).
    threads
        Number of threads for --match-temperature (default: all cores). Results do not
        depend on it.
    """
    foreign = _target(output, to)
    if foreign is not None and match_temperature is not None:
        raise UsageError(
            f"only a {NATIVE_ENDING} file keeps a temperature, not {output}",
            parameter="match_temperature",
        )
    if chain is not None:
        if foreign is None:
            raise UsageError(
                "only biases are for a chain; give `to`", parameter="chain", value=chain
            )
        foreign = for_chain(foreign, chain)
    fit = load_fit(model)
    for sentence in fit.report.history:
        if fit.report.method.startswith("read from"):
            say(f"{fit.report.method.removeprefix('read from ')}: {sentence}")
    fit = _with_sites(fit, focus, first)
    if match_temperature is not None:
        family = natural_sequences(fit.model, match_temperature, threads)
        for sentence in family.history:
            say(f"{match_temperature}: {sentence}")
        fit = matched(fit, family, seed, threads)
    if foreign is None:
        save_fit(output, fit)
        say(f"wrote {output}: pottsfold model")
        return
    write_foreign(output, fit, foreign)
    for sentence in losses(fit, foreign):
        say(sentence)
    if fit.model.temperature is not None:
        say(f"not kept: the matched temperature, {fit.model.temperature:g}")
    say(f"wrote {output}: {foreign.title}; {foreign.conventions}")


def _target(output: Path, to: FormatName | None) -> ModelFormat | None:
    """Return the format to write; None for the native one."""
    bare = Path(output.stem) if output.suffix == COMPRESSED else output
    if to == NATIVE or (to is None and bare.suffix == NATIVE_ENDING):
        if output.suffix == COMPRESSED:
            raise UsageError(
                f"{output}: a pottsfold model is written plain; leave out {COMPRESSED}"
            )
        return None
    if to is not None:
        return foreign_named(to)
    foreign = foreign_of_ending(output)
    if foreign is None:
        endings = " ".join(f.ending for f in WRITTEN_FORMATS if f.ending)
        raise UsageError(
            f"{output}: its ending names no format ({NATIVE_ENDING}; {endings}, and "
            f"{COMPRESSED} after these); choose one of these, or give `to`"
        )
    return foreign


def _with_sites(fit: Fit, focus: str | None, first: int | None) -> Fit:
    """Return the fit with the focus sequence and numbers that were asked for."""
    model, said = fit.model, ""
    if focus is not None:
        model, said = with_focus(model, focus, first)
    elif first is not None:
        model = renumbered(model, first)
        positions = model.numbering.positions
        said = f"sites renumbered {positions[0]} to {positions[-1]}"
    if not said:
        return fit
    say(said)
    report = replace(fit.report, history=(*fit.report.history, said))
    return Fit(model, report)
