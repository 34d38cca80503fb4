"""What a visitor can set; every setting is in the URL."""
