"""Secrets that somebody else knows: printed in documentation, or made by hand."""

import hashlib

from backend.key_ring import counts, is_no_random_key, repeats
from backend.settings import looks_like_a_placeholder

__all__ = ["is_made_by_hand", "is_no_random_key", "is_well_known"]

_FEWEST_CHARACTERS = 8
# SHA-256 of secrets that well-known documentation and examples print, and that people copy.
_WELL_KNOWN = frozenset(
    {
        "1453cea2dc3799e9026e42b3e465e455256d5a149582e4c5b92d4c8d604731a2",
        "1ea604f64a8a5084cb916142866daf06cdb5f69c716f7ba286dc0c1eb2c2209a",
        "2598f7d6adc142d88161630f3db12ab2bd3403521c281811e5e1ce60d4ac5d76",
        "3354cfcf65c7b2e6840ea6f880aede239750cb1d063950c4e8fd9fbf9ec73a32",
        "465d9ad5d5528ebe287b5dce4fb51620833d09b290e49ddcc70ca6c4a0aea01b",
        "570dad43de1af4c925f92c16a68a50936da42b7dd6fdeb24850507a1199aac89",
        "8b1b17a9740c068accab5c3d0d652c8e3cc13206e70bb73b42ea41d4c2de3c12",
        "a064b502e61d27e94b8717290e5e1b32e36720e9fbdf952ec81a84c07128cb37",
        "db6833593279d7373592ef70e51f3daf048c04475739f8ed024b0821fd9e7fde",
        "ef1ca7491dee871be5f0e33a6d3f3e631bc8a69136fa49fddf3f3ca5bf3bd714",
    }
)


def is_well_known(secret: str) -> bool:
    """Whether documentation prints this very secret."""
    return hashlib.sha256(secret.strip().encode()).hexdigest() in _WELL_KNOWN


def is_made_by_hand(secret: str) -> bool:
    """Whether a text is a placeholder, repeats itself, or counts."""
    codes = secret.encode()
    return (
        looks_like_a_placeholder(secret)
        or len(set(codes)) < _FEWEST_CHARACTERS
        or repeats(codes)
        or counts(codes)
    )
