"""Make the planted family: a known Potts model, a known structure, its sequences.

Run ``python data/planted/generate.py`` to write the files beside this one again,
byte for byte. Only NumPy is needed. README.md says what they hold.
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 20_240_229
LETTERS = "-ACDEFGHIKLMNPQRSTVWY"
RESIDUES = dict(
    zip(
        LETTERS[1:],
        "ALA CYS ASP GLU PHE GLY HIS ILE LYS LEU "
        "MET ASN PRO GLN ARG SER THR VAL TRP TYR".split(),
        strict=True,
    )
)
# Side-chain charge at pH 7, hydropathy (Kyte and Doolittle 1982) over 4.5, and
# side-chain volume (Zamyatnin 1972) from 0 for glycine to 1 for tryptophan.
CHARGE = {"D": -1.0, "E": -1.0, "K": 1.0, "R": 1.0, "H": 0.3}
HYDROPATHY = (
    np.array(
        "1.8 2.5 -3.5 -3.5 2.8 -0.4 -3.2 4.5 -3.9 3.8 "
        "1.9 -3.5 -1.6 -3.5 -4.5 -0.8 -0.7 4.2 -0.9 -1.3".split(),
        dtype=np.float64,
    )
    / 4.5
)
VOLUME = np.array(
    "0.17 0.29 0.30 0.46 0.78 0.00 0.56 0.64 0.65 0.64 "
    "0.61 0.32 0.31 0.50 0.68 0.17 0.33 0.48 1.00 0.80".split(),
    dtype=np.float64,
)

LATTICE = (4, 4, 3)
SPACING = 6.0  # angstrom: neighbours touch (< 8), diagonals (8.49) do not
BACKBITES = 4000
N_SEQUENCES = 2000
SWEEPS = 200
FIELD_SPREAD = 1.1
COUPLING_SCALE = 0.8
NOISE = 0.4
N_CONSERVED = 6


@dataclass(frozen=True)
class Truth:
    """The planted model.

    Parameters
    ----------
    coordinates : (L, 3) float64
        Place of every residue, in angstrom.
    fields : (L, 21) float32
        h_i(a); the gap's are zero.
    contacts : (n, 2) int64
        Columns i < j that touch and are coupled; no others are.
    contact_couplings : (n, 21, 21) float32
        J_ij(a, b) of every contact; the gap's are zero.
    """

    coordinates: NDArray[np.float64]
    fields: NDArray[np.float32]
    contacts: NDArray[np.int64]
    contact_couplings: NDArray[np.float32]


def compact_path(rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a random walk that fills the lattice, shape (L, 3).

    From a walk to and fro, one end after the other bites back: it bonds to a
    lattice neighbour k, and the piece between is turned round, which makes another
    walk through every place (Mansfield 1982, J Chem Phys 77:1554).
    """
    nx, ny, nz = LATTICE
    path = []
    for z in range(nz):
        for y in range(ny)[:: -1 if z % 2 else 1]:
            row = [(x, y, z) for x in range(nx)]
            path += row[:: -1 if (z * ny + y) % 2 else 1]
    for _ in range(BACKBITES):
        if rng.random() < 0.5:
            path.reverse()
        end = np.array(path[-1])
        distance = np.abs(np.array(path) - end).sum(axis=1)
        k = int(rng.choice(np.flatnonzero(distance == 1)))
        path[k + 1 :] = path[k + 1 :][::-1]
    return np.array(path)


