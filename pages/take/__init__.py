"""What leaves the page: figures, values, a program."""
