"""A simulated day of deliveries. What truly happens is decided here, from a seed, and kept apart from what the shop makes of it."""
