"""Load a model and run it for a page, with progress and fallbacks."""
