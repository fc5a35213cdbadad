"""Pages for a browser, such as the GraphQL explorer. They know addresses and files, never orders or SQL."""
