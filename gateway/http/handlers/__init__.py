"""One module a noun: each handler reads what came, calls one verb, shows the result."""
