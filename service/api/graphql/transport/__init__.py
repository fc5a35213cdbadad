"""How GraphQL requests arrive and answers leave: HTTP, persisted documents, execution."""
