"""One file per revision, `NNNN_what.py`, in order."""
