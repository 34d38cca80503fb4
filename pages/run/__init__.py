"""Loading a model and running it for a page, with progress and fallbacks."""
