"""Outside formats: one module per thing that comes in or goes out.

Everything here turns text into plain records or records into text. Files, the database and the
decision what to do with a record belong to `services`; no other layer beside `domain` is known.
"""
