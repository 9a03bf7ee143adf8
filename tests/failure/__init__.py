"""What is left when something is killed, cut off or full."""
