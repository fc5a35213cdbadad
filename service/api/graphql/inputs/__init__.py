"""Input objects, and their conversion to requests and commands of the domain."""
