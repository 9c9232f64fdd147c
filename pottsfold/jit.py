"""The one place where Numba's options are set, and vector operations on rows.

Kernels release the interpreter lock and never start threads of their own: the
caller spreads independent tasks with :mod:`pottsfold.threads`. That keeps
compilation short, results independent of the number of threads, and processes
free to fork.

The compiler does not turn a loop over a short row (21 letters padded to 24 floats)
into good vector code, since it sees the row's length only at run time. The ``*_row``
functions below do: each takes ``lanes``, a tuple whose *length* is the row's, known
when compiling, and works on the whole row in registers, in the order written, so
results do not depend on the machine's vector width. Rows are float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import DTypeLike, NDArray

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

FLOAT, DOUBLE, INT32, INT64 = (
    ir.FloatType(),
    ir.DoubleType(),
    ir.IntType(32),
    ir.IntType(64),
)
CACHE_LINE = 64
# Numbers of a row that are handled as one vector in loops and running sums.
GROUP = 8
# Running sums that a sum of many rows is made in.
WAYS = 4
# Below this exp(x) is no normal float32 number: it counts as zero.
LEAST_EXPONENT = -87.0
LOG2_E = 1.4426950408889634
# Adding and taking away 1.5 * 2^23 rounds a float32 to the nearest whole number.
ROUNDER = 12582912.0
# 2^f for f in [-1/2, 1/2]: minimax, relative error 2e-7; highest power first.
EXP2_POLYNOMIAL = (
    1.535336188319500e-4,
    1.339887440266574e-3,
    9.618437357674640e-3,
    5.550332471162809e-2,
    2.402264791363012e-1,
    6.931472028550421e-1,
    1.0,
)


def kernel(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a function over arrays and scalars to machine code, once.

    The machine code is kept beside the source file (or in the user's cache
    folder), so a second run compiles nothing. A kernels file must not call
    kernels of another file: Numba's cache would not see edits there.
    ``fastmath`` stays off, so sums are made in the order written.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        compiled = njit(cache=True, **options)(function)
    except RuntimeError:
        # No folder on this machine can be written: compile in every process.
        compiled = njit(**options)(function)
    return cast("Callable[Parameters, Result]", compiled)


def aligned_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return zeros that begin on a cache line, so that no vector spans two of them.

    Rows of 24 floats that begin elsewhere cost a fifth more to add up.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size].view(dtype).reshape(shape)


class _Row:
    """Code generation for rows of ``width`` floats of C-contiguous arrays."""

    def __init__(self, context: Any, builder: Any, lanes: Any) -> None:
        self.context = context
        self.builder = builder
        self.width = lanes.count
        self.type = ir.VectorType(FLOAT, self.width)
        self.group = ir.VectorType(FLOAT, GROUP)

    def index(self, value: Any, numba_type: Any) -> Any:
        return self.context.cast(self.builder, value, numba_type, types.intp)

    def pointer(self, array_type: Any, array: Any, *indices: Any) -> Any:
        """Return a pointer to array[*indices, 0]."""
        view = self.context.make_array(array_type)(self.context, self.builder, array)
        place = cgutils.get_item_pointer(
            self.context,
            self.builder,
            array_type,
            view,
            [*indices, ir.Constant(INT64, 0)],
        )
        return self.builder.bitcast(place, self.type.as_pointer())

    def load(self, pointer: Any) -> Any:
        return self.builder.load(pointer, align=4, typ=self.type)

    def store(self, row: Any, pointer: Any) -> None:
        self.builder.store(row, pointer, align=4)

    def constant(self, value: float) -> Any:
        return ir.Constant(self.type, [ir.Constant(FLOAT, value)] * self.width)

    def splat(self, scalar: Any) -> Any:
        return self.repeated(scalar, self.width)

    def accumulator(self) -> list[Any]:
        """Return variables that hold a row of zeros, in parts of GROUP numbers.

        A vector whose length is no power of two would be taken apart into single
        numbers wherever it lives on from one turn of a loop to the next.
        """
        part = ir.Constant(self.group, [ir.Constant(FLOAT, 0.0)] * GROUP)
        return [
            cgutils.alloca_once_value(self.builder, part)
            for _ in range(self.width // GROUP)
        ]

    def accumulate(self, total: list[Any], pointer: Any) -> None:
        for variable, there in zip(total, self.parts_at(pointer), strict=True):
            addend = self.builder.load(there, align=4, typ=self.group)
            summed = self.builder.fadd(self.builder.load(variable), addend)
            self.builder.store(summed, variable)

    def store_sum(self, totals: list[list[Any]], pointer: Any) -> None:
        """Store the sum of accumulators, neighbours first, then sums of sums."""
        for there, *variables in zip(self.parts_at(pointer), *totals, strict=True):
            parts = [self.builder.load(variable) for variable in variables]
            while len(parts) > 1:
                pairs = zip(parts[::2], parts[1::2], strict=True)
                parts = [self.builder.fadd(x, y) for x, y in pairs]
            self.builder.store(parts[0], there, align=4)

    def parts_at(self, pointer: Any) -> list[Any]:
        """Return pointers to the parts of a row, GROUP numbers each."""
        first = self.builder.bitcast(pointer, self.group.as_pointer())
        return [
            self.builder.gep(first, [ir.Constant(INT64, k)], source_etype=self.group)
            for k in range(self.width // GROUP)
        ]

    def repeated(self, scalar: Any, count: int) -> Any:
        undefined = ir.Constant(ir.VectorType(FLOAT, count), ir.Undefined)
        row = self.builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
        mask = ir.Constant(ir.VectorType(INT32, count), [0] * count)
        return self.builder.shuffle_vector(row, row, mask)

    def part(self, row: Any, places: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(INT32, len(places)), places)
        return self.builder.shuffle_vector(row, self.constant(0.0), mask)

    def cumulative(self, row: Any) -> list[Any]:
        """Return the running sums of a row, in parts of GROUP numbers."""
        zero = self.width
        for shift in (1, 2, 4):
            # Each number takes in the one ``shift`` places before it in its group.
            places = [
                k - shift if k % GROUP >= shift else zero for k in range(self.width)
            ]
            row = self.builder.fadd(row, self.part(row, places))
        parts = [self.part(row, list(range(GROUP)))]
        for start in range(GROUP, self.width, GROUP):
            end = self.builder.extract_element(parts[-1], ir.Constant(INT32, GROUP - 1))
            part = self.part(row, list(range(start, start + GROUP)))
            parts.append(self.builder.fadd(part, self.repeated(end, GROUP)))
        return parts

    def fold(self, row: Any, combine: Callable[[Any, Any], Any]) -> Any:
        """Return one scalar from a row, halves combined, then halves of halves."""
        width = self.width
        while width % 2 == 0:
            width //= 2
            low, high = (
                ir.Constant(
                    ir.VectorType(INT32, width), list(range(start, start + width))
                )
                for start in (0, width)
            )
            row = combine(
                self.builder.shuffle_vector(row, row, low),
                self.builder.shuffle_vector(row, row, high),
            )
        parts = [
            self.builder.extract_element(row, ir.Constant(INT32, k))
            for k in range(width)
        ]
        while len(parts) > 1:
            parts = [combine(parts[0], parts[1]), *parts[2:]]
        return parts[0]

    def larger(self, x: Any, y: Any) -> Any:
        return self.builder.select(self.builder.fcmp_ordered(">", x, y), x, y)

    def exp(self, x: Any) -> Any:
        """Return exp(x) of a row; zero below LEAST_EXPONENT."""
        build = self.builder
        least = self.constant(LEAST_EXPONENT)
        tiny = build.fcmp_ordered("<", x, least)
        y = build.fmul(build.select(tiny, least, x), self.constant(LOG2_E))
        rounder = self.constant(ROUNDER)
        whole = build.fsub(build.fadd(y, rounder), rounder)
        part = build.fsub(y, whole)
        power = self.constant(EXP2_POLYNOMIAL[0])
        for coefficient in EXP2_POLYNOMIAL[1:]:
            power = build.fadd(build.fmul(power, part), self.constant(coefficient))
        # 2^whole, by writing the exponent bits of a float.
        integers = ir.VectorType(INT32, self.width)
        bits = build.fptosi(whole, integers)
        bias = ir.Constant(integers, [127] * self.width)
        shift = ir.Constant(integers, [23] * self.width)
        scale = build.bitcast(build.shl(build.add(bits, bias), shift), self.type)
        return build.select(tiny, self.constant(0.0), build.fmul(power, scale))


@intrinsic
def gather_rows(typing, out, n, rows, places, lanes):
    """Add rows[places[0]], rows[places[1]], ... to out[n]; places is a tuple."""
    signature = types.void(out, n, rows, places, lanes)

    def generate(context, builder, sig, args):
        row = _Row(context, builder, lanes)
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
        row = _Row(context, builder, lanes)
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
        row = _Row(context, builder, lanes)
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
        row = _Row(context, builder, lanes)
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
        row = _Row(context, builder, lanes)
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
def sum_rows(typing, out, k, table, codes, n, lanes):
    """Write sum_j table[j, codes[n, j]] to out[k].

    table (J, s, W) float32, codes (N, J) uint8, J a multiple of WAYS: as many running
    sums, so that one addition need not wait for the one before it.
    """
    signature = types.void(out, k, table, codes, n, lanes)

    def generate(context, builder, sig, args):
        row = _Row(context, builder, lanes)
        k, n = row.index(args[1], sig.args[1]), row.index(args[4], sig.args[4])
        letters = context.make_array(sig.args[3])(context, builder, args[3])
        length = builder.extract_value(letters.shape, 1)
        totals = [row.accumulator() for _ in range(WAYS)]
        first, step = ir.Constant(INT64, 0), ir.Constant(INT64, WAYS)
        with cgutils.for_range_slice(builder, first, length, step) as (j, _):
            for way, total in enumerate(totals):
                column = builder.add(j, ir.Constant(INT64, way))
                place = cgutils.get_item_pointer(
                    context, builder, sig.args[3], letters, [n, column]
                )
                letter = builder.zext(builder.load(place), INT64)
                there = row.pointer(sig.args[2], args[2], column, letter)
                row.accumulate(total, there)
        place = row.pointer(sig.args[0], args[0], k)
        row.store_sum(totals, place)
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
        row = _Row(context, builder, lanes)
        n = row.index(args[1], sig.args[1])
        x = builder.fadd(
            row.load(row.pointer(sig.args[0], args[0], n)),
            row.load(row.pointer(sig.args[2], args[2])),
        )
        x = builder.fmul(x, row.splat(args[3]))
        highest = row.fold(x, row.larger)
        p = row.exp(builder.fsub(x, row.splat(highest)))
        sums = row.cumulative(p)
        last = builder.extract_element(sums[-1], ir.Constant(INT32, GROUP - 1))
        bound = builder.fmul(args[4], last)
        bounds = row.repeated(bound, GROUP)
        count = ir.Constant(INT32, 0)
        for part in sums:
            below = builder.fcmp_ordered("<=", part, bounds)
            bits = builder.zext(builder.bitcast(below, ir.IntType(GROUP)), INT32)
            count = builder.add(count, builder.ctpop(bits))
        return builder.zext(count, INT64)

    return signature, generate


@intrinsic
def add_scaled_row(typing, out, k, scale, rows, n, lanes):
    """Add scale * rows[n] to out[k]."""
    signature = types.void(out, k, scale, rows, n, lanes)

    def generate(context, builder, sig, args):
        row = _Row(context, builder, lanes)
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
