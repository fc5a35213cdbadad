"""Groups of commands: names, arguments and help. Like __main__.py, they import nothing that takes long."""
