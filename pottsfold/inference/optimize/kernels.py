"""Loops of the optimiser over long float32 vectors."""

import numpy as np

from pottsfold.jit import kernel
from pottsfold.simd.rows import sum_of_products


@kernel
def dot(x, y):
    """Return the sum of x * y, (n,) float32, made in float64."""
    whole = x.shape[0] - x.shape[0] % 16
    total = sum_of_products(x[:whole], y[:whole])
    for k in range(whole, x.shape[0]):
        total += np.float64(x[k]) * np.float64(y[k])
    return total


@kernel
def add_scaled(scale, x, y):
    """Add scale * x to y in place; (n,) float32, the product made in float32."""
    factor = np.float32(scale)
    for k in range(x.shape[0]):
        y[k] += factor * x[k]


@kernel
def move(x, scale, direction, out):
    """Write x + scale * direction to out; (n,) float32."""
    factor = np.float32(scale)
    for k in range(x.shape[0]):
        out[k] = x[k] + factor * direction[k]


@kernel
def subtract(x, y, out):
    """Write x - y to out; (n,) float32."""
    for k in range(x.shape[0]):
        out[k] = x[k] - y[k]
