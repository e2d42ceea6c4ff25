"""Parameters that count readers and say nothing of the article: what is left out of the links of a mail."""

import re
from urllib.parse import unquote

#: whatever their value is
_ALWAYS = re.compile(
    r"utm_.*|mc_[ce]id|_?hs(enc|mi|_.*)|hsa_.*|hsctatracking|[gy]clid|gclsrc|d?clid|fbclid|msclkid|twclid|ttclid|li_fat_id"
    r"|igsh(id)?|wbraid|gbraid|mkt_tok|cmpid|vero_(id|conv)|ns_(campaign|source|mchannel|linkname|fee)|ref_?src|ref_url|ito"
    r"|ocid|cmp|ncid|spm|guccounter|guce_.*|__twitter_impression|srsltid|_openstat|wickedid|oly_(enc|anon)_id|s_kwcid"
    r"|at_(medium|campaign|campaign_type|creation|channel|format|general|variant|link_.*|ptr_.*|bbc_team|custom\d*)"
    r"|xtor|feedtype|feedname|rssfeed|traffic_source|\.tsrc|wt[._](mc.*|rss_.*|z?mc|zmc|tsrc|nav)|wt_zmc|_g[al]|echobox|dgcid"
    r"|(pk|piwik|mtm|matomo)_(campaign|kwd|keyword|source|medium|content|cid|group|placement)|cm_(ven|mmc|cat|pla|ite)"
    r"|trk_.*|smid|ftag|sr_share|soc_(src|trk)|ns_mail_.*|dm_i|dicbo|zanpid|ml_subscriber.*|ck_subscriber_id|_bhlid|s_cid",
    re.IGNORECASE,
)
#: only where the value says that a feed was the way here; elsewhere they mean something to the site
_FROM_A_FEED = re.compile(
    r"(__)?source|src|ref|referrer|mod|partner|from|via|cid|medium|campaign|origin|rss|emc|sc_cid|icid|link_?source|feature"
    r"|trk|ss_source|wtrid",
    re.IGNORECASE,
)
_FEED = re.compile(r"(rss|feed|feedburner)([\W_\d].*)?|.*[\W_]rss|rss[a-z]*", re.IGNORECASE)
#: leads to another edition of the same page: the publisher's choice for readers, but the same article
_SAME_PAGE = re.compile(r"amp|outputtype", re.IGNORECASE)
_FRAGMENT = re.compile(r"(xtor|utm_\w+|echobox|at_\w+|ref|source|intcid|ito|mkt_tok)=.*|rss|tk=rss\w*", re.IGNORECASE)


def is_tracking(pair: str, *, for_comparing: bool = False) -> bool:
    """True if *pair*, "name=value" as it stands in a query, only counts readers."""
    name, _, value = pair.partition("=")
    name, value = unquote(name), unquote(value)
    if _ALWAYS.fullmatch(name) or (for_comparing and _SAME_PAGE.fullmatch(name)):
        return True
    return bool(_FROM_A_FEED.fullmatch(name) and _FEED.fullmatch(value))


def without(address: str) -> str:
    """*address* without those parameters, and byte for byte the same in all else; it has no fragment."""
    path, mark, query = address.partition("?")
    if not mark:
        return address
    pairs = query.split("&")
    kept = [pair for pair in pairs if not is_tracking(pair)]
    if len(kept) == len(pairs):
        return address
    return f"{path}?{'&'.join(kept)}" if any(kept) else path


def counts(fragment: str) -> bool:
    """True if *fragment* is no place on the page but a note for a counter."""
    return bool(_FRAGMENT.fullmatch(fragment))
