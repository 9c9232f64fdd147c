"""Sites on the CPU through torch, as tests want them."""

from pottsfold.inference.on_torch.devices import Device
from pottsfold.inference.on_torch.pairs import pairs_of
from pottsfold.inference.on_torch.ranks import Ranks
from pottsfold.inference.on_torch.sites import Blocks, DeviceSites

BLOCKS = Blocks(64, 4096)
ALONE = Ranks()


def device_sites(
    family,
    gaps,
    lambda_h,
    graph=None,
    *,
    device="cpu",
    precision="float32",
    blocks=BLOCKS,
    ranks=ALONE,
):
    size = family.alphabet.size - (gaps == "missing")
    pairs = pairs_of(graph, family.length, size, Device(device, precision))
    return DeviceSites(family, gaps, lambda_h, pairs, ranks, blocks)
