"""Libraries of mutants: files of them, read in blocks, and mutants placed in a model.

``files/`` opens csv, tsv, Parquet and FASTA and cuts them into blocks; ``parsing/``
reads whole columns of mutants at once. Every row becomes a mutant with a status and a
reason, which :class:`~pottsfold.mutations.library.summary.LibrarySummary` counts.
"""
