"""Turn a procedure date into a preparation checklist, and keep it true until the day."""

__version__ = "0.1.0"
