"""Costs of operations: limits of a document, costs of its fields, and each key's budget."""
