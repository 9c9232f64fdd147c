"""What a fit takes of a device, in memory and time, known before it starts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch

from pottsfold.errors import MemoryShort
from pottsfold.inference.on_torch.devices import Device
from pottsfold.inference.on_torch.pairs import Pairs
from pottsfold.inference.on_torch.sites import Blocks, DeviceSites
from pottsfold.inference.on_torch.vectors import OnDevice
from pottsfold.inference.pseudolikelihood.plan import (
    EVALUATIONS,
    FEW_EVALUATIONS,
    MEMORY,
    SETTING_UP,
    Form,
    Plan,
)
from pottsfold.inference.regularization import Regularization
from pottsfold.memory import FLOAT32, in_gib
from pottsfold.model.potts import SECONDS_PER_BYTE, model_bytes
from pottsfold.provenance import least_seconds

# Sequences at a time at least.
LEAST_ROWS = 256
# Bytes of one-hot rows at a time where every site has its own: more are no quicker.
MOST_BYTES = {"cpu": 2**26, "cuda": 2**31, "mps": 2**29}
# Share of the free memory that is planned for; what allocators leave unused is beside.
PLANNED_SHARE = 0.9
# Arrays like a strip that are there at once: the couplings, as a factor, the slopes in
# float64 and of one piece, and half of it twice on the way to or from the vectors.
STRIPS = 6
# Bytes of a letter's place in a piece: logits with fields, probabilities, two of their
# copies in products, residuals as a factor; and of a site's, its letter and weights.
BYTES_PER_LETTER, BYTES_PER_SITE = 24, 40
# Sequences of a visit that is timed, and how often.
TIMED_ROWS, TIMES = 1024, 2
TIMED_COUPLINGS = 2**22
# Site, slot and number of a pair at both its sites.
BYTES_PER_PAIR = 48


@dataclass(frozen=True)
class DevicePlan(Plan):
    """How a fit will be made on a device, the memory of which is counted.

    Parameters
    ----------
    form, bytes_needed, reason
        As in :class:`.Plan`.
    blocks : Blocks
        How much is worked on at a time.
    """

    blocks: Blocks = field(kw_only=True)


@dataclass(frozen=True)
class Sizes:
    """What memory is counted from.

    Parameters
    ----------
    n_sequences : int
        Those of one process.
    length, size : int
        Sites L and letters s.
    n_pairs, n_slots : int
        Pairs with couplings, and partners of a site at most.
    factor_bytes : int
        Bytes of a number in a product.
    most_rows, most_sites : int
        Sequences and sites at a time at most.
    shares_rows : bool
        Whether all sites of a block share one-hot rows.
    """

    n_sequences: int
    length: int
    size: int
    n_pairs: int
    n_slots: int
    factor_bytes: int
    most_rows: int
    most_sites: int
    shares_rows: bool

    @staticmethod
    def of(pairs: Pairs, n_sequences: int, n_pairs: int, complete: bool) -> Sizes:
        """Return the sizes of a fit."""
        device = pairs.device
        most_rows, most_sites = device.most_rows, pairs.length
        if not complete:
            of_site = pairs.n_slots * _slot_bytes(pairs.size, device.factor_bytes)
            fitting = MOST_BYTES[device.kind] // (most_rows * of_site)
            most_sites = min(max(fitting, 1), most_sites)
        return Sizes(
            n_sequences,
            pairs.length,
            pairs.size,
            n_pairs,
            pairs.n_slots,
            device.factor_bytes,
            most_rows,
            most_sites,
            complete,
        )

    def needed(self, form: Form, blocks: Blocks) -> int:
        """Return the bytes that a form takes with such blocks."""
        strip = blocks.sites * self.n_slots * self.size**2 * FLOAT32
        vectors = 2 * MEMORY + 5
        rows = min(blocks.rows, self.n_sequences)
        one_hot = self.n_slots * _slot_bytes(self.size, self.factor_bytes)
        if not self.shares_rows:
            one_hot *= blocks.sites
        of_row = one_hot + blocks.sites * (
            BYTES_PER_LETTER * self.size + BYTES_PER_SITE
        )
        logits = self.n_sequences * blocks.sites * self.size * FLOAT32
        total = self.n_sequences * (self.length + FLOAT32)
        total += BYTES_PER_PAIR * self.n_pairs
        total += STRIPS * strip + logits + rows * of_row
        if form == "symmetric":
            return total + vectors * self.n_pairs * self.size**2 * FLOAT32
        return total + vectors * strip

    def blocks(self, form: Form, room: int) -> Blocks | None:
        """Return the largest blocks that fit, None where none does."""
        sites = self.most_sites
        while True:
            rows = self.most_rows
            while rows >= LEAST_ROWS:
                blocks = Blocks(sites, rows)
                if self.needed(form, blocks) <= room:
                    return blocks
                rows //= 2
            if sites == 1:
                return None
            sites = -(-sites // 2)

    def longest(self, room: int) -> int:
        """Return the number of sites of which the symmetric form would fit."""
        fits, too_many = 0, self.length
        while too_many - fits > 1:
            middle = (fits + too_many) // 2
            n_pairs = middle * (middle - 1) // 2
            smaller = replace(
                self,
                length=middle,
                n_pairs=n_pairs,
                n_slots=middle,
                most_sites=middle,
            )
            if smaller.blocks("symmetric", room) is None:
                too_many = middle
            else:
                fits = middle
        return fits


def _slot_bytes(size: int, factor_bytes: int) -> int:
    """Return the bytes of a sequence's letter at a partner, as products take it.

    A comparison and a number for each of s letters, and a place to gather from.
    """
    return size * (1 + factor_bytes) + 24


def plan_on_device(
    sizes: Sizes, form: Form | None, device: Device, free: int
) -> DevicePlan:
    """Choose form and blocks: the symmetric form unless memory is short.

    Parameters
    ----------
    sizes : Sizes
        Of the fit.
    form : {"symmetric", "asymmetric"}, optional
        The form asked for.
    device : Device
        Where.
    free : int
        Bytes that the fit may take there.

    Raises
    ------
    MemoryShort
        If the form asked for, or either, does not fit.
    """
    room = int(PLANNED_SHARE * free)
    least = Blocks(1, LEAST_ROWS)
    forms: tuple[Form, ...] = ("symmetric", "asymmetric") if form is None else (form,)
    for each in forms:
        blocks = sizes.blocks(each, room)
        if blocks is not None:
            reason = ""
            if each != forms[0]:
                symmetric = sizes.needed("symmetric", least)
                reason = f"the symmetric form would take {in_gib(symmetric)}"
            return DevicePlan(each, sizes.needed(each, blocks), reason, blocks=blocks)
    needed = sizes.needed(forms[-1], least)
    raise MemoryShort(needed, room, _way_out(sizes, form, room, device))


def _way_out(sizes: Sizes, form: Form | None, room: int, device: Device) -> str:
    ways = []
    if sizes.shares_rows:
        ways.append(
            f"{sizes.longest(room)} columns would fit on {device.name}: leave out "
            "gap-rich ones with `max_column_gaps`"
        )
        ways.append("couple fewer pairs with `structure` or `pairs`")
    if form == "symmetric" and sizes.blocks("asymmetric", room) is not None:
        ways.append("take `form=asymmetric`")
    ways.append("leave out `device`")
    return ", or ".join(ways)


def expected_seconds(
    sites: DeviceSites, regularization: Regularization, complete: bool
) -> tuple[float, float]:
    """Return the least and most seconds a fit will take, from a timed visit.

    Of some sequences, all of a block's sites; as many evaluations are expected as of
    the Numba core.
    """
    scale = (sites.neff / regularization.couplings) ** 0.4
    each = _seconds_per_evaluation(sites)
    n_pairs = sites.pairs.n_couplings // sites.size**2
    model = model_bytes(sites.length, sites.full_size, None if complete else n_pairs)
    once = SETTING_UP + SECONDS_PER_BYTE * model
    least, most = (once + (FEW_EVALUATIONS + k * scale) * each for k in EVALUATIONS)
    return least, most


def _seconds_per_evaluation(sites: DeviceSites) -> float:
    device, pairs = sites.device, sites.pairs
    block = range(min(sites.blocks.sites, sites.length))
    strip = pairs.empty_strip(block)
    part = sites.part(TIMED_ROWS)

    def visit() -> None:
        part.visit(block, strip)
        device.wait()

    share = len(block) / sites.length * len(part.batch) / max(len(sites.batch), 1)
    visits = least_seconds(visit, TIMES) / max(share, 1e-9)
    count = min(pairs.n_couplings, TIMED_COUPLINGS)
    x = torch.zeros((2, max(count, 1)), device=device.name)
    arithmetic = OnDevice(device)

    def add() -> None:
        arithmetic.add_scaled(0.5, x[0], x[1])
        device.wait()

    moved = float(6 * 2 * MEMORY + 12) / 3 * pairs.n_couplings / max(count, 1)
    return visits + moved * least_seconds(add, TIMES)
