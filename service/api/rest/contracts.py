"""The contracts that are served. Knows their names only."""

from service.api.rest.carbon_engine import CONTRACT as CARBON_ENGINE
from service.api.rest.carbonext import CONTRACT as CARBONEXT
from service.api.rest.contract import Contract
from service.api.rest.lune import CONTRACT as LUNE

CONTRACTS: tuple[Contract, ...] = (LUNE, CARBON_ENGINE, CARBONEXT)
