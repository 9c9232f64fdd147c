"""Vector operations on tables of couplings: sums of their rows, and draws.

As in :mod:`pottsfold.simd.rows`, a row's width is that of the tuple ``lanes``. Tables
are float32, or int16 in steps of a power of two, in which a row of up to 32 letters
is one cache line and sums are exact.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from pottsfold.simd.arrays import CACHE_LINE
from pottsfold.simd.codegen import BYTE, INT16, INT32, INT64, Row

# Running sums that a sum of many rows is made in.
WAYS = 4
# Columns of an int16 table that are added at once.
EIGHT = 8
MAX_SHORT = 32767.0


class _Columns:
    """How rows of a table are added up, a sum for each of WAYS residues of a column."""

    def __init__(self, row: Row, table_type: Any, table: Any, lanes: Any) -> None:
        self.builder, self.row = row.builder, row
        view = row.context.make_array(table_type)(row.context, row.builder, table)
        self.start = self.builder.bitcast(view.data, BYTE.as_pointer())
        self.short = table_type.dtype == types.int16
        if self.short:
            width = short_width(lanes.count)
            self.vectors = [(ir.VectorType(INT16, width), 0)]
            self.step, self.row_bytes = EIGHT, 2 * width
            letters = ir.Constant(INT64, lanes.count)
        else:
            self.vectors = [(part.type, 4 * start) for part, start in row.parts()]
            self.step, self.row_bytes = WAYS, 4 * row.width
            letters = self.builder.extract_value(view.shape, 1)
        self.stride = self.builder.mul(letters, ir.Constant(INT64, self.row_bytes))
        self.totals = [
            [cgutils.alloca_once(self.builder, kind) for kind, _ in self.vectors]
            for _ in range(WAYS)
        ]
        for total in self.totals:
            for variable, (kind, _) in zip(total, self.vectors, strict=True):
                self.builder.store(ir.Constant(kind, None), variable)

    def plus(self, x: Any, y: Any) -> Any:
        return self.builder.add(x, y) if self.short else self.builder.fadd(x, y)

    def accumulate(self, j: Any, letters: Any) -> None:
        """Add the rows of ``step`` columns from j on; letters points to theirs."""
        build = self.builder
        word_type = ir.IntType(8 * self.step)
        place = build.bitcast(build.gep(letters, [j]), word_type.as_pointer())
        word = build.load(place, align=1, typ=word_type)
        here = build.gep(self.start, [build.mul(j, self.stride)])
        for k in range(self.step):
            shifted = build.lshr(word, ir.Constant(word_type, 8 * k))
            letter = build.zext(build.trunc(shifted, BYTE), INT64)
            offset = build.mul(letter, ir.Constant(INT64, self.row_bytes))
            there = build.gep(here, [offset])
            total = self.totals[k % WAYS]
            for variable, (kind, start) in zip(total, self.vectors, strict=True):
                part = build.gep(there, [ir.Constant(INT64, start)])
                part = build.bitcast(part, kind.as_pointer())
                addend = build.load(part, align=4, typ=kind)
                build.store(self.plus(build.load(variable), addend), variable)
            here = build.gep(here, [self.stride])

    def sums(self) -> list[Any]:
        """Return the sum as the row's parts: neighbours first, then sums of sums."""
        whole = []
        for variables in zip(*self.totals, strict=True):
            parts = [self.builder.load(variable) for variable in variables]
            while len(parts) > 1:
                pairs = zip(parts[::2], parts[1::2], strict=True)
                parts = [self.plus(x, y) for x, y in pairs]
            whole.append(parts[0])
        if not self.short:
            return whole
        return [self.wide(whole[0], *part) for part in self.row.parts()]

    def wide(self, shorts: Any, part: Any, start: int) -> Any:
        """Return the numbers of a part as floats."""
        places = list(range(start, start + part.width))
        mask = ir.Constant(ir.VectorType(INT32, part.width), places)
        some = self.builder.shuffle_vector(shorts, shorts, mask)
        integers = self.builder.sext(some, ir.VectorType(INT32, part.width))
        return self.builder.sitofp(integers, part.type)


