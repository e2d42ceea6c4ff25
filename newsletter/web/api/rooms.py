"""The rooms of the API, in the order in which its description tells of them."""

from newsletter.web.api import newsletters, subscriptions, token

API = (token, newsletters, subscriptions)
