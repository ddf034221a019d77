"""Mutants that change nothing that anybody could see, and why: another check stands behind the one that is gone."""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}
"""The place of a mutant -> why its absence shows nothing."""
