"""One module a screen, each with its style sheet beside it; `MODES` of the app names them.

A screen asks services, draws their answers and keeps no state that the store should have.
"""
