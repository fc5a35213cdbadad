"""What happened, as rows; the table refuses updates and deletes."""

from service.domain.events import Event
from service.storage import models
from service.storage.tables import Table

EVENTS = Table(models.Event, Event)
