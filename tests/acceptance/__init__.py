"""The product against real peers, as its users would see it."""
