"""What was set at the desk while the house runs: kept in the database, over newsletter.toml, as a list of changes.

models    one change
standing  what counts now, or counted at an earlier change; put, take back
open      which settings may be changed so, and which need a restart
laying    the changes laid over the settings that file and environment gave
"""
