"""Stories the product promises to keep."""
