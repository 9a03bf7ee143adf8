"""What the core needs from outside the process, as protocols."""
