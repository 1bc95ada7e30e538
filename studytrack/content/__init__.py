"""Files into records: the finder, the readers, the loader, and the rules of `dev check`.

Reading never runs content code; that happens only in the grader's processes.
"""
