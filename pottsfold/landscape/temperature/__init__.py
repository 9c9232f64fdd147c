"""The temperature at which samples of a model are most like its family."""

from pottsfold.landscape.temperature.matching import (
    MatchedTemperature,
    match_temperature,
)

__all__ = ["MatchedTemperature", "match_temperature"]
