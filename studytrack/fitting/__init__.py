"""The fit of the memory model to a learner's own log, in a process of its own.

`client` starts the process and is all that services may import; the other modules need torch and
run in it. What counts as a review is decided in `domain.usable`, and nothing here reads the store.
"""
