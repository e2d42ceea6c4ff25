"""Who gets it, once.

the ledger       models, rules (what may follow what), planning, ledger (claim and fence), recording,
                 settling, silence, finishing, statuses
to the wire      dispatch (the loop), stock (claimed ahead), handover, flight (under way), parcel (the seam),
                 senders/, hints (to workers elsewhere), owners, replies
how fast         throttle, warm_up, brake
for operators    controls, balance, sendlog, audit
"""
