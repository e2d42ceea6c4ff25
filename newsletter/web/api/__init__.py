"""The JSON API: what other programs ask and do, by the verbs that desk and command line have too."""
