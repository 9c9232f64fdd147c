"""Code generation for rows of float32 numbers, as :mod:`pottsfold.simd.rows` uses it.

A row's width is that of a tuple, ``lanes``, so it is known when compiling, and a
whole row is held in registers. Everything is worked out in the order written, so
results do not depend on the machine's vector width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

FLOAT, BYTE, INT16, INT32, INT64 = (
    ir.FloatType(),
    ir.IntType(8),
    ir.IntType(16),
    ir.IntType(32),
    ir.IntType(64),
)
# Rows are whole multiples of so many numbers; running sums are made within them.
GROUP = 8
# The widest part of a row that is handled as one vector.
WIDEST = 16
# Below this exp(x) is no normal float32 number: it counts as zero.
MIN_EXPONENT = -87.0
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


def row_width(letters: int) -> int:
    """Return the numbers that a float32 row over so many letters is padded to."""
    return -(-letters // GROUP) * GROUP


class Floats:
    """Operations on vectors of ``width`` floats."""

    def __init__(self, builder: Any, width: int) -> None:
        self.builder = builder
        self.width = width
        self.type = ir.VectorType(FLOAT, width)

    def constant(self, value: float) -> Any:
        """Return a vector of one value."""
        return ir.Constant(self.type, [ir.Constant(FLOAT, value)] * self.width)

    def splat(self, scalar: Any) -> Any:
        """Return a vector of one number that is known when running."""
        undefined = ir.Constant(self.type, ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
        return self.pick(first, [0] * self.width)

    def load(self, pointer: Any) -> Any:
        """Return the numbers at a pointer."""
        there = self.builder.bitcast(pointer, self.type.as_pointer())
        return self.builder.load(there, align=4, typ=self.type)

    def store(self, row: Any, pointer: Any) -> None:
        """Write the numbers at a pointer."""
        there = self.builder.bitcast(pointer, self.type.as_pointer())
        self.builder.store(row, there, align=4)

    def pick(self, row: Any, places: list[int]) -> Any:
        """Return the numbers at places; place ``width`` holds a zero."""
        mask = ir.Constant(ir.VectorType(INT32, len(places)), places)
        return self.builder.shuffle_vector(row, self.constant(0.0), mask)

    def last(self, row: Any) -> Any:
        """Return the last number."""
        return self.builder.extract_element(row, ir.Constant(INT32, self.width - 1))

    def larger(self, x: Any, y: Any) -> Any:
        """Return the larger of two numbers, place by place."""
        return self.builder.select(self.builder.fcmp_ordered(">", x, y), x, y)

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

    def cumulative(self, row: Any) -> Any:
        """Return the running sums of a row: within each GROUP, then over groups."""
        zero = self.width
        places = range(self.width)
        for shift in (1, 2, 4):
            # Each number takes in the one ``shift`` places before it in its group.
            before = [k - shift if k % GROUP >= shift else zero for k in places]
            row = self.builder.fadd(row, self.pick(row, before))
        for end in range(GROUP, self.width, GROUP):
            ends = [end - 1 if end <= k < end + GROUP else zero for k in places]
            row = self.builder.fadd(row, self.pick(row, ends))
        return row

    def whole(self, x: Any) -> Any:
        """Return x rounded to whole numbers, halves to even, for abs(x) < 2^22."""
        rounder = self.constant(ROUNDER)
        return self.builder.fsub(self.builder.fadd(x, rounder), rounder)

    def exp(self, x: Any) -> Any:
        """Return exp(x) of a row; zero below MIN_EXPONENT."""
        build = self.builder
        least = self.constant(MIN_EXPONENT)
        tiny = build.fcmp_ordered("<", x, least)
        y = build.fmul(build.select(tiny, least, x), self.constant(LOG2_E))
        whole = self.whole(y)
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


class Row(Floats):
    """Rows of C-contiguous arrays: ``lanes``' length, rounded up to GROUPs."""

    def __init__(self, context: Any, builder: Any, lanes: Any) -> None:
        super().__init__(builder, row_width(lanes.count))
        self.context = context

    def index(self, value: Any, numba_type: Any) -> Any:
        """Return a number as one that counts places."""
        return self.context.cast(self.builder, value, numba_type, types.intp)

    def pointer(self, array_type: Any, array: Any, *indices: Any) -> Any:
        """Return a pointer to array[*indices, 0]."""
        view = self.context.make_array(array_type)(self.context, self.builder, array)
        return cgutils.get_item_pointer(
            self.context,
            self.builder,
            array_type,
            view,
            [*indices, ir.Constant(INT64, 0)],
        )

    def parts(self) -> list[tuple[Floats, int]]:
        """Return vectors that make a row up, and where each starts.

        A vector whose length is no power of two would be taken apart into single
        numbers wherever it lives on from one turn of a loop to the next.
        """
        starts = range(0, self.width, WIDEST)
        return [
            (Floats(self.builder, min(WIDEST, self.width - start)), start)
            for start in starts
        ]

    def at(self, pointer: Any, start: int) -> Any:
        """Return the pointer to number ``start`` of a row."""
        return self.builder.gep(pointer, [ir.Constant(INT64, start)])

    def highest(self, parts: list[Any]) -> Any:
        """Return the largest number of a row that is given in parts."""
        eight = Floats(self.builder, GROUP)
        groups = [
            vectors.pick(part, list(range(start, start + GROUP)))
            for (vectors, _), part in zip(self.parts(), parts, strict=True)
            for start in range(0, vectors.width, GROUP)
        ]
        while len(groups) > 1:
            groups = [self.larger(groups[0], groups[1]), *groups[2:]]
        return eight.fold(groups[0], eight.larger)
