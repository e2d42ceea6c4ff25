"""The rooms of the API, in the order in which its description tells of them."""

from newsletter.web.api import (
    copies,
    deciding,
    editions,
    newsletters,
    results,
    sendings,
    sources,
    stories,
    subscriptions,
    token,
    words,
)

API = (token, newsletters, stories, sources, editions, words, deciding, sendings, copies, results, subscriptions)
