"""Mail as values: what was sent by the programs people use, by machines, and by those who mean harm."""
