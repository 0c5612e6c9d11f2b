"""What a patient's own session can do: the staff operations of one procedure that patients have too, and signing in."""
