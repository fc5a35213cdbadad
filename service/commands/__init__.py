"""Implementations of the commands, one file for each command or group; names, arguments and help are in __main__.py.

A file imports the modules that its commands need and is imported when one of them runs, so no command loads another's
modules.
"""
