"""Widgets that know no service: they draw what they are given and send messages."""
