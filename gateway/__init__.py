"""The process: composition root, command line, HTTP."""
