"""The map.

An order passes: api/limits (size, time) -> api/caller (key -> account, mode, scopes) -> api/graphql/mutations (request
-> one PlaceOrder value) -> operations/place_orders (claim keys -> price -> plan -> take grams -> write -> commit) ->
the API renders the returned value.

__main__    the command line: what each command is called, takes and tells of itself
commands    what each command does, imported when it runs; output.py shows its answers, runtime.py opens its database,
            server/ runs the server
app         composition root: settings in, ASGI app out; the only file that knows every package
settings    the environment, read once; every limit has a name, a unit and a default there
secret      where the secret comes from under which API keys are digested
errors      the closed list of refusals
domain      what is true: pure rules; no await, no clock, no database, no settings
operations  what can be done: one verb, one file, one transaction
storage     persistence: the only package with SQL
api         the APIs: GraphQL, REST and pages; no rules, no SQL
workers     what happens later: loops over rows, each step one operation
kit         tools that have never heard of carbon
"""
