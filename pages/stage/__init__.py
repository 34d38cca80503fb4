"""Large pictures, galleries and downloads: what is shown, made from views."""
