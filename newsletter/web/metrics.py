"""GET /metrics: the state of the house for Prometheus, for who brings the token; without one, at this machine alone."""

import hmac

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from newsletter.tracking import gauges
from newsletter.web import visitors
from newsletter.web.ground import Ground, Here

router = APIRouter()

_NO_STORE = {"Cache-Control": "no-store"}


class _Kept(Collector):
    """Families that were gathered already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


@router.get("/metrics")
def metrics(request: Request, here: Here) -> Response:
    """Every figure there is; where the database is away that one alone, still as 200, so that it can ring."""
    _refuse_strangers(request, here)
    registry = CollectorRegistry()
    registry.register(_Kept(_gathered(here)))
    encode, kind = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers=_NO_STORE | {"Content-Type": kind})


def _gathered(here: Ground) -> list[Metric]:
    up = GaugeMetricFamily("newsletter_database_up", "Whether the database answers.")
    try:
        with here.app.database.read() as session:
            found = list(gauges.gather(session, here.app.settings, now=here.clock()))
    except SQLAlchemyError:
        up.add_metric([], 0)
        return [up]
    up.add_metric([], 1)
    return [up, *found]


def _refuse_strangers(request: Request, here: Ground) -> None:
    token = here.app.settings.metrics_token.get_secret_value()
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if token and kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return
    if token:
        sentence = "Figures are for who brings metrics_token, as Authorization: Bearer …"
        raise HTTPException(401, sentence, {"WWW-Authenticate": "Bearer"})
    visitors.at_this_machine(request)
