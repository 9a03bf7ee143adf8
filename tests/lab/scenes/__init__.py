"""The calls the recordings are made of: each a small scene with people in it."""
