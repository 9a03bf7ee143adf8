"""Tests of the PBX's books, without a PBX."""
