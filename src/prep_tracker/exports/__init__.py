"""Give the same checklist in other people's formats. Pure."""
