"""What each command does, one file a command or a group of them; their names, arguments and help are in __main__.py.

A file imports what its commands need and is imported when one of them runs: a command pays for no other.
"""
