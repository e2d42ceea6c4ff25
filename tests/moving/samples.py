"""One small file as each system writes it, of people who do not exist, and how each of them stands."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A file, whose it is, and the state of each address in it; *asks* where somebody has to say."""

    file: str
    title: str
    content: bytes
    states: dict[str, str]
    asks: bool = False

    def __str__(self) -> str:
        return self.file


def _sample(
    file: str, title: str, *lines: str, asks: bool = False, end: str = "\n", bom: bool = False, **states: str
) -> Sample:
    text = end.join(lines) + end
    people = {f"{name}@example.com": state for name, state in states.items()}
    return Sample(file, title, text.encode("utf-8-sig" if bom else "utf-8"), people, asks)


_MAILCHIMP = "Email Address,First Name,Last Name,Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,TIMEZONE,REGION"
_MEMBER = (
    'Ada,"Berg, Jr.",1 Quay  Leith,2,2019-03-01 09:12:31,192.0.2.7,2019-03-01 09:14:00,192.0.2.8,America/New_York,ENG'
)

SAMPLES = (
    _sample(
        "subscribed_members_export.csv", "Mailchimp, subscribed",
        f"{_MAILCHIMP},LAST_CHANGED,LEID,EUID,NOTES,TAGS",
        f'ada@example.com,{_MEMBER},2020-01-01 10:00:00,1,ab,"two\nlines","""VIP"",""Blog"""',
        f"bob@example.com,{_MEMBER},2020-01-01 10:00:00,2,ac,,",
        ada="ok", bob="ok",
    ),
    _sample(
        "unsubscribed_members_export.csv", "Mailchimp, unsubscribed",
        f"{_MAILCHIMP},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID,EUID,NOTES,TAGS",
        f'ada@example.com,{_MEMBER},2022-05-13 10:18:25,"Week 19, 2022",0f,NO_LONGER,,1,ab,,',
        f"bob@example.com,{_MEMBER},2022-05-13 10:18:25,Week 19,0f,SPAM_COMPLAINT,,2,ac,,",
        f"cy@example.com,{_MEMBER},2022-05-13 10:18:25,Week 19,0f,OTHER,I moved on,3,ad,,",
        ada="unsub", bob="complaint", cy="unsub",
    ),
    _sample(
        "cleaned_members_export.csv", "Mailchimp, cleaned",
        f"{_MAILCHIMP},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES,TAGS",
        f"ada@example.com,{_MEMBER},2022-05-13 10:18:25,Week 19,0f,1,ab,,",
        ada="bounce",
    ),
    _sample(
        "nonsubscribed_email_audience_export.csv", "Mailchimp, nonsubscribed",
        f"{_MAILCHIMP},LAST_CHANGED,LEID,EUID,NOTES,TAGS",
        f"ada@example.com,{_MEMBER},2020-01-01 10:00:00,1,ab,,",
        ada="no",
    ),
    _sample(
        "email_list.retail.csv", "Substack, list",
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at",
        "ada@example.com,false,,other,false,2018-08-27T15:06:27.713Z,",
        "bob@example.com,true,2027-01-05T23:26:30.533Z,yearly,false,2018-08-27T15:06:27.713Z,2024-06-02T00:00:00.000Z",
        "cy@example.com,false,,other,true,2018-08-27T15:06:27.713Z,",
        "CY@example.com,false,,other,false,2018-08-27T15:06:27.713Z,",
        ada="ok", bob="ok", cy="unsub",
    ),
    _sample(
        "email_list.older.csv", "Substack, list",
        "email,active_subscription,expiry,email_disabled,prefer_digests,created_at",
        "ada@example.com,false,,false,false,2018-08-27T15:06:27.713Z", "bob@example.com,true,,true,false,2018-08-27T15:06:27.713Z",
        ada="ok", bob="unsub",
    ),
    _sample(
        "substack_full.csv", "Substack, full",
        "Email,Name,Stripe plan,Cancel date,Start date,Paid upgrade date,Bestseller,Emails received (6mo),Emails dropped (6mo),"
        "num_emails_opened,Last email open,Links clicked,Subscription source (free),Subscription source (paid),Days active (30d),"
        "Activity,Country,State/Province,Expiration date,Type,Sections,Revenue",
        "ada@example.com,Ada,,,2023-01-02T10:00:00.000Z,,,20,0,5,,3,embed,,2,3,GB,ENG,,Free,Weekly,$0.00",
        "bob@example.com,Bob,,2024-02-02T10:00:00.000Z,2023-01-02T10:00:00.000Z,,,20,0,5,,3,embed,,2,3,GB,,,Free,,$0.00",
        'cy@example.com,Cy,yearly,,2023-01-02T10:00:00.000Z,,,20,0,5,,3,embed,,2,3,GB,,,Paid,"Weekly, Daily",$50.00',
        ada="ok", bob="unsub", cy="ok",
    ),
    _sample(
        "members.ghost.csv", "Ghost, members",
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers,gift_id",
        '65f0,ada@example.com,"Ada ""A"" Berg","Early, ""supporter""",true,false,cus_Qx,2023-01-15T10:00:00.000Z,,"VIP,x",Bronze,',
        "65f1,bob@example.com,Bob,,false,false,,2023-01-15T10:00:00.000Z,,,,",
        ada="ok", bob="unsub", end="\r\n",
    ),
    _sample(
        "beehiiv.csv", "beehiiv, subscribers",
        "email,First Name,Last Name,status,tier,created_at,stripe_customer_id,Free Tier,Premium Tier,unsubscribed_at",
        "ada@example.com, Ada ,Berg,active,free,2023-01-24 10:23:10 UTC,,Yes,No,",
        "bob@example.com, Bob ,Berg,active,free,2023-01-24 10:23:10 UTC,,Yes,No,2024-03-13 11:33:53 UTC",
        "cy@example.com, Cy ,Berg,inactive,free,2023-01-24 10:23:10 UTC,,Yes,No,",
        "dee@example.com, Dee ,Berg,pending,free,2023-01-24 10:23:10 UTC,,Yes,No,",
        "eve@example.com, Eve ,Berg,invalid,free,2023-01-24 10:23:10 UTC,,Yes,No,",
        "fay@example.com, Fay ,Berg,needs_attention,free,2023-01-24 10:23:10 UTC,,Yes,No,",
        ada="ok", bob="unsub", cy="unsub", dee="pending", eve="bounce", fay="pending",
    ),
    _sample(
        "listmonk.csv", "listmonk, subscribers",
        "uuid,email,name,attributes,status,created_at,updated_at",
        'u1,ada@example.com,Ada,"{""city"": ""Lyon""}",enabled,2024-03-11 09:12:45.123456 +0000 UTC,2024-03-12 09:12:45 +0200 CEST',
        "u2,bob@example.com,Bob,{},disabled,2024-03-11 09:12:45.123456 +0000 UTC,2024-03-12 09:12:45.1 +0200 CEST",
        "u3,cy@example.com,Cy,{},blocklisted,2024-03-11 09:12:45.123456 +0000 UTC,2024-03-12 09:12:45.1 +0200 CEST",
        ada="unknown", bob="no", cy="no", asks=True,
    ),
    _sample(
        "sendportal.csv", "SendPortal, subscribers",
        "id,hash,email,first_name,last_name,created_at", "1,aa,ada@example.com,Ada,Berg,2022-01-01 08:00:00",
        ada="unknown", asks=True, bom=True,
    ),
    _sample(
        "keila.csv", "Keila, contacts",
        "Email,First name,Last name,Data,Status", 'ada@example.com,Ada,Berg,"{""tags"": [""vip""]}",active',
        "bob@example.com,Bob,,,unsubscribed", "cy@example.com,Cy,,,unreachable",
        ada="ok", bob="unsub", cy="bounce", end="\r\n",
    ),
    _sample(
        "keila_semicolons.csv", "Keila, contacts",
        "Email;First name;Last name;Data;Status", "ada@example.com;Ada;Berg;;active", "bob@example.com;Bob;;;unsubscribed",
        ada="ok", bob="unsub",
    ),
    _sample(
        "mailtrain.csv", "Mailtrain, subscriptions",
        "cid,status,HASH_EMAIL,EMAIL,MERGE_FIRST_NAME,MERGE_LAST_NAME", "H1,subscribed,9c0e,ada@example.com,Ada,Berg",
        "H2,unsubscribed,9c0e,bob@example.com,Bob,", "H3,bounced,9c0e,cy@example.com,Cy,", "H4,complained,9c0e,dee@example.com,,",
        ada="ok", bob="unsub", cy="bounce", dee="complaint",
    ),
    _sample(
        "MailPoet_export.csv", "MailPoet, subscribers",
        '"Email","First name","Last name","Subscription IP","Subscription time","Confirmation time","Confirmation IP",'
        '"List status","Global status","List"',
        '"ada@example.com","Ada \\"A\\"","O\'Neil, Jr.","","2023-04-01 08:00:00","2023-04-01 08:03:00","","subscribed","subscribed","News"',
        '"bob@example.com","Bob","","","2023-04-01 08:00:00","","","subscribed","subscribed","News"',
        '"bob@example.com","Bob","","","2023-04-01 08:00:00","","","unsubscribed","subscribed","Offers, ""all"""',
        '"cy@example.com","Cy","","","","","","subscribed","bounced","News"',
        '"dee@example.com","Dee","","","","","","unconfirmed","unconfirmed","News"',
        '"eve@example.com","Eve","","","","","","subscribed","inactive","News"',
        ada="ok", bob="unsub", cy="bounce", dee="pending", eve="pending", bom=True,
    ),
    _sample(
        "phplist.tsv", "phpList, subscribers",
        "id\tEmail\tIs this user confirmed\tIs this user blacklisted\tDid this user manually confirm\tNumber of bounces on this user"
        "\tEntered\tLast Modified\tSend this user HTML emails\tName\tList Membership",
        '1\tada@example.com\t1\t0\t1\t0\t2018-02-05 19:28:23\t\t1\t"A" Berg\tnewsletter test ',
        "2\tbob@example.com\t0\t0\t0\t0\t2018-02-05 19:28:23\t\t1\tBob\tnewsletter ",
        "3\tcy@example.com\t1\t1\t0\t0\t2018-02-05 19:28:23\t\t1\tCy\tnewsletter ",
        "4\tdee@example.com\t1\t1\t0\t6\t2018-02-05 19:28:23\t\t1\tDee\tnewsletter ",
        "5\teve@example.com\t1\t0\t0\t0\t2018-02-05 19:28:23\t\t1\tEve\tNo Lists",
        ada="ok", bob="pending", cy="unsub", dee="bounce", eve="unsub",
    ),
    _sample("mailman_members.csv", "Mailman, members", "ada@example.com", "bob@example.com", ada="ok", bob="ok", end="\r\n"),
    _sample(
        "user-list.csv", "Discourse, users",
        "id,name,username,email,title,created_at,last_seen_at,last_posted_at,last_emailed_at,trust_level,approved,suspended_at,"
        "suspended_till,silenced_till,active,admin,moderator,ip_address,staged,group_names",
        "1,Ada,ada,ada@example.com,,2020-01-01 10:00:00 UTC,,,,1,true,,,,true,false,false,192.0.2.1,false,staff",
        "2,Bob,bob,bob@example.com,,2020-01-01 10:00:00 UTC,,,,1,true,,,,false,false,false,192.0.2.1,false,",
        "3,Cy,cy,cy@example.com,,2020-01-01 10:00:00 UTC,,,,1,true,2024-01-01 10:00:00 UTC,3024-01-01 10:00:00 UTC,,true,false,"
        "false,192.0.2.1,false,",
        "4,Dee,dee,dee@example.com,,2020-01-01 10:00:00 UTC,,,,0,true,,,,true,false,false,,true,",
        ada="ok", bob="pending", cy="no", dee="no",
    ),
    _sample(
        "mautic.csv", "Mautic, contacts",
        "title,firstname,lastname,company,position,email,mobile,phone,points,address1,city,state,country,preferred_locale,timezone",
        ",Ada,Berg,,,ada@example.com,,,5,1 Quay,Leith,Lothian,United Kingdom,en_GB,Europe/London", ada="unknown", asks=True,
    ),
    _sample(
        "klaviyo_list.csv", "Klaviyo, list",
        "Email,Klaviyo ID,First Name,Last Name,Address,City,State / Region,Source,IP Address,Email Marketing Consent,"
        "Email Marketing Consent Timestamp,First Active,Last Active,Profile Created On,Date Added,Email Suppressions",
        "ada@example.com,01,Ada,Berg,1 Pier St,Leith,,Form,192.0.2.3,SUBSCRIBED,2024-01-01T00:00:00Z,,,2023-12-31 10:00:00,,",
        "bob@example.com,02,Bob,,,,,Form,,UNSUBSCRIBED,,,,,,UNSUBSCRIBED", "cy@example.com,03,Cy,,,,,Form,,NEVER_SUBSCRIBED,,,,,,",
        "dee@example.com,04,Dee,,,,,Form,,SUBSCRIBED,,,,,,HARD_BOUNCE", "eve@example.com,05,Eve,,,,,Form,,SUBSCRIBED,,,,,,SPAM_COMPLAINT",
        "fay@example.com,06,Fay,,,,,Form,,SUBSCRIBED,,,,,,USER_SUPPRESSED",
        "gus@example.com,07,Gus,,,,,Form,,SUBSCRIBED,,,,,,INVALID_EMAIL",
        'hal@example.com,08,Hal,,,,,Form,,SUBSCRIBED,,,,,,"UNSUBSCRIBED, SPAM_COMPLAINT"',
        ada="ok", bob="unsub", cy="no", dee="bounce", eve="complaint", fay="no", gus="bounce", hal="complaint", bom=True,
    ),
    _sample(
        "sendgrid_contacts.csv", "SendGrid, contacts",
        "EMAIL,FIRST_NAME,LAST_NAME,ADDRESS_LINE_1,STATE_PROVINCE_REGION,COUNTRY,ALTERNATE_EMAILS,LINE,CREATED_AT,UPDATED_AT,CONTACT_ID",
        "ada@example.com,Ada,Berg,,,,,,2023-03-01T10:00:00Z,2023-03-01T10:00:00Z,c-0", ada="ok",
    ),
    _sample(
        "brevo_contacts.csv", "Brevo, contacts",
        "CONTACT ID;EMAIL;LASTNAME;FIRSTNAME;SMS;DOUBLE_OPT-IN;OPT_IN;CONTACT_TIMEZONE;ADDED_TIME;MODIFIED_TIME",
        "1;ada@example.com;Berg;Ada;;Yes;Yes;Europe/Paris;18-06-2024;28-01-2026", ada="unknown", asks=True,
    ),
    _sample(
        "brevo_unsubscribed.csv", "Brevo, contacts",
        "CONTACT ID;EMAIL;LASTNAME;FIRSTNAME;SMS;DOUBLE_OPT-IN;OPT_IN;CONTACT_TIMEZONE;ADDED_TIME;MODIFIED_TIME",
        "1;ada@example.com;Berg;Ada;;Yes;Yes;Europe/Paris;18-06-2024;28-01-2026", ada="unsub",
    ),
    _sample(
        "brevo_with_blacklist.csv", "Brevo, contacts",
        "CONTACT ID;EMAIL;LASTNAME;FIRSTNAME;EMAIL_BLACKLISTED;ADDED_TIME;MODIFIED_TIME",
        "1;ada@example.com;Berg;Ada;false;18-06-2024;28-01-2026", "2;bob@example.com;Berg;Bob;true;18-06-2024;28-01-2026",
        ada="ok", bob="unsub",
    ),
    _sample(
        "contact_export.csv", "Constant Contact, contacts",
        "Email address,First name,Last name,Company,Job title,Email status,Email permission status,Email update source,"
        "Confirmed Opt-Out Date,Confirmed Opt-Out Source,Confirmed Opt-Out Reason,Tags,Email Lists,Source Name,Created At,Updated At",
        "ada@example.com,Ada,Berg,,,Active,Express,Contact,,,,,News,Form,2023-03-01 10:00:00,2023-03-01 10:00:00",
        "bob@example.com,Bob,Berg,,,Unsubscribed,Unsubscribed,Contact,2024-03-01 10:00:00,Contact,Too many,,News,Form,,",
        "cy@example.com,Cy,Berg,,,Active,Pending confirmation,Contact,,,,,News,Form,,",
        "dee@example.com,Dee,Berg,,,Active,Implied,Contact,2024-03-01,Contact,,,News,Form,,",
        ada="ok", bob="unsub", cy="pending", dee="unsub",
    ),
    _sample(
        "googlegroups.csv", "Google Groups, members",
        "Members for group friday-news",
        "Email address,Nickname,Group status,Email status,Email preference,Posting permissions,Join year,Join month,Join day,"
        "Join hour,Join minute,Join second,Time zone",
        'ada@example.com,"Berg, Ada",owner,,all email,allowed,2019,3,4,5,6,7,GMT', "bob@example.com,Bob,member,,no email,allowed,2019,3,4,5,6,7,GMT",
        "cy@example.com,Cy,invited,,all email,allowed,2019,3,4,5,6,7,GMT", "dee@example.com,Dee,member,bouncing,digest,allowed,2019,3,4,5,6,7,GMT",
        "eve@example.com,Eve,member,,abridged,allowed,2019,3,4,5,6,7,GMT",
        ada="ok", bob="no", cy="pending", dee="bounce", eve="ok",
    ),
    _sample(
        "curated.csv", "Curated, subscribers",
        "Email Address,Subscribed at,UTM Source,UTM Medium,UTM Term,UTM Content,UTM Campaign,UTM Last Path,UTM Referrer",
        'ada@example.com,2021-02-04 07:55:20 +0000,"","","","","","",""', 'bob@example,2021-02-04 07:55:20 +0000,"","","","","","",""',
        ada="ok",
    ),
    _sample(
        "hubspot-crm-exports-all-contacts.csv", "HubSpot, contacts",
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Lifecycle Stage,Unsubscribed from all email,"
        "Marketing email confirmation status,Create Date",
        "1,Ada,Berg,ada@example.com,,Eve,New,Subscriber,,confirmed,2024-03-12 09:14", "2,Bob,Berg,bob@example.com,,Eve,Open,Lead,true,,",
        "3,Cy,Berg,cy@example.com,,Eve,,Lead,false,double_opt_in_pending,",
        ada="ok", bob="unsub", cy="pending",
    ),
    _sample(
        "hubspot-without.csv", "HubSpot, contacts",
        "Record ID,First Name,Last Name,Email,Contact owner,Lifecycle Stage,Create Date", "1,Ada,Berg,ada@example.com,Eve,Lead,2024-03-12 09:14",
        ada="unknown", asks=True,
    ),
    _sample(
        "sendy.csv", "Sendy, subscribers",
        '"Name","Email","Joined","Last activity","Added via","Opt-in method","IP address","Country","Country code","Signed up from","Status","GDPR"',
        '"Ada","ada@example.com","2026/04/19","2026/04/19","App","","192.0.2.1","France","FR","https://example.com","Active","Yes"',
        '"Bob","bob@example.com","2026/04/19","","App","Double","","","","","Unsubscribed","No"', '"","cy@example.com","","","","","","","","","Bounced",""',
        '"","dee@example.com","","","","","","","","","Marked as spam",""', '"","eve@example.com","","","","","","","","","Unconfirmed",""',
        ada="ok", bob="unsub", cy="bounce", dee="complaint", eve="pending",
    ),
    _sample(
        "emailoctopus_unsubscribed.csv", "EmailOctopus, contacts", "Identifier,Email address,First name,Last name,Tags,Created,Last changed",
        "a1,ada@example.com,Ada,Berg,,2024-03-01 10:00:00,2024-03-01 10:00:00", ada="unsub", bom=True,
    ),
    _sample(
        "emailoctopus_subscribed.csv", "EmailOctopus, contacts", "Identifier,Email address,First name,Last name,Tags,Created,Last changed",
        "a1,ada@example.com,Ada,Berg,,2024-03-01 10:00:00,2024-03-01 10:00:00", ada="ok",
    ),
    _sample(
        "contacts.csv", "EmailOctopus, contacts", "Identifier,Email address,First name,Last name,Tags,Created,Last changed",
        "a1,ada@example.com,Ada,Berg,,2024-03-01 10:00:00,2024-03-01 10:00:00", ada="unknown", asks=True,
    ),
    _sample(
        "active_leads.csv", "AWeber, leads", "Email,Name 1,Add Method,Verified,Date Added,Status,Inactive Date,tags",
        "ada@example.com,Ada,form,Verified,2023-01-02 10:00:00,active,,", "bob@example.com,Bob,form,Not Verified,2023-01-02 10:00:00,active,,",
        ada="ok", bob="pending",
    ),
    _sample(
        "inactive_leads.csv", "AWeber, leads", "Email,Name 1,Add Method,Verified,Date Added,Status,Inactive Date,tags",
        "ada@example.com,Ada,form,Verified,2023-01-02 10:00:00,inactive,2024-01-02 10:00:00,", ada="unsub",
    ),
    _sample(
        "rasa.csv", "rasa.io, contacts",
        "ID,First Name,Last Name,Email,Subscribed,Unsubscribe Reason,Created,Updated,Referral Code,Source",
        "1,Ada,Berg,ada@example.com,1,,2024-03-01,,x,API", "2,Bob,Berg,bob@example.com,0,Bounce,2024-03-01,,x,API",
        "3,Cy,Berg,cy@example.com,0,Unsubscribed,2024-03-01,,x,CSV", "4,Dee,Berg,dee@example.com,0,API,2024-03-01,,x,CSV",
        ada="ok", bob="bounce", cy="unsub", dee="unsub",
    ),
    _sample(
        "squarespace.csv", "Squarespace, mailing list", "Email Address,Date Subscribed", "ada@example.com,2024-03-01T10:00:00Z", ada="ok",
    ),
    _sample(
        "customers_export.csv", "Shopify, customers",
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Province Code,Phone,"
        "Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags",
        "1,Ada,Berg,ada@example.com,yes,,ENG,,no,1.00,1,,no,", "2,Bob,Berg,bob@example.com,no,,ENG,,no,1.00,1,,no,",
        ada="ok", bob="no",
    ),
    _sample(
        "kit.csv", "Kit, subscribers", "first_name,email_address,state,created_at,tags",
        "Ada,ada@example.com,active,2022-09-10T11:12:13Z,", "Bob,bob@example.com,inactive,2022-09-10T11:12:13Z,",
        "Cy,cy@example.com,cancelled,2022-09-10T11:12:13Z,", "Dee,dee@example.com,bounced,2022-09-10T11:12:13Z,",
        "Eve,eve@example.com,complained,2022-09-10T11:12:13Z,", ada="ok", bob="pending", cy="unsub", dee="bounce", eve="complaint",
    ),
    _sample(
        "convertkit.csv", "Kit, subscribers", "first_name,email,created_at,status", "Ada,ada@example.com,2022-09-10T11:12:13Z,active",
        "Bob,bob@example.com,2022-09-10T11:12:13Z,inactive", ada="ok", bob="pending",
    ),
    _sample(
        "activecampaign.csv", "ActiveCampaign, contacts", "Email,First Name,Last Name,Phone,Tags,Date Created,IP,Status",
        "ada@example.com,Ada,Berg,,,2021-07-08 09:10:11,192.0.2.1,Active", "bob@example.com,Bob,Berg,,,2021-07-08 09:10:11,,Unconfirmed",
        "cy@example.com,Cy,Berg,,,2021-07-08 09:10:11,,Unsubscribed", "dee@example.com,Dee,Berg,,,2021-07-08 09:10:11,,Bounced",
        ada="ok", bob="pending", cy="unsub", dee="bounce",
    ),
    # — people who must not be mailed —
    _sample(
        "suppression_bounces.csv", "SendGrid, bounces", "status,reason,email,created",
        '5.1.1,"550 5.1.1 The ""mailbox"", it says,\nis not here",ada@example.com,1718000000',
        "4.2.2,452 4.2.2 mailbox full,bob@example.com,1718000001", "5.7.1,550 5.7.1 blocked by policy,cy@example.com,1718000002",
        ",550 no such user,dee@example.com,1718000003", ada="bounce", bob="ok", cy="ok", dee="bounce",
    ),
    _sample(
        "suppression_blocks.csv", "SendGrid, blocks", "status,reason,email,created", "4.0.0,timed out,ada@example.com,1718000000", ada="ok",
    ),
    _sample("suppression_unsubscribes.csv", "SendGrid, unsubscribes", "email,created", "ada@example.com,1718000000", ada="unsub"),
    _sample("asm_groups_1234_suppressions.csv", "SendGrid, unsubscribes", "email,created", "ada@example.com,1718000000", ada="unsub"),
    _sample("suppression_spam_reports.csv", "SendGrid, spam reports", "ip,email,created", "192.0.2.4,ada@example.com,1718000000", ada="complaint"),
    _sample("suppression_spam.csv", "SendGrid, spam reports", "origin,email,created", "192.0.2.4,ada@example.com,1718000000", ada="complaint"),
    _sample(
        "suppression_invalid_emails.csv", "SendGrid, invalid addresses", "reason,email,created",
        "Mail domain mentioned in email address is unknown,ada@example.com,1718000000", ada="bounce",
    ),
    Sample(
        "suppressed.json", "Amazon SES, suppressed",
        json.dumps({"SuppressedDestinationSummaries": [
            {"EmailAddress": "ADA@example.com", "Reason": "COMPLAINT", "LastUpdateTime": "2020-04-10T21:03:05Z"},
            {"EmailAddress": "bob@example.com", "Reason": "BOUNCE", "LastUpdateTime": 1586552585.072},
        ], "NextToken": "x"}).encode(),
        {"ada@example.com": "complaint", "bob@example.com": "bounce"},
    ),
    _sample(
        "ses.csv", "Amazon SES, suppressed", "email,reason,date", "ada@example.com,COMPLAINT,2020-04-10T21:03:05Z",
        "bob@example.com,BOUNCE,1586552585", ada="complaint", bob="bounce",
    ),
    _sample(
        "bounces.csv", "Mailgun, bounces", "address,code,error,created_at",
        'ada@example.com,550,"no such user, it says","Fri, 21 Oct 2011 11:02:55 UTC"',
        'bob@example.com,452,mailbox full,"Fri, 21 Oct 2011 11:02:55 UTC"',
        'cy@example.com,605,Not delivering to previously bounced address,"Fri, 21 Oct 2011 11:02:55 UTC"', ada="bounce", bob="ok", cy="bounce",
    ),
    _sample(
        "mailgun_complaints.csv", "Mailgun, complaints", "address,created_at", 'ada@example.com,"Fri, 21 Oct 2011 11:02:55 UTC"', ada="complaint",
    ),
    _sample(
        "mailgun_unsubscribes.csv", "Mailgun, unsubscribes", "address,tags,created_at", 'ada@example.com,*,"Fri, 21 Oct 2011 11:02:55 UTC"',
        ada="unsub",
    ),
    _sample(
        "postmark.csv", "Postmark, suppressions", "EmailAddress,SuppressionReason,Origin,CreatedAt",
        "ada@example.com,HardBounce,Recipient,2020-07-28T09:06:26-04:00", "bob@example.com,SpamComplaint,Recipient,2020-07-28T09:06:26-04:00",
        "cy@example.com,ManualSuppression,Recipient,2020-07-28T09:06:26-04:00", "dee@example.com,ManualSuppression,Customer,2020-07-28T09:06:26-04:00",
        ada="bounce", bob="complaint", cy="unsub", dee="no",
    ),
    _sample(
        "klaviyo_suppressed.csv", "Klaviyo, suppressed", "Email,Reason,Date", "ada@example.com,UNSUBSCRIBED,2024-02-01T00:00:00Z",
        "bob@example.com,USER_SUPPRESSED,2024-02-01T00:00:00Z", "cy@example.com,SPAM_COMPLAINT,", "dee@example.com,INVALID_EMAIL,",
        ada="unsub", bob="no", cy="complaint", dee="bounce", end="\r\n",
    ),
    _sample("klaviyo_suppressed_profiles.csv", "Klaviyo, suppressed", "Email", "ada@example.com", ada="no"),
    _sample(
        "blacklist.csv", "promio.connect, blacklist", '"sender_id";"ts";"custID";"mail";"status"',
        '"7";"2011-01-26 00:06:13";"c1";"ada@example.com";"1"', '"7";"2011-01-26 00:06:13";"";"bob@example.com";"3"',
        '"7";"2011-01-26 00:06:13";"";"cy@example.com";"0"', '"7";"2011-01-26 00:06:13";"";"dee@example.com";"5"',
        ada="unsub", bob="bounce", cy="no", dee="no",
    ),
    _sample(
        "mailup.csv", "MailUp, unsubscribed", "e-mail;phone;idList;OptOut_Date;optout_nl;optout_type;optout_subtype",
        "ada@example.com;;1;20110122T111244;12;1;", ada="unsub",
    ),
    _sample(
        "telnyx.csv", "Telnyx, suppressions",
        "id,to,from,reason,source,scope,status,domain_id,created_at,updated_at,expires_at,group_id",
        "1,ada@example.com,news@example.org,hard_bounce,auto,domain,active,d,2024-03-01T10:00:00Z,,,",
        "2,bob@example.com,news@example.org,spam_complaint,auto,domain,active,d,,,,", "3,cy@example.com,news@example.org,unsubscribe,auto,domain,active,d,,,,",
        "4,dee@example.com,news@example.org,invalid,auto,domain,active,d,,,,", "5,eve@example.com,news@example.org,manual_block,api,domain,active,d,,,,",
        ada="bounce", bob="complaint", cy="unsub", dee="bounce", eve="no",
    ),
)  # fmt: skip
