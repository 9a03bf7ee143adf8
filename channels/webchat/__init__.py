"""The chat on a company's sites: visitors' sockets, who they are, and what reaches them."""
