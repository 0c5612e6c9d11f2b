"""Read the bookings that other programs write, as CSV or as an Excel workbook. Pure."""
