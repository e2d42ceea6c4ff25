"""Moving in and out: the files of other systems understood, people taken in from them, and ours written.

systems      which system writes what, and how it says who may be mailed: one entry a kind of file
headings     what columns are called, in the languages people call them
states       how somebody may stand in a file, and the words for it
files        packed, tabular and JSON files opened as tables of cells
recognising  what a table is: its system, what each column means, what must be asked
deciding     one row in, one arrival out
spool        arrivals sorted on disk, each address once, the strictest state kept
importing    a file surveyed, and then taken in, in portions that a kill can't double
uploads      files that people bring to a page or the API: where they lie, and how far each is; models has its table
merging      one portion into the roll, by set statements
exporting    the roll, its consent history and its suppressions as CSV files
"""