def short_width(letters: int) -> int:
    """Return how many places an int16 row of so many letters has: whole cache lines.

    With 16 letters or less, half a line.
    """
    return max(CACHE_LINE // 4, 1 << (letters - 1).bit_length())


@intrinsic
def sum_columns(typing, out, k, table, codes, n, start, stop, lanes):
    """Add sum_j table[j, codes[n, j]] over start <= j < stop to out[k].

    Where start is zero the sum is written, not added. codes (N, J) uint8. A float32
    table (J, s, W) is added up in as many running sums as WAYS, so that one addition
    need not wait for the one before it; start and stop are multiples of WAYS. An int16
    table is (J, q, short_width(q)), q being the length of ``lanes``, so that a row is a
    cache line, and start and stop are multiples of EIGHT; no sum may leave the
    range of int16.
    """
    signature = types.void(out, k, table, codes, n, start, stop, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        k, n, start, stop = (row.index(args[x], sig.args[x]) for x in (1, 4, 5, 6))
        letters = row.pointer(sig.args[3], args[3], n)
        columns = _Columns(row, sig.args[2], args[2], lanes)
        step = ir.Constant(INT64, columns.step)
        with cgutils.for_range_slice(builder, start, stop, step) as (j, _):
            columns.accumulate(j, letters)
        place = row.pointer(sig.args[0], args[0], k)
        new = builder.icmp_signed("==", start, ir.Constant(INT64, 0))
        for (part, first), total in zip(row.parts(), columns.sums(), strict=True):
            there = row.at(place, first)
            before = builder.select(new, part.constant(0.0), part.load(there))
            part.store(builder.fadd(before, total), there)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def prefetch_line(typing, table, i, j, line):
    """Ask for the cache line that is ``line`` lines beyond the start of table[i, j].

    The processor brings it to the second-level cache while it goes on; a place beyond
    the table does no harm.
    """
    signature = types.void(table, i, j, line)

    def generate(context, builder, sig, args):
        view = context.make_array(sig.args[0])(context, builder, args[0])
        i, j, line = (
            context.cast(builder, args[k], sig.args[k], types.intp) for k in (1, 2, 3)
        )
        zero = ir.Constant(INT64, 0)
        places = [i, j, *[zero] * (sig.args[0].ndim - 2)]
        first = cgutils.get_item_pointer(context, builder, sig.args[0], view, places)
        offset = builder.mul(line, ir.Constant(INT64, CACHE_LINE))
        there = builder.gep(builder.bitcast(first, BYTE.as_pointer()), [offset])
        integers = [ir.Constant(INT32, value) for value in (0, 2, 1)]
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), *[INT32] * 3]),
            "llvm.prefetch.p0",
        )
        builder.call(function, [there, *integers])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def round_row(typing, out, rows, i, j, b, scale, most, lanes):
    """Write scale * rows[i, j, b] to out[i, j, b], rounded, halves to even.

    rows (I, J, s, W) float32, out (I, J, s, S) int16, held within +-32,767. The
    absolute values before that, where larger, go to most (W,) float32.
    """
    signature = types.void(out, rows, i, j, b, scale, most, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        places = [row.index(args[k], sig.args[k]) for k in (2, 3, 4)]
        target = row.pointer(sig.args[0], args[0], *places)
        source = row.pointer(sig.args[1], args[1], *places)
        most = row.pointer(sig.args[6], args[6])
        for part, start in row.parts():
            x = part.load(row.at(source, start))
            x = part.whole(builder.fmul(x, part.splat(args[5])))
            size = part.larger(x, builder.fneg(x))
            place = row.at(most, start)
            part.store(part.larger(part.load(place), size), place)
            x = part.larger(x, part.constant(-MAX_SHORT))
            over = builder.fcmp_ordered(">", x, part.constant(MAX_SHORT))
            x = builder.select(over, part.constant(MAX_SHORT), x)
            kind = ir.VectorType(INT16, part.width)
            there = builder.bitcast(row.at(target, start), kind.as_pointer())
            builder.store(builder.fptosi(x, kind), there, align=2)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def draw_from_row(typing, logits, n, fields, scale, uniform, lanes):
    """Return a letter drawn from softmax(scale * (logits[n] + fields)).

    By the inverse of the cumulative sum: the number of letters whose float32
    cumulative sum is at most ``uniform``, in [0, 1), of the whole. Sums run within
    eight letters first, so rounding (1e-7 of the whole) may give a letter of
    probability zero that follows one of more than zero: the caller looks.
    """
    signature = types.intp(logits, n, fields, scale, uniform, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        first = row.pointer(sig.args[0], args[0], row.index(args[1], sig.args[1]))
        field = row.pointer(sig.args[2], args[2])
        x = []
        for part, start in row.parts():
            one, other = (part.load(row.at(place, start)) for place in (first, field))
            x.append(builder.fmul(builder.fadd(one, other), part.splat(args[3])))
        highest = row.highest(x)
        last, sums = None, []
        for (part, _), there in zip(row.parts(), x, strict=True):
            p = part.exp(builder.fsub(there, part.splat(highest)))
            running = part.cumulative(p)
            if last is not None:
                running = builder.fadd(running, part.splat(last))
            last = part.last(running)
            sums.append(running)
        bound = builder.fmul(args[4], last)
        count = ir.Constant(INT32, 0)
        for (part, _), running in zip(row.parts(), sums, strict=True):
            below = builder.fcmp_ordered("<=", running, part.splat(bound))
            bits = builder.bitcast(below, ir.IntType(part.width))
            count = builder.add(count, builder.ctpop(builder.zext(bits, INT32)))
        return builder.zext(count, INT64)

    return signature, generate


if config.BOUNDSCHECK:
    from pottsfold.simd.checked import (  # noqa: F401
        draw_from_row,
        prefetch_line,
        round_row,
        sum_columns,
    )
