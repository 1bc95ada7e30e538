"""studytrack: learn large language models in the terminal, and keep what was learnt.

Only the version lives here: whatever else this module imported, every command would pay for.
"""

__version__ = "0.1.0"
