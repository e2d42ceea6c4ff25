"""The ways to the wire: maildir, smtp, sendgrid; one file for each."""
