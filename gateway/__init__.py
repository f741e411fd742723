"""The doors: how people and programs come in. Nothing is decided here: a door turns what was typed
into commands and questions for the floors below, and their answers into something to read. Today
there is one, the command line `retold`.
"""
