"""Measure how fast the service is, beside a bare server and beside an app written the way that tutorials teach."""
