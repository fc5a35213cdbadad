"""carbon-orders: the packages of the service, and the way of an order.

An order passes api/request_limits (size, time, number), api/caller (key to account, mode and scopes),
api/graphql/mutations or api/rest (request to one PlaceOrder value) and operations/place_orders (claim keys, price,
plan, take grams, write, commit); the API renders the returned value. Imports run downwards through this list, which
import-linter checks:

__main__    the command line: names, arguments and help of every command
commands    one file a command or a group of commands; output.py prints, runtime.py opens the database
server      how a process serves: uvicorn's protocol, and worker processes that share one listener
app         the composition root: settings in, ASGI application out
key_pepper  the pepper under which API keys are digested
api         GraphQL, REST and pages; no rules and no SQL
workers     background jobs: loops over rows, each step one operation
operations  use cases: one verb, one file, one transaction; steps/ holds what verbs share
storage     persistence: the only package with SQL
domain      pure rules: no await, no clock, no database, no settings
kit         tools that know nothing of carbon
errors      the closed list of refusals

Beside the list stand settings (the environment, read once) and plans (the GraphQL compiler; knows nothing of orders).
"""
