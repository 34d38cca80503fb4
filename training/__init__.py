"""How the bundled models were made: `python -m training.cnn`, then `.vit`, then `.clip`."""
