"""Say what people can do: one function a use, "read, decide, keep, record". A service never calls another."""
