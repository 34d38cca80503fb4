"""What surrounds a page: head, navigation, notices, its URL."""
