"""Stand-ins that behave byte for byte like the hardware a station is used with."""
