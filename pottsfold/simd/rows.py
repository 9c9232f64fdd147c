"""Operations on whole rows, whose width is known when compiling.

Each function takes ``lanes``, a tuple whose *length* is the row's, and works on the
whole row in registers, in the order written, so results do not depend on the
machine's vector width. Rows are float32. No index is checked, except under
``NUMBA_BOUNDSCHECK=1``: then :mod:`pottsfold.simd.checked` takes their place.
"""

from __future__ import annotations

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from pottsfold.simd.codegen import FLOAT, INT32, INT64, Row

DOUBLE = ir.DoubleType()


@intrinsic
def gather_rows(typing, out, n, rows, places, lanes):
    """Add rows[places[0]], rows[places[1]], ... to out[n]; places is a tuple."""
    signature = types.void(out, n, rows, places, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        place = row.pointer(sig.args[0], args[0], row.index(args[1], sig.args[1]))
        total = row.load(place)
        for k in range(places.count):
            index = row.index(builder.extract_value(args[3], k), places.dtype)
            there = row.pointer(sig.args[2], args[2], index)
            total = builder.fadd(total, row.load(there))
        row.store(total, place)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def scatter_row(typing, rows, n, out, places, lanes):
    """Add rows[n] to out[places[0]], out[places[1]], ...; places is a tuple.

    The more places, the better the processor hides that one sum waits for the one
    before it.
    """
    signature = types.void(rows, n, out, places, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        n = row.index(args[1], sig.args[1])
        addend = row.load(row.pointer(sig.args[0], args[0], n))
        for k in range(places.count):
            index = row.index(builder.extract_value(args[3], k), places.dtype)
            there = row.pointer(sig.args[2], args[2], index)
            row.store(builder.fadd(row.load(there), addend), there)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def join_row(typing, rows, r, parent, table, j, b, lanes):
    """Write rows[parent] + table[j, b] to rows[r]."""
    signature = types.void(rows, r, parent, table, j, b, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        r, parent, j, b = (row.index(args[k], sig.args[k]) for k in (1, 2, 4, 5))
        total = builder.fadd(
            row.load(row.pointer(sig.args[0], args[0], parent)),
            row.load(row.pointer(sig.args[3], args[3], j, b)),
        )
        row.store(total, row.pointer(sig.args[0], args[0], r))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def part_row(typing, rows, r, parent, table, j, b, lanes):
    """Add rows[r] to rows[parent] and to table[j, b]: the transpose of join_row."""
    signature = types.void(rows, r, parent, table, j, b, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        r, parent, j, b = (row.index(args[k], sig.args[k]) for k in (1, 2, 4, 5))
        addend = row.load(row.pointer(sig.args[0], args[0], r))
        for place in (
            row.pointer(sig.args[0], args[0], parent),
            row.pointer(sig.args[3], args[3], j, b),
        ):
            row.store(builder.fadd(row.load(place), addend), place)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def softmax_row(typing, logits, n, fields, scale, out, lanes):
    """Write scale * softmax(logits[n] + fields) to out[n]; return its log-norm.

    fields (width,) float32 holds a hugely negative number in places to leave out.
    The log-norm is returned in two parts, (highest, sum): log sum exp = highest +
    log(sum).
    """
    returned = types.UniTuple(types.float32, 2)
    signature = returned(logits, n, fields, scale, out, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        n = row.index(args[1], sig.args[1])
        x = builder.fadd(
            row.load(row.pointer(sig.args[0], args[0], n)),
            row.load(row.pointer(sig.args[2], args[2])),
        )
        highest = row.fold(x, row.larger)
        p = row.exp(builder.fsub(x, row.splat(highest)))
        norm = row.fold(p, builder.fadd)
        factor = builder.fdiv(args[3], norm)
        row.store(
            builder.fmul(p, row.splat(factor)), row.pointer(sig.args[4], args[4], n)
        )
        return context.make_tuple(builder, returned, (highest, norm))

    return signature, generate


@intrinsic
def add_scaled_row(typing, out, k, scale, rows, n, lanes):
    """Add scale * rows[n] to out[k]."""
    signature = types.void(out, k, scale, rows, n, lanes)

    def generate(context, builder, sig, args):
        row = Row(context, builder, lanes)
        k, n = row.index(args[1], sig.args[1]), row.index(args[4], sig.args[4])
        place = row.pointer(sig.args[0], args[0], k)
        there = row.load(row.pointer(sig.args[3], args[3], n))
        product = builder.fmul(row.splat(args[2]), there)
        row.store(builder.fadd(row.load(place), product), place)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def sum_of_products(typing, x, y):
    """Return the float64 sum of x * y over two float32 vectors, (n,), n % 16 == 0.

    Sixteen running sums, added up in a fixed order at the end.
    """
    signature = types.float64(x, y)
    width = 16

    def generate(context, builder, sig, args):
        arrays = [
            context.make_array(sig.args[k])(context, builder, args[k]) for k in (0, 1)
        ]
        size = builder.extract_value(arrays[0].shape, 0)
        floats, doubles = ir.VectorType(FLOAT, width), ir.VectorType(DOUBLE, width)
        total = cgutils.alloca_once_value(
            builder, ir.Constant(doubles, [ir.Constant(DOUBLE, 0.0)] * width)
        )
        first, step = ir.Constant(INT64, 0), ir.Constant(INT64, width)
        with cgutils.for_range_slice(builder, first, size, step) as (k, _):
            wide = []
            for array, array_type in zip(arrays, sig.args, strict=True):
                place = cgutils.get_item_pointer(
                    context, builder, array_type, array, [k]
                )
                row = builder.load(
                    builder.bitcast(place, floats.as_pointer()), align=4, typ=floats
                )
                wide.append(builder.fpext(row, doubles))
            product = builder.fmul(*wide)
            builder.store(builder.fadd(builder.load(total), product), total)
        parts = builder.load(total)
        result = ir.Constant(DOUBLE, 0.0)
        for k in range(width):
            part = builder.extract_element(parts, ir.Constant(INT32, k))
            result = builder.fadd(result, part)
        return result

    return signature, generate


if config.BOUNDSCHECK:
    from pottsfold.simd.checked import (  # noqa: F401
        add_scaled_row,
        gather_rows,
        join_row,
        part_row,
        scatter_row,
        softmax_row,
        sum_of_products,
    )
