"""Every HTTP handler, on a thin typed route layer."""
