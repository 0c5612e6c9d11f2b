"""What the clinic's staff and systems call."""
