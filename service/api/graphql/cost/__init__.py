"""Costs of operations: bounds of a document, costs of its fields, and each key's budget."""
