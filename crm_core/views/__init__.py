"""Reads for screens and reports, as typed read models."""
