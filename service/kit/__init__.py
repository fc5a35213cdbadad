"""General tools that do not depend on the service's subject."""
