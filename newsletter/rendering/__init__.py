"""An edition in, an email out: MJML, merge slots, text part, MIME."""