def touching(path: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs i < j of lattice neighbours not next in the chain, (n, 2)."""
    distance = np.abs(path[:, np.newaxis] - path).sum(axis=2)
    i, j = np.nonzero(np.triu(distance == 1, 2))
    return np.stack([i, j], axis=1)


def pair_preference() -> NDArray[np.float64]:
    """Return what two touching residues like, shape (20, 20), in nats.

    Opposite charges attract and like ones repel; two hydrophobic residues gain;
    a large residue wants a small one beside it.
    """
    charge = np.array([CHARGE.get(letter, 0.0) for letter in LETTERS[1:]])
    bulk = VOLUME - VOLUME.mean()
    return (
        -1.5 * np.outer(charge, charge)
        + 0.5 * np.outer(HYDROPATHY, HYDROPATHY)
        - 3.0 * np.outer(bulk, bulk)
    )


def plant(rng: np.random.Generator) -> Truth:
    """Return the planted model."""
    path = compact_path(rng)
    contacts = touching(path)
    length, n_letters = len(path), len(LETTERS) - 1
    burial = np.bincount(contacts.ravel(), minlength=length)
    h = rng.normal(0.0, FIELD_SPREAD, (length, n_letters))
    h += 0.4 * (burial - burial.mean())[:, np.newaxis] * HYDROPATHY
    # Tryptophan and cysteine are rare in proteins whatever the site.
    h[:, [LETTERS.index(a) - 1 for a in "CW"]] -= 0.7
    for site in rng.choice(length, N_CONSERVED, replace=False):
        h[site, rng.integers(n_letters)] += 4.0
    scale = COUPLING_SCALE * rng.uniform(0.5, 1.5, (len(contacts), 1, 1))
    noise = rng.normal(0.0, NOISE, (len(contacts), n_letters, n_letters))
    couplings = scale * (pair_preference() + noise)
    couplings -= couplings.mean(axis=1, keepdims=True)
    couplings -= couplings.mean(axis=2, keepdims=True)
    fields = np.zeros((length, len(LETTERS)), np.float32)
    fields[:, 1:] = h - h.mean(axis=1, keepdims=True)
    with_gap = np.zeros((len(contacts), len(LETTERS), len(LETTERS)), np.float32)
    with_gap[:, 1:, 1:] = couplings
    return Truth(SPACING * path.astype(np.float64), fields, contacts, with_gap)


def sample(
    truth: Truth, rng: np.random.Generator, n_chains: int, sweeps: int
) -> NDArray[np.uint8]:
    """Return one sequence of each of many Gibbs chains, shape (n_chains, L)."""
    length = len(truth.fields)
    partners: list[list[tuple[int, NDArray[np.float64]]]] = [[] for _ in range(length)]
    for (i, j), block in zip(truth.contacts, truth.contact_couplings, strict=True):
        wide = block[1:, 1:].astype(np.float64)
        # Row x_j of the block is added to the logits of site i.
        partners[i].append((j, np.ascontiguousarray(wide.T)))
        partners[j].append((i, wide))
    h = truth.fields[:, 1:].astype(np.float64)
    letters = rng.integers(0, h.shape[1], (n_chains, length))
    for _ in range(sweeps):
        for i in rng.permutation(length):
            logits = np.tile(h[i], (n_chains, 1))
            for j, block_of_j in partners[i]:
                logits += block_of_j[letters[:, j]]
            heights = np.cumsum(np.exp(logits), axis=1)
            cut = rng.random((n_chains, 1)) * heights[:, -1:]
            letters[:, i] = (heights < cut).sum(axis=1)
    return (letters + 1).astype(np.uint8)


def energies(truth: Truth, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return E(x) = - sum_i h_i(x_i) - sum_contacts J_ij(x_i, x_j), shape (N,)."""
    total = np.zeros(len(codes))
    for i, h in enumerate(truth.fields.astype(np.float64)):
        total -= h[codes[:, i]]
    for (i, j), block in zip(truth.contacts, truth.contact_couplings, strict=True):
        total -= block[codes[:, i], codes[:, j]].astype(np.float64)
    return total


def as_found(codes: NDArray[np.uint8], rng: np.random.Generator) -> list[str]:
    """Return rows as text, with ends missing and letters unknown as in real files.

    The first row is left whole. Of the others 8 % lack an end of 1 to 10 residues
    on the left, 8 % on the right, and 1 % have one letter X.
    """
    letters = np.frombuffer(LETTERS.encode(), np.uint8)[codes].copy()
    length = letters.shape[1]
    for row in letters[1:]:
        left, right, spoilt = rng.random(3)
        run = int(rng.integers(1, 11))
        site = int(rng.integers(length))
        if spoilt < 0.01:
            row[site] = ord("X")
        if left < 0.08:
            row[:run] = ord("-")
        if right < 0.08:
            row[length - run :] = ord("-")
    return [row.tobytes().decode() for row in letters]


def write_alignment(path: Path, rows: list[str]) -> None:
    """Write gzipped FASTA, the focus first, with no time stamp in it."""
    names = [f"PLANTED/1-{len(rows[0])}"]
    names += [f"chain_{k:04d}" for k in range(1, len(rows))]
    text = "".join(f">{n}\n{row}\n" for n, row in zip(names, rows, strict=True))
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def write_structure(
    path: Path, sequence: str, coordinates: NDArray[np.float64]
) -> None:
    """Write one CA atom a residue as PDB."""
    lines = ["REMARK   1 PLANTED LATTICE FAMILY, MADE BY GENERATE.PY"]
    names = [RESIDUES[letter] for letter in sequence]
    for number, (residue, place) in enumerate(
        zip(names, coordinates, strict=True), start=1
    ):
        x, y, z = place
        lines.append(
            f"ATOM  {number:5d}  CA  {residue} A{number:4d}    "
            f"{x:8.3f}{y:8.3f}{z:8.3f}{1:6.2f}{0:6.2f}          {'C':>2}"
        )
    lines.append(f"TER   {len(names) + 1:5d}      {names[-1]} A{len(names):4d}")
    lines.append("END")
    path.write_text("".join(f"{line:<80}\n" for line in lines), newline="\n")


def generate(folder: Path) -> None:
    """Write alignment.fasta.gz, structure.pdb and truth.npz into a folder."""
    planting, sampling, spoiling = np.random.default_rng(SEED).spawn(3)
    truth = plant(planting)
    codes = sample(truth, sampling, N_SEQUENCES, SWEEPS)
    focus = int(energies(truth, codes).argmin())
    codes[[0, focus]] = codes[[focus, 0]]
    rows = as_found(codes, spoiling)
    write_alignment(folder / "alignment.fasta.gz", rows)
    write_structure(folder / "structure.pdb", rows[0], truth.coordinates)
    np.savez(
        folder / "truth.npz",
        fields=truth.fields,
        contacts=truth.contacts,
        contact_couplings=truth.contact_couplings,
    )


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
