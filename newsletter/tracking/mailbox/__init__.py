"""The mailbox: what mail servers and people write back, taken in once, and put away.

places      what a mailbox looks like from here: batches of letters, and what is done with those that were read
session     signed in at an IMAP server
imap        a folder there
names       how folders are called there
maildir     a folder of files
digests     whether two letters are the same one
whose       whose copy a letter is about, and what proves it
leaving     letters of who wants to leave
intake      a batch of letters becomes verdicts, kept for ever, and evidence
progress    how far each place has been read, and whether it can be
collecting  from a place to the database and back, in an order that may be cut off anywhere
shelf       what was taken in, for people
rulings     what a person makes of a letter
"""
