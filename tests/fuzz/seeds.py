"""Small valid files of every kind that is read, made by the program itself.

One family of eight sites stands behind all of them, so that an alignment, a model, a
library and a structure belong together. :func:`make_seeds` writes them to a folder;
the groups below name them.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from xopen import xopen

from pottsfold.commands.main import main
from pottsfold.contacts.accessibility import SIDE_CHAIN_ATOMS
from pottsfold.model.formats import READ_FORMATS, WRITTEN_FORMATS
from pottsfold.tables.parts import TableParts
from tests.contacts.made_structures import (
    THREE,
    Atom,
    backbone_atoms,
    chain_atoms,
    mmcif_text,
    pdb_text,
)
from tests.model.formats import layouts

FOCUS, FIRST = "MKVAWTHE", 11
N_SEQUENCES = 40

ALIGNMENTS = ("a.fasta", "a.a2m", "a.a3m", "a.sto", "a.aln", "a.psicov", "a.pir")
ALIGNMENTS += ("a.fasta.gz", "a.sto.xz", "a.a3m.zst", "a.aln.bz2")
FOREIGN = tuple(f"m.{foreign.name}" for foreign in READ_FORMATS)
NATIVE = ("m.potts", "matched.potts", "plain.potts", "rna.potts", "masked.potts")
PACKED_MODELS = ("m.gremlin.gz", "m.ccmpred-braw.gz", "m.plmc.xz")
MODELS = (*NATIVE, *FOREIGN, *PACKED_MODELS)
WITH_COUPLINGS = tuple(name for name in MODELS if name != "plain.potts")
# Models that say what the wild type is, in the family's letters.
WITH_FOCUS = ("m.potts", "matched.potts", "masked.potts", "m.plmc", "m.plmc-v1")
WITH_FOCUS += ("m.plmc.xz",)
# Pairs of sites, as contacts writes them and without a header.
PAIRS = ("pairs.csv", "pairs.txt", "pairs.csv.gz")
LIBRARIES = ("l.csv", "l.tsv", "l.txt", "l.parquet", "l.fasta")
LIBRARIES += ("l.csv.gz", "l.tsv.zst")
MEASURED = ("l.csv", "l.tsv", "l.parquet", "l.csv.gz", "l.tsv.zst", "l.hgvs.csv")
# In a library of MAVE-HGVS.
RESIDUES = ("Cys", "Asp", "Glu", "Phe", "Gly", "His", "Ile", "Lys", "Leu", "Asn", "Trp")
STRUCTURES = ("s.pdb", "s.cif", "s.pdb.gz", "s.cif.gz")
# With side chains.
WHOLE = ("whole.pdb", "whole.cif")
JOURNAL, PART = "parts.journal.json", "parts.00000000"


def _zstd(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with xopen(buffer, "wb", format="zst", threads=0) as handle:
        handle.write(data)
    return buffer.getvalue()


PACK = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".xz": lzma.compress,
    ".zst": _zstd,
    ".bz2": bz2.compress,
}


def make_seeds(folder: Path) -> None:
    """Write every seed to a folder.

    Raises
    ------
    RuntimeError
        If the program refuses one of its own files.
    """
    with contextlib.chdir(folder):
        for name, text in {**_alignments(), **_libraries(), **_structures()}.items():
            Path(name).write_text(text)
        _parquet()
        _texts()
        _models()
        _learnt()
        for name in (*ALIGNMENTS, *MODELS, *LIBRARIES, *STRUCTURES, *PAIRS):
            stem, ending = os.path.splitext(name)
            if ending in PACK:
                Path(name).write_bytes(PACK[ending](Path(stem).read_bytes()))


def _run(words: str) -> None:
    told = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stderr(told):
        warnings.simplefilter("ignore")
        if main(words.split()):
            raise RuntimeError(f"{words}: {told.getvalue()}")


def _rows() -> list[tuple[str, str]]:
    """Return names and A2M rows: eight match columns and one insert column."""
    rng = np.random.default_rng(7)
    rows = [(f"FOCUS/{FIRST}-{FIRST + 7}", FOCUS[:4] + "." + FOCUS[4:])]
    for k in range(1, N_SEQUENCES):
        row = list(FOCUS)
        for column in np.flatnonzero(rng.random(8) < 0.5):
            row[column] = rng.choice(list("ACDEKLV-"))
        rows.append(
            (f"R{k}/1-8", "".join(row[:4]) + rng.choice([".", "a"]) + "".join(row[4:]))
        )
    return rows


def _alignments() -> dict[str, str]:
    full = _rows()
    matched = [(name, row[:4] + row[5:]) for name, row in full]

    def fasta(rows: list[tuple[str, str]]) -> str:
        return "".join(f">{name} a protein\n{row}\n" for name, row in rows)

    block = "".join(f"{name:<16}{row}\n" for name, row in matched)
    a3m = [(name, row.replace(".", "")) for name, row in full]
    return {
        "a.fasta": fasta(matched),
        "a.a2m": fasta(full),
        "a.a3m": fasta(a3m),
        "a.sto": f"# STOCKHOLM 1.0\n#=GF ID FAM\n\n{block}#=GC RF       xxxxxxxx\n//\n",
        "a.aln": f"CLUSTAL O(1.2.4) multiple sequence alignment\n\n{block}\n",
        "a.psicov": "".join(f"{row}\n" for _, row in matched),
        "a.pir": "".join(f">P1;{name}\nsequence:x\n{row}*\n" for name, row in matched),
        "a.one": fasta(matched[:1]),
        "a.four": fasta([(f"FOCUS/{FIRST}-{FIRST + 3}", FOCUS[:4])]),
        "rna.fasta": "".join(
            f">r{k}\n{''.join(row)}\n"
            for k, row in enumerate(
                np.random.default_rng(3).choice(list("ACGU"), (30, 5))
            )
        ),
    }


def _measured() -> pd.DataFrame:
    """Return singles and doubles of the focus sequence with scores."""
    rng = np.random.default_rng(11)
    mutants, sequences = [], []
    for size in (1,) * 40 + (2,) * 20:
        # Doubles among the first three sites, so that their singles are there.
        columns = sorted(rng.choice(8 if size == 1 else 3, size, replace=False))
        letters = list(FOCUS)
        texts = []
        for column in columns:
            letters[column] = rng.choice(list("CDLR"))
            texts.append(f"{FOCUS[column]}{FIRST + column}{letters[column]}")
        mutants.append(":".join(texts))
        sequences.append("".join(letters))
    table = pd.DataFrame({"mutant": mutants, "mutated_sequence": sequences})
    table["DMS_score"] = rng.normal(size=len(table)).round(4)
    return table.drop_duplicates("mutant", ignore_index=True)


def _libraries() -> dict[str, str]:
    table = _measured()
    sequences = enumerate(table["mutated_sequence"])
    return {
        "l.csv": table.to_csv(index=False),
        "l.tsv": table.to_csv(index=False, sep="\t"),
        "l.txt": "mutant\nM11C\nM11C:K12A\np.Met11Cys\nWT\n",
        "l.fasta": "".join(f">m{k}\n{row}\n" for k, row in sequences),
        "l.hgvs.csv": "# from MaveDB\nhgvs_pro,score\np.=,0.0\np.Lys12Cys,NA\n"
        + "".join(f"p.Met11{aa},{k}e-1\n" for k, aa in enumerate(RESIDUES))
        + '"p.[Met11Cys;Lys12Ala]",0.5\np.Lys12Ala,-1\n',
    }


def _parquet() -> None:
    _measured().to_parquet("l.parquet", index=False)


def _structures() -> dict[str, str]:
    atoms = chain_atoms(FOCUS, first=FIRST)
    atoms += chain_atoms(FOCUS, chain="B", first=FIRST, y=5.0)
    whole = _with_side_chains(backbone_atoms(FOCUS, first=FIRST))
    return {
        "s.pdb": pdb_text(atoms),
        "s.cif": mmcif_text(atoms),
        "whole.pdb": pdb_text(whole),
        "whole.cif": mmcif_text(whole),
    }


def _with_side_chains(atoms: list[Atom]) -> list[Atom]:
    """Return residues with as many atoms as they have, in a row beyond CB."""
    letters = {three: one for one, three in THREE.items()}
    whole = []
    for atom in atoms:
        whole.append(atom)
        if atom.name == "CB":
            missing = SIDE_CHAIN_ATOMS[letters[atom.residue]] - 1
            whole += [
                replace(atom, name=f"C{k}", y=atom.y + 1.5 * (k + 1))
                for k in range(missing)
            ]
    return whole


def _texts() -> None:
    for name, text in {
        "mutant.txt": "M11C:K12A",
        "mutation.txt": "M11C",
        "positions.txt": "12,15-18",
        "letters.txt": "C,12:P,15-18:DE,-",
        "constraints.csv": "position,allowed,forbidden\n12,ACD,\n15,,W\n16,EK,E\n",
        "name.txt": "FOCUS/11-18",
        "pair.txt": "11,14",
        "top.txt": "1.5L",
        "chain.txt": "A,B",
        "one.chain.txt": "B",
        "column.txt": "mutated_sequence",
        "score.txt": "DMS_score",
        "sequence.txt": FOCUS[:4],
        "alphabet.txt": "protein",
    }.items():
        Path(name).write_text(text)


def _models() -> None:
    _run("fit a.fasta -o m.potts --threads 1 --lambda-h 0.1 --lambda-j 1")
    _run("fit a.fasta -o plain.potts --method independent --threads 1")
    Path("pairs.txt").write_text("11 14\n11 15\n13\t18\n")
    Path("pairs.csv").write_text("i,j,aa_i,aa_j,score\n11,14,M,A,1.5\n12,18,K,E,0.5\n")
    _run("fit a.fasta -o masked.potts --threads 1 --lambda-h 0.1 --pairs pairs.txt")
    _run("fit rna.fasta -o rna.potts --method mean-field --threads 1")
    _run("convert m.potts matched.potts --match-temperature a.fasta --threads 1")
    # Four sites, since most other programs write numbers as text.
    rows = Path("a.psicov").read_text().split()
    Path("small.fasta").write_text("".join(f">s/11-14\n{row[:4]}\n" for row in rows))
    _run("fit small.fasta -o small.potts --threads 1 --lambda-h 0.1 --lambda-j 1")
    for foreign in READ_FORMATS:
        if foreign in WRITTEN_FORMATS:
            _run(f"convert small.potts m.{foreign.name} --to {foreign.name}")
    for name, data in _arrays().items():
        Path(f"m.{name}").write_bytes(data)


def _arrays() -> dict[str, bytes]:
    """Return models in arrays that are only read, by format: four sites each."""
    rng = np.random.default_rng(5)
    neighbours = np.array([[0, 2], [1, 0], [2, 0], [3, 1]])
    pottsmpnn = layouts.pottsmpnn_arrays(4, neighbours, FOCUS[:4])
    caliby = layouts.caliby_arrays(4, neighbours)
    # Couplings of those are sums over letters, which a gauge leaves nothing of.
    for arrays, name in ((pottsmpnn, "etab"), (caliby, "J")):
        arrays[name] = rng.normal(size=arrays[name].shape)
    return {
        "tensor": layouts.array(rng.normal(size=(4, 4, 21, 21))),
        "pottsmpnn": layouts.archive(**pottsmpnn),
        "caliby": layouts.archive(**caliby),
    }


def _learnt() -> None:
    """Write what was learnt from measurements, a checkpoint and parts of a table."""
    _run("assay m.potts l.csv -o curve.csv --train --augmented learnt.json")
    _run(f"{CHECKPOINTED} --checkpoint c.checkpoint")
    join = TableParts.join

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    TableParts.join = interrupted
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            main(f"{SCORED} -o scored.csv".split())
    finally:
        TableParts.join = join
    (journal,) = Path("scored.csv.parts").glob("journal*")
    (part,) = Path("scored.csv.parts").glob("0*")
    shutil.copy(journal, JOURNAL)
    shutil.copy(part, PART)
    Path("part.name").write_text(part.name)
    shutil.rmtree("scored.csv.parts")


# Short runs that their unfinished files belong to.
CHECKPOINTED = (
    "fit rna.fasta -o learnt.potts --method boltzmann --no-focus --chains 20 "
    "--max-iterations 12 --lambda-j 0.1 --threads 1"
)
SCORED = "score m.potts l.csv --threads 1"
