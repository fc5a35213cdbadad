"""`carbon-orders demo`: the demo's catalogue, accounts and new keys, optionally with a generated history of orders."""

from service.commands import output
from service.commands.demo_business import load_demo_business
from service.commands.runtime import pepper_of, run, settings_given
from service.operations.load_demo import DemoAccounts, load_demo
from service.operations.load_orders import load_orders
from service.operations.resources import Resources


def demo(*, orders: int, as_json: bool) -> None:
    """Load the demo and `orders` past orders, create a key for each account, and show the keys."""
    settings = settings_given()
    key_pepper = pepper_of(settings)

    async def load(resources: Resources) -> DemoAccounts:
        loaded = await load_demo(resources, pepper=key_pepper)
        await load_demo_business(resources, loaded.business, loaded.scarce_bundle_id)
        if orders:
            # Only for these accounts, because the database may be that of a seller with customers.
            account_ids = {each.account_id for each in loaded.accounts}
            with output.progress("orders", orders) as advance:
                await load_orders(resources, orders, account_ids=account_ids, loaded=advance)
        return loaded

    loaded = run(settings, load)
    if as_json:
        output.show_json(output.demo_facts(loaded))
    else:
        output.show_demo(loaded, settings.public_address)
