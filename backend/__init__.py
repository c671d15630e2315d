"""Farout: the self-hosted backend of a Discord community."""

__version__ = "0.1.0"
