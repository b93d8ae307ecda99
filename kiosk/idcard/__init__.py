"""Second-generation resident ID card readers (GA/T 467 SAM modules) over a serial port.

`frames`, `statuses`, `numbers`, `codes`, `cards` and `dialogue` are pure: bytes or answers in, values
and events out. Port, clock and thread are in `reader` and nowhere else.
"""
