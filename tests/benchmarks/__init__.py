"""Speed as ratios: each benchmark measures us and a named baseline in the same run, on the same data."""
