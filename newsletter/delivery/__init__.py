"""Who gets it, once.

models           the tables: a row for each recipient, state on the batch
ledger/          rules (what may follow what), planning, claiming (claim and fence), recording, settling,
                 silence, finishing, statuses, owners, turned_back (a clock that went back)
wire/            dispatch (the loop), stock (claimed ahead), handover, flight (under way), parcel (the seam),
                 blackbox (outlives the process), takeover,
                 patience (a database that is away), hints and overseeing (workers elsewhere), replies
senders/         maildir, smtp/, sendgrid/
pace/            throttle, warm_up, brake
operations/      controls, balance, sendlog, audit, crew (who is at work)
"""
