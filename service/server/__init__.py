"""HTTP serving: the uvicorn protocol and the processes that share one listener."""
