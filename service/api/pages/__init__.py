"""The pages a person reads in a browser: the GraphQL explorer. They know addresses and files, never orders or SQL."""
