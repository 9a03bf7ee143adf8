"""One module per noun, one function per verb, one transaction per function."""
