"""One module per thing a user does; each call is one transaction and returns what it made.

Both front ends call these and nothing below. No printing, no drawing, no clock of its own.
"""
