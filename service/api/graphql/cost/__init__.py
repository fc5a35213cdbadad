"""What an operation costs: bounds of a document, costs of its fields, and each key's budget."""
