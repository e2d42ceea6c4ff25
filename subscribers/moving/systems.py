"""Which system writes what: one entry a kind of file, the first that fits is taken.

What is known of each, and how surely, stands in docs/moving-in.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .rules import Bounce, Emptied, Flag, PhpList, Postmark, Rule, Set, Word
from .states import State


@dataclass(frozen=True, slots=True)
class System:
    """One kind of file of one system; headings are squashed (see `headings.squash`)."""

    name: str
    #: which of its files
    kind: str
    #: headings that are all there
    needs: tuple[str, ...] = ()
    #: headings of which none is there
    lacks: tuple[str, ...] = ()
    #: the headings that are there, and no others (beside *needs*)
    only: tuple[str, ...] | None = None
    #: what the file's name must hold (a regular expression over it in small letters)
    named: str = ""
    #: a column whose cells must look so: "unix", "consent words" …, see `recognising`
    shape: str = ""
    #: how it says who may be mailed
    rules: tuple[Rule, ...] = ()
    #: how they stand of whom the rules say nothing
    otherwise: State = State.OK
    #: regular expression over the file's name → state of all in it
    by_name: Mapping[str, State] = field(default_factory=dict)
    #: it names people who must not be mailed, and makes no subscribers
    suppressions: bool = False
    #: heading → what it holds, where that is not what its name says; "" where nothing
    columns: Mapping[str, str] = field(default_factory=dict)
    #: headings that look as if they spoke of a state, and do not
    beside: tuple[str, ...] = ()
    #: what somebody must know who is asked
    asks: str = ""
    #: what is said with the plan
    says: str = ""
    #: kinds of the same system's files that must come with this one, or else it is said
    unless: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        return f"{self.name}, {self.kind}"


_MAILCHIMP = {"address": "", "region": ""}
_APART = "{0} keeps who left, bounced or complained apart: import those files too, before or after, the stricter counts"
#: in a file's name: "subscribed", but not "not_subscribed", "no longer subscribed" or "resubscribed"
_SUBSCRIBED = "".join(f"(?<!{word}.)" for word in ("not", "never", "non", "ex", "longer", "previously", "formerly"))
_SUBSCRIBED += "(?<![a-z])subscribed"

SYSTEMS: tuple[System, ...] = (
    System("newsletter", "export", ("email", "lists", "pending", "unsubscribed", "suppressed"),
           columns={"unsubscribed": "unsubscribed", "lists": "lists", "pending": "pending", "suppressed": "suppressed"}),
    System("newsletter", "suppressions", ("email", "reason", "source", "at", "hash"), suppressions=True,
           rules=(Word("reason", {"manual": State.BLOCKED, "erased": State.BLOCKED}),), columns={"at": "given at", "hash": "hash"}),
    System("newsletter", "consent history", ("email", "list", "consent", "givenfrom"), otherwise=State.UNKNOWN,
           asks="this is a history, not where people stand now: import the export of the subscribers instead"),
    # — subscribers —
    System("Mailchimp", "unsubscribed", ("leid", "euid", "unsubtime"), columns=_MAILCHIMP | {"unsubtime": "left at"},
           rules=(Word("unsubreason", {"spamcomplaint": State.COMPLAINED}, loose=True),), otherwise=State.UNSUBSCRIBED,
           beside=("unsubcampaigntitle", "unsubcampaignid", "unsubreasonother", "unsubtime")),
    System("Mailchimp", "cleaned", ("leid", "euid", "cleantime"), columns=_MAILCHIMP, otherwise=State.BOUNCED,
           beside=("cleancampaigntitle", "cleancampaignid", "cleantime")),
    System("Mailchimp", "nonsubscribed", ("leid", "euid"), named=r"non.?subscribed|transactional", columns=_MAILCHIMP,
           otherwise=State.NEVER),
    System("Mailchimp", "subscribed", ("leid", "euid"), columns=_MAILCHIMP, shape="consent times",
           says=_APART.format("Mailchimp's ZIP"), unless=frozenset({"unsubscribed", "cleaned"})),
    System("Substack", "list", ("email", "activesubscription", "emaildisabled"),
           rules=(Flag("emaildisabled", yes=State.UNSUBSCRIBED, no=State.OK, empty=State.UNKNOWN),),
           beside=("activesubscription", "expiry", "plan", "firstpaymentat"), columns={"createdat": "given at"}),
    System("Substack", "full", ("email", "stripeplan", "canceldate", "startdate"),
           rules=(Set("canceldate", State.UNSUBSCRIBED), Set("unsubscribedat", State.UNSUBSCRIBED),
                  Emptied("sections", State.UNSUBSCRIBED)),
           beside=("subscriptionsourcefree", "subscriptionsourcepaid", "emailsdropped6mo", "activity", "type",
                   "state", "stateprovince", "paidupgradedate", "expirationdate"), columns={"startdate": "given at"}),
    System("Ghost", "members", ("email", "subscribedtoemails", "createdat"),
           rules=(Flag("subscribedtoemails", yes=State.OK, no=State.UNSUBSCRIBED, empty=State.UNKNOWN),
                  Set("deletedat", State.UNSUBSCRIBED)), beside=("complimentaryplan",), columns={"id": ""},
           says="Ghost does not tell who bounced"),
    System("beehiiv", "subscribers", ("email", "status", "createdat"), lacks=("uuid",), shape="beehiiv",
           rules=(Word("status", {"inactive": State.UNSUBSCRIBED, "validating": State.PENDING,
                                  "needsattention": State.PENDING}, empty=State.UNKNOWN),
                  Set("unsubscribedat", State.UNSUBSCRIBED)),
           columns={"unsubscribedat": "left at"}),
    System("listmonk", "subscribers", ("uuid", "email", "attributes", "status"),
           rules=(Word("status", {"enabled": State.UNKNOWN, "disabled": State.HELD, "blocklisted": State.BLOCKED},
                       empty=State.UNKNOWN),),
           asks="listmonk's status is the person's; who left a list, or never confirmed, is not in this file. Export "
                "once more with subscription_status=unsubscribed (and unconfirmed), import that with --as unsubscribed "
                "(--as pending), then this one with --as confirmed"),
    System("SendPortal", "subscribers", ("hash", "email", "firstname", "lastname"), lacks=("status",),
           otherwise=State.UNKNOWN,
           asks="SendPortal writes those who left into the same file and does not mark them. Take them out (their "
                "unsubscribed_at is in its database), then import with --as confirmed"),
    System("Keila", "contacts", ("email", "data", "status"), lacks=("uuid",),
           rules=(Word("status", {"active": State.OK, "unsubscribed": State.UNSUBSCRIBED, "unreachable": State.BOUNCED},
                       empty=State.UNKNOWN),)),
    System("Mailtrain", "subscriptions", ("cid", "status", "hashemail"), rules=(Word("status", empty=State.UNKNOWN),)),
    System("MailPoet", "subscribers", ("email", "liststatus", "globalstatus"), shape="",
           rules=(Word("liststatus", {"inactive": State.PENDING}, empty=State.UNKNOWN),
                  Word("globalstatus", {"inactive": State.PENDING}, empty=State.UNKNOWN)),
           columns={"subscriptiontime": "", "confirmationtime": "given at", "list": ""}),
    System("phpList", "subscribers", ("email", "confirmed", "blacklisted"), rules=(PhpList(),),
           columns={"confirmed": "", "blacklisted": "", "entered": "given at", "listmembership": ""},
           beside=("manuallyconfirm", "confirmed", "blacklisted", "bounces", "optedin")),
    System("Discourse", "users", ("username", "email", "trustlevel"),
           rules=(Flag("active", no=State.PENDING), Flag("approved", no=State.PENDING), Flag("staged", yes=State.NEVER),
                  Set("suspendedtill", State.HELD), Set("suspendedat", State.HELD)),
           beside=("silencedtill",), columns={"username": ""},
           says="Discourse does not tell who switched its digests off"),
    System("Klaviyo", "list", ("email", "emailmarketingconsent"),
           rules=(Word("emailmarketingconsent", {"neversubscribed": State.NEVER}, empty=State.NEVER),
                  Word("emailsuppressions"), Word("emailsuppressionreason")),
           columns={"address": "", "firstactive": "", "profilecreatedon": "", "dateadded": "",
                    "emailmarketingconsenttimestamp": "given at", "title": ""},
           beside=("firstactive", "lastactive", "smsmarketingconsent", "source", "stateregion",
                   "emailmarketingconsenttimestamp", "emailmarketingconsentmethod", "smsconsent")),
    System("SendGrid", "contacts", ("email", "alternateemails", "contactid"), says=_APART.format("SendGrid"),
           columns={"createdat": "given at"}, beside=("stateprovinceregion",)),
    System("Brevo", "contacts", ("contactid", "email", "addedtime"),
           rules=(Flag("emailblacklisted", yes=State.UNSUBSCRIBED, no=State.OK),
                  Flag("blacklisted", yes=State.UNSUBSCRIBED, no=State.OK),
                  Flag("blocklisted", yes=State.UNSUBSCRIBED, no=State.OK),
                  Word("emailsubscriptionstatus"), Word("subscriptionstatus")),
           otherwise=State.UNKNOWN,
           by_name={r"un.?subscri|bl[ao]ck.?listed|opt.?out": State.UNSUBSCRIBED, _SUBSCRIBED: State.OK},
           beside=("doubleoptin", "optin", "smsblacklisted"),
           asks="Brevo's usual file does not tell who is blocklisted. Export the unsubscribed contacts too and import "
                "that file with --as unsubscribed, then this one with --as confirmed; or export with the subscription "
                "status"),
    System("Constant Contact", "contacts", ("emailaddress", "emailstatus", "emailpermissionstatus"),
           rules=(Word("emailstatus", {"removed": State.UNSUBSCRIBED, "active": State.OK}),
                  Word("emailpermissionstatus", {"notset": State.PENDING, "temphold": State.HELD,
                                                 "pendingconfirmation": State.PENDING}, empty=State.UNKNOWN),
                  Set("confirmedoptoutdate", State.UNSUBSCRIBED)),
           beside=("emailupdatesource", "confirmedoptoutsource", "confirmedoptoutreason", "confirmedoptoutdate",
                   "sourcename", "emaillists", "emailpermissionstatussource")),
    System("Google Groups", "members", ("emailaddress", "groupstatus", "emailpreference"),
           rules=(Word("groupstatus", {"member": State.OK, "owner": State.OK, "manager": State.OK,
                                       "invited": State.PENDING, "pending": State.PENDING}),
                  Word("emailstatus", {"bouncing": State.BOUNCED, "normal": State.OK}),
                  Word("emailpreference", {"noemail": State.HELD, "none": State.HELD, "nomail": State.HELD,
                                           "allemail": State.OK, "email": State.OK, "eachemail": State.OK,
                                           "everyemail": State.OK, "digest": State.OK, "abridged": State.OK,
                                           "summary": State.OK, "dailysummary": State.OK})),
           columns={"timezone": ""}, beside=("postingpermissions",)),
    System("Curated", "subscribers", ("emailaddress", "subscribedat", "utmsource")),
    System("HubSpot", "contacts", ("recordid", "email"),
           rules=(Flag("unsubscribedfromallemail", yes=State.UNSUBSCRIBED, no=State.OK, empty=State.OK),
                  Word("marketingemailconfirmationstatus"), Word("marketingemailconfirmation"),
                  Set("emailhardbouncereason", State.BOUNCED), Flag("invalidemailaddress", yes=State.BOUNCED)),
           otherwise=State.UNKNOWN, columns={"createdate": "given at"},
           beside=("leadstatus", "lifecyclestage", "contactowner", "marketingcontactstatus",
                   "marketingcontactstatussourcename", "marketingcontactstatussourcetype",
                   "marketingcontactuntilnextupdate", "associatedcompany", "state", "stateregion", "emailsbounced",
                   "currentlyinsequence", "becameasubscriberdate", "invalidemailaddress"),
           asks="this HubSpot view has no column “Unsubscribed from all email”. Add it to the view and export again; or "
                "import with --as confirmed if nobody in it has left"),
    System("Sendy", "subscribers", ("name", "email", "joined", "status"), shape="",
           rules=(Word("status", {"active": State.OK, "unconfirmed": State.PENDING}, empty=State.UNKNOWN),),
           columns={"joined": "given at"}, beside=("optinmethod", "gdpr", "lastactivity", "addedvia", "signedupfrom")),
    System("EmailOctopus", "contacts", ("identifier", "emailaddress", "lastchanged"),
           by_name={r"un.?subscri|opt.?out": State.UNSUBSCRIBED, r"(?<![a-z])(pending|unconfirmed)": State.PENDING,
                    r"(?<![a-z])bounce": State.BOUNCED, r"(?<![a-z])(complain|spam)": State.COMPLAINED,
                    _SUBSCRIBED: State.OK},
           otherwise=State.UNKNOWN, columns={"created": "given at"},
           asks="EmailOctopus writes a file for each filter and no column that says which. Say --as unsubscribed, "
                "--as pending or --as confirmed, whichever this one is"),
    System("AWeber", "leads", ("email", "name1"),
           rules=(Word("status", {"active": State.OK, "subscribed": State.OK, "inactive": State.UNSUBSCRIBED,
                                  "notverified": State.PENDING, "unconfirmed": State.PENDING}),
                  Word("verified", {"verified": State.OK, "notverified": State.PENDING, "yes": State.OK, "true": State.OK,
                                    "1": State.OK, "no": State.PENDING, "false": State.PENDING, "0": State.PENDING}),
                  Set("inactivedate", State.UNSUBSCRIBED), Set("stoptime", State.UNSUBSCRIBED)),
           by_name={r"(inactive|unsubscribe)[^/]*$": State.UNSUBSCRIBED}, beside=("stopmethod", "inactivedate"),
           columns={"dateadded": "given at"}),
    System("rasa.io", "contacts", ("email", "subscribed", "unsubscribereason"),
           rules=(Flag("subscribed", yes=State.OK, no=State.UNSUBSCRIBED, empty=State.UNKNOWN),
                  Word("unsubscribereason", {"bounce": State.BOUNCED, "dropped": State.BOUNCED, "api": State.UNSUBSCRIBED,
                                             "csv": State.UNSUBSCRIBED, "unsubscribed": State.UNSUBSCRIBED,
                                             "spam": State.COMPLAINED}, loose=True)),
           columns={"subscribed": ""}),
    System("Shopify", "customers", ("email", "acceptsemailmarketing"),
           rules=(Flag("acceptsemailmarketing", yes=State.OK, no=State.NEVER, empty=State.NEVER),),
           beside=("acceptssmsmarketing", "defaultaddressprovincecode", "taxexempt")),
    System("ActiveCampaign", "contacts", ("email", "status", "datecreated"),
           rules=(Word("status", empty=State.UNKNOWN),)),
    System("Kit", "subscribers", ("firstname", "state", "createdat"), lacks=("city", "country"),
           rules=(Word("state", {"inactive": State.PENDING, "cancelled": State.UNSUBSCRIBED}, empty=State.UNKNOWN),)),
    System("Kit", "subscribers", ("firstname", "email", "createdat", "status"), lacks=("uuid", "lastname"),
           rules=(Word("status", {"inactive": State.PENDING, "cancelled": State.UNSUBSCRIBED}, empty=State.UNKNOWN),)),
    System("Squarespace", "mailing list", ("emailaddress", "datesubscribed"), only=("firstname", "lastname", "name")),
    System("Mautic", "contacts", ("email", "firstname", "lastname", "preferredlocale"), otherwise=State.UNKNOWN,
           asks="Mautic's export does not say who must not be contacted. Take out whoever its segment filter “Do not "
                "contact” finds, then import with --as confirmed", beside=("state", "stage", "lastactive")),
    System("Mautic", "contacts", ("email", "firstname", "lastname", "points", "attribution"), otherwise=State.UNKNOWN,
           asks="Mautic's export does not say who must not be contacted. Take out whoever its segment filter “Do not "
                "contact” finds, then import with --as confirmed", beside=("state", "stage", "lastactive")),
    # — people who must not be mailed —
    System("SendGrid", "blocks", ("status", "reason", "email", "created"), only=(), named=r"block", shape="unix",
           beside=("status", "reason"), otherwise=State.SOFT, suppressions=True, says="SendGrid's blocks pass; nobody is suppressed for one"),
    System("SendGrid", "bounces", ("status", "reason", "email", "created"), only=(), shape="unix",
           rules=(Bounce("status", "reason"),), otherwise=State.BOUNCED, suppressions=True),
    System("SendGrid", "spam reports", ("ip", "email", "created"), only=(), shape="unix", otherwise=State.COMPLAINED,
           suppressions=True),
    System("SendGrid", "spam reports", ("email", "created"), named=r"spam|complain|abuse", shape="unix",
           otherwise=State.COMPLAINED, suppressions=True),
    System("SendGrid", "invalid addresses", ("reason", "email", "created"), only=(), shape="unix",
           otherwise=State.BOUNCED, suppressions=True),
    System("SendGrid", "unsubscribes", ("email", "created"), only=(), shape="unix", otherwise=State.UNSUBSCRIBED,
           suppressions=True),
    System("Amazon SES", "suppressed", ("emailaddress", "reason", "lastupdatetime"), suppressions=True,
           rules=(Word("reason", empty=State.BLOCKED),), columns={"lastupdatetime": "given at"}),
    System("Klaviyo", "suppressed", ("email", "reason", "date"), only=(), shape="Klaviyo reasons", suppressions=True,
           rules=(Word("reason", empty=State.BLOCKED),), columns={"date": "given at"}),
    System("Amazon SES", "suppressed", ("email", "reason"), only=("date", "timestamp", "lastupdatetime"),
           shape="suppression reasons", suppressions=True, rules=(Word("reason", empty=State.BLOCKED),),
           columns={"date": "given at"}),
    System("Klaviyo", "suppressed", ("email",), only=("reason", "date", "suppressionreason", "suppressedat"),
           named=r"klaviyo.*suppress|suppress.*klaviyo|suppressed.?profiles", suppressions=True,
           rules=(Word("reason"),), otherwise=State.BLOCKED, columns={"date": "given at"}),
    System("Mailgun", "bounces", ("address", "code", "error"), suppressions=True, rules=(Bounce("code", "error"),),
           otherwise=State.BOUNCED, columns={"address": "email"}),
    System("Mailgun", "unsubscribes", ("address", "createdat"), only=("tag", "tags"), named=r"unsub",
           suppressions=True, otherwise=State.UNSUBSCRIBED, columns={"address": "email"}),
    System("Mailgun", "complaints", ("address", "createdat"), only=("count",), named=r"complain|spam", suppressions=True,
           otherwise=State.COMPLAINED, columns={"address": "email"}),
    System("Mailgun", "unsubscribes", ("address", "tags", "createdat"), suppressions=True,
           otherwise=State.UNSUBSCRIBED, columns={"address": "email"}),
    System("Mailgun", "suppressions", ("address", "createdat"), only=(), suppressions=True, otherwise=State.UNKNOWN,
           columns={"address": "email"},
           asks="it may be Mailgun's complaints or its unsubscribes. Say --as complained or --as unsubscribed"),
    System("Postmark", "suppressions", ("emailaddress", "suppressionreason"), suppressions=True, rules=(Postmark(),),
           columns={"createdat": "given at"}),
    System("promio.connect", "blacklist", ("custid", "mail", "status"), suppressions=True,
           rules=(Word("status", {"0": State.BLOCKED, "1": State.UNSUBSCRIBED, "3": State.BOUNCED, "5": State.BLOCKED},
                       empty=State.BLOCKED),), columns={"ts": "given at"}),
    System("MailUp", "unsubscribed", ("email", "idlist", "optoutdate"), suppressions=True,
           otherwise=State.UNSUBSCRIBED, beside=("optoutdate", "optoutnl", "optouttype", "optoutsubtype"),
           columns={"optoutdate": "left at"}),
    System("Telnyx", "suppressions", ("to", "from", "reason", "scope"), suppressions=True,
           rules=(Word("reason", {"unsubscribe": State.UNSUBSCRIBED, "manualblock": State.BLOCKED}, empty=State.BLOCKED),),
           columns={"to": "email", "from": "", "createdat": "given at"}, beside=("status", "source")),
)  # fmt: skip

#: addresses alone, one a line, and no heading: who left is not in the file
MAILMAN = System(
    "Mailman", "members",
    says="a list of addresses alone, as Mailman writes its members: whoever is in it is a member. If it comes from "
    "elsewhere and nobody has said yes, import it with --as pending",
)  # fmt: skip
#: nobody's in particular
ANY = System("", "table", otherwise=State.PENDING)
