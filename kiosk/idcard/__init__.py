"""Second-generation resident ID card readers (GA/T 467 SAM modules) and token readers over a serial port.

`frames`, `statuses`, `numbers`, `codes`, `cards`, `tokens` and `dialogue` are pure: bytes or answers in,
values and events out. `ports` knows the machine's serial ports; clock and threads are in `reader`, the
vendor's photo library in `photo`, which runs it as `vendor` in a process of its own.
"""
