"""How a process serves: the uvicorn protocol and the processes that share one listener."""
