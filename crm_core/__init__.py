"""The CRM itself: what is true, what may be decided, what is shown."""
