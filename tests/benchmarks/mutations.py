"""Mutants scored a second, made by ``python -m tests.benchmarks.mutations``.

The first table is one thread's processor time: look-ups alone, texts read and placed,
and csv text to scores; beside it the reader of single texts with a plain loop over
pairs, in the same run. The second is whole processes: wall and processor seconds and
peak memory, from csv and Parquet, on one thread and two.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from pottsfold.model import Fit, FitReport, PottsModel, save_fit
from pottsfold.mutations import EffectTables, effect_tables
from pottsfold.mutations.library.files import open_library
from pottsfold.mutations.library.parse_one import place_each
from pottsfold.mutations.library.parsing import TextColumns
from pottsfold.mutations.scoring import LibraryScorer
from tests.naive import mutations as naive
from tests.strategies import random_model

LENGTHS = (71, 253)
DEPTHS = {
    "1": (1,),
    "2": (2,),
    "1-2": (1, 2),
    "4": (4,),
    "8": (8,),
    "2-10": (*range(2, 11),),
}
LETTERS = "ACDEFGHIKLMNPQRSTVWY"
REPEATS = 5
ROWS = 200_000
ROWS_SINGLY = 2_000
ROWS_OF_A_FILE = 10_000_000


def library(model: PottsModel, depths: tuple[int, ...], rows: int) -> list[str]:
    """Return mutants of random columns and letters, depths drawn alike."""
    rng = np.random.default_rng(0)
    focus = model.focus_sequence
    texts = []
    for depth in rng.choice(depths, rows).tolist():
        columns = rng.permutation(model.length)[:depth].tolist()
        letters = rng.integers(len(LETTERS), size=depth).tolist()
        texts.append(
            ":".join(
                f"{focus[i]}{i + 1}{LETTERS[a]}"
                for i, a in zip(columns, letters, strict=True)
            )
        )
    return texts


def seconds(task: Callable[[], object]) -> float:
    """Return the least processor time of this thread that a task took."""
    task()
    times = []
    for _ in range(REPEATS):
        start = time.thread_time()
        task()
        times.append(time.thread_time() - start)
    return min(times)


def rates(
    model: PottsModel, tables: EffectTables, depths: tuple[int, ...], rows: int
) -> dict[str, float]:
    """Return millions of mutants a second, by what is done with them."""
    texts = library(model, depths, rows)
    column = pa.array(texts)
    reader = TextColumns(tables)
    mutants = reader.read(column)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.csv"
        path.write_text("mutant\n" + "\n".join(texts) + "\n")
        found = {
            "look-ups": rows / seconds(lambda: tables.effects(mutants)),
            "texts": rows / seconds(lambda: reader.read(column)),
            "csv": rows / seconds(lambda: score_file(path, tables)),
        }
    few = texts[: min(rows, ROWS_SINGLY)]
    start = time.thread_time()
    score_plainly(model, few)
    found["plain"] = len(few) / (time.thread_time() - start)
    return {name: rate / 1e6 for name, rate in found.items()}


def score_file(path: Path, tables: EffectTables) -> int:
    """Read and score a library in this thread; the result is thrown away."""
    source = open_library(path)
    scorer = LibraryScorer(tables, "mutant")
    rows = 0
    for block in source.blocks():
        part = source.table(block)
        rows += len(tables.effects(scorer.place(part)).additive)
    source.close()
    return rows


def score_plainly(model: PottsModel, texts: list[str]) -> list[float]:
    """Read each text by itself and add its pairs up in a Python loop."""
    mutants = place_each(model, texts)
    scores = []
    for n in range(len(mutants)):
        places = slice(mutants.offsets[n], mutants.offsets[n + 1])
        columns, letters = mutants.columns[places], mutants.letters[places]
        changes = dict(zip(columns.tolist(), letters.tolist(), strict=True))
        scores.append(naive.epistasis(model.focus, changes, model.couplings))
    return scores


def run_of_a_process(words: list[str]) -> tuple[float, float, float]:
    """Return wall and processor seconds and peak MiB of ``pottsfold score``."""
    # Not ru_maxrss, which a process has from the one that started it.
    program = (
        "import sys, time; from pottsfold.commands.main import main; "
        "status = main(sys.argv[1:]); "
        "lines = open('/proc/self/status').read().splitlines(); "
        "peak = next(line.split()[1] for line in lines if line.startswith('VmHWM')); "
        "print(time.process_time(), peak); sys.exit(status)"
    )
    start = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", program, "score", *words],
        capture_output=True,
        check=True,
        text=True,
    )
    cpu, peak = map(float, result.stdout.split())
    return time.perf_counter() - start, cpu, peak / 1024


def print_rates(lengths: tuple[int, ...], rows: int) -> None:
    print("| L | depth | look-ups, M/s | texts, M/s | from csv, M/s | plain, M/s |")
    print("|---|---|---|---|---|---|")
    for length in lengths:
        model = random_model(0, length, gaps="missing")
        tables = effect_tables(model)
        for name, depths in DEPTHS.items():
            rate = rates(model, tables, depths, rows)
            print(
                f"| {length} | {name} | {rate['look-ups']:.1f} | {rate['texts']:.1f} | "
                f"{rate['csv']:.1f} | {rate['plain']:.3f} |",
                flush=True,
            )


def print_processes(lengths: tuple[int, ...], rows: int, folder: Path) -> None:
    print("| L | rows | from | to | threads | wall s | CPU s | peak MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for length in lengths:
        model = random_model(0, length, gaps="missing")
        potts = folder / "m.potts"
        save_fit(potts, Fit(model, FitReport("independent")))
        drawn = library(model, (1, 2), min(rows, 500_000))
        write_libraries(folder, drawn, rows)
        for source in ("csv", "parquet"):
            for target in ("csv", "parquet"):
                for threads in (1, 2):
                    paths = [
                        potts,
                        folder / f"l.{source}",
                        "-o",
                        folder / f"o.{target}",
                    ]
                    words = [*map(str, paths), "--threads", str(threads)]
                    wall, cpu, peak = run_of_a_process(words)
                    print(
                        f"| {length} | {rows} | {source} | {target} | {threads} | "
                        f"{wall:.1f} | {cpu:.1f} | {peak:.0f} |",
                        flush=True,
                    )


def write_libraries(folder: Path, texts: list[str], rows: int) -> None:
    """Write texts, over and over up to a number of rows, as csv and Parquet."""
    table = pa.table({"mutant": texts})
    lines = "\n".join(texts) + "\n"
    with (
        open(folder / "l.csv", "w") as plain,
        parquet.ParquetWriter(folder / "l.parquet", table.schema) as packed,
    ):
        plain.write("mutant\n")
        for start in range(0, rows, len(texts)):
            count = min(len(texts), rows - start)
            packed.write_table(table.slice(0, count))
            plain.write(
                lines if count == len(texts) else "\n".join(texts[:count]) + "\n"
            )


def main(
    lengths: tuple[int, ...] = LENGTHS,
    rows: int = ROWS,
    file_rows: int = ROWS_OF_A_FILE,
) -> None:
    """Print both tables."""
    print_rates(lengths, rows)
    print()
    with tempfile.TemporaryDirectory() as folder:
        print_processes(lengths, file_rows, Path(folder))


if __name__ == "__main__":
    main()
