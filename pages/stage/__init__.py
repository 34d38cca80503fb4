"""Large pictures, galleries and downloads, made from views."""
