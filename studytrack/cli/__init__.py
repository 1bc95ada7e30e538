"""The command line: parse, call a service, print.

Command modules are imported only when their command runs. No textual, sqlalchemy or torch here.
"""
