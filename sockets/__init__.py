"""Socket.IO as we speak it, for desks and for visitors of a site alike: bounded, and never slowed by one of them."""
