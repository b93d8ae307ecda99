"""How fast the parts are, each against a named baseline in the same run: `python -m benchmarks`."""

import kiosk  # noqa: F401  first: it says how many threads numpy takes, as on a station
