"""The parts of the call tracker: what was heard, what it means, what is told."""
