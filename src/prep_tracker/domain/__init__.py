"""Say what preparation means. Pure: no clock, files, network, database or logging."""
