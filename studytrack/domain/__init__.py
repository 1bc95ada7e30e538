"""Plain Python: records and rules without I/O, clock or randomness of their own.

Time and random numbers come in as arguments. No sqlalchemy, textual, torch, numpy or msgspec.
"""
