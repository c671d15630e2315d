"""The ring of the keys in ENCRYPTION_KEYS; what a ring is, both sides share."""

from backend.key_ring import KeyRing, NotDecipherable, place

__all__ = ["KeyRing", "NotDecipherable", "place"]
