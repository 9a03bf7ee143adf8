"""What the PBX itself wrote down of the calls we did not hear, and how it mends the log."""
