"""Turn a procedure date and a clinic's preparation rules into a countdown checklist."""

import zoneinfo

__version__ = "0.1.0"

# Zone data comes from the tzdata wheel alone: what an operating system ships was an hour wrong for some zones.
zoneinfo.reset_tzpath([])
