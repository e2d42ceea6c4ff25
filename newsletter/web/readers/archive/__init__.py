"""Past editions for who comes by themselves: pages, feeds, cards, a map for search engines.

issues.py       what there is to read, kept in memory and looked at again every few seconds
pages.py        the addresses, and how each is answered: from memory, with a tag, for caches
searching.py    editions that hold certain words
syndication.py  Atom, JSON Feed, schema.org, sitemap
cards.py        the picture that other sites show with a link
"""
