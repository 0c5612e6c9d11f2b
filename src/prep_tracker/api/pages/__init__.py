"""Pages for people, made on the server: the same services as the API, and no second set of rules."""
