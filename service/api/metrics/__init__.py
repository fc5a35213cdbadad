"""Metrics of a process in the format of Prometheus."""
