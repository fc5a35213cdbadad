"""Transport of GraphQL: HTTP, persisted documents, execution."""
