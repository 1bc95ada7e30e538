"""The interface: Textual screens that wire keys to services.

`app.run_app` is the door. Screens parse keys, call one service and draw what it returns; what a
learner's answer means is decided below. The only importer of textual.
"""
