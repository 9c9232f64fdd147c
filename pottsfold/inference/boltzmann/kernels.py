"""Loops of one gradient of Boltzmann learning.

Arrays and scalars only. ``table[i, j, b, a] = J_ij(a, b)`` are couplings as the
sampler reads them, ``slopes`` the same of scaled gradients, both triangles of either
filled; rows over a letter are padded to W floats, and padding is zero. What is kept
once a pair, i < j, i outer, is (P, q, W) with rows over the letters of i. ``lanes`` is
a tuple of W numbers, there for its length alone. Every loop belongs to one site and
writes only to its own pairs.
"""

import numpy as np

from pottsfold.jit import kernel
from pottsfold.simd.rows import add_scaled_row


@kernel
def pair_base(site, length):
    """Return what a later site's number is added to for the number of their pair."""
    return site * (2 * length - site - 1) // 2 - site - 1


@kernel
def count_later(codes, site, counts):
    """Count letters at ``site`` together with those of every later site.

    codes (N, J) uint8; counts (L, q, W) int32: counts[j, b, a] is the number of n with
    x_n,site = a and x_nj = b, for j > site.
    """
    length = counts.shape[0]
    counts[site + 1 :] = 0
    for n in range(codes.shape[0]):
        a = codes[n, site]
        for j in range(site + 1, length):
            counts[j, codes[n, j], a] += 1


@kernel
def scaled_slopes(
    site, counts, n_chains, found, data, profile, damping, penalty, table, slopes
):
    """Write the scaled gradient of a site's later pairs to both their places.

    (C_data - C_chains - penalty J) / sqrt(f_i(a) f_j(b) + damping). counts as of
    :func:`count_later`; found (L, W) float64 are the chains' frequencies, data
    (P, q, W) float32 the family's correlations, profile (L, W) float64 f.
    """
    length, size = profile.shape[0], table.shape[2]
    base = pair_base(site, length)
    share = 1.0 / n_chains
    for j in range(site + 1, length):
        for b in range(size):
            for a in range(size):
                there = counts[j, b, a] * share - found[site, a] * found[j, b]
                slope = (
                    np.float64(data[base + j, b, a])
                    - there
                    - penalty * np.float64(table[site, j, b, a])
                ) / np.sqrt(profile[site, a] * profile[j, b] + damping)
                slopes[site, j, b, a] = slope
                slopes[j, site, a, b] = slope


@kernel
def mode_images(site, slopes, modes, images, lanes):
    """Write the slopes' products with every mode: images[site, k, a].

    sum_j sum_b modes[j, k, b] slopes[site, j, b, a]; modes and images (L, K, W)
    float32.
    """
    image = images[site]
    image[:] = np.float32(0.0)
    size = slopes.shape[2]
    for j in range(modes.shape[0]):
        if j != site:
            rows = slopes[site, j]
            for b in range(size):
                for k in range(modes.shape[1]):
                    add_scaled_row(image, k, modes[j, k, b], rows, b, lanes)


@kernel
def take_step(
    site,
    slopes,
    modes,
    images,
    profile,
    damping,
    rate,
    mask,
    table,
    mean,
    share,
    lanes,
):
    """Move the couplings of a site's later pairs, and their running mean.

    J += rate (slopes - sum_k (modes_k images_k^T + images_k modes_k^T)) / scale, with
    the scale of :func:`scaled_slopes`, where mask (P, q, W) bool is true; without
    entries it is true everywhere. mean (P, q, W) float32 += share (J - mean).
    """
    length, size = profile.shape[0], table.shape[2]
    base = pair_base(site, length)
    row = np.zeros((1, table.shape[3]), np.float32)
    masked = mask.shape[0] > 0
    for j in range(site + 1, length):
        for b in range(size):
            row[0] = slopes[site, j, b]
            for k in range(modes.shape[1]):
                add_scaled_row(row, 0, -images[j, k, b], modes[site], k, lanes)
                add_scaled_row(row, 0, -modes[j, k, b], images[site], k, lanes)
            for a in range(size):
                scale = np.sqrt(profile[site, a] * profile[j, b] + damping)
                moved = table[site, j, b, a] + np.float32(rate * row[0, a] / scale)
                if masked and not mask[base + j, b, a]:
                    moved = np.float32(0.0)
                table[site, j, b, a] = moved
                table[j, site, a, b] = moved
                mean[base + j, b, a] += share * (moved - mean[base + j, b, a])


@kernel
def mean_influence(site, table, profile, influence):
    """Write sum_j sum_b J_ij(a, b) f_j(b) of a site to influence[site], float64."""
    influence[site] = 0.0
    for j in range(profile.shape[0]):
        for b in range(table.shape[2]):
            weight = profile[j, b]
            for a in range(table.shape[3]):
                influence[site, a] += weight * np.float64(table[site, j, b, a])


@kernel
def keep_active(site, mask, slopes):
    """Set slopes of a site's later pairs to zero where mask, (P, q, W) bool, is false.

    In both their places.
    """
    length, size = slopes.shape[0], slopes.shape[2]
    base = pair_base(site, length)
    for j in range(site + 1, length):
        for b in range(size):
            for a in range(size):
                if not mask[base + j, b, a]:
                    slopes[site, j, b, a] = np.float32(0.0)
                    slopes[j, site, a, b] = np.float32(0.0)


@kernel
def activation_gains(
    site, counts, n_chains, found, data, profile, damping, mask, gains, moments
):
    """Write what each coupling of a site's later pairs that is off could gain.

    gains (P, q, W) float32: (C_data - C_chains)^2 / (2 (v + damping)), with
    v = f_i(a) (1 - f_i(a)) f_j(b) (1 - f_j(b)); -1 where mask (P, q, W) bool is true
    or a letter is not modelled. counts, found, data and profile as for
    :func:`scaled_slopes`. moments (7,) float64: over modelled letters their number and
    the sums of x, y, x^2, y^2, x y and v, x being C_data and y C_chains.
    """
    length, size = counts.shape[0], counts.shape[1]
    base = pair_base(site, length)
    share = 1.0 / n_chains
    moments[:] = 0.0
    for j in range(site + 1, length):
        gains[base + j] = np.float32(-1.0)
        for b in range(size):
            for a in range(size):
                f, g = profile[site, a], profile[j, b]
                if f == 0.0 or g == 0.0:
                    continue
                x = np.float64(data[base + j, b, a])
                y = counts[j, b, a] * share - found[site, a] * found[j, b]
                moments[0] += 1.0
                moments[1] += x
                moments[2] += y
                moments[3] += x * x
                moments[4] += y * y
                moments[5] += x * y
                variance = f * (1.0 - f) * g * (1.0 - g)
                moments[6] += variance
                if not mask[base + j, b, a]:
                    gains[base + j, b, a] = (x - y) ** 2 / (2.0 * (variance + damping))
