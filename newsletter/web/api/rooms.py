"""The rooms of the API, in the order in which its description tells of them."""

from newsletter.web.api import (
    acts,
    alarms,
    bounces,
    copies,
    deciding,
    deliveries,
    doctor,
    editions,
    imports,
    lists,
    newsletters,
    results,
    sendings,
    sources,
    stories,
    subscribers,
    subscriptions,
    suppressions,
    token,
    webhooks,
    words,
)

API = (
    *(token, newsletters, stories, sources, editions, words, deciding, sendings, deliveries, copies, results),
    *(subscribers, subscriptions, lists, suppressions, imports, bounces, alarms, doctor, acts, webhooks),
)
