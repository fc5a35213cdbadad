"""Input objects, and how they become requests and commands of the domain."""
