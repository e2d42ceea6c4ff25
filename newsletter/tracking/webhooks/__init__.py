"""What happened here, told to other programs: posts to addresses that somebody gave us, signed, in order, none lost.

    kinds        what can be told, and what an endpoint wants of it
    endpoints    the addresses: added, rotated, replayed, switched off and on
    happenings   what happened, collected once into one order
    handovers    of it, what became of batches at hand-over
    horizon      which events are all there: ids commit out of order
    bodies       a happening as one endpoint gets it
    posts        one post: who may make it, and what follows from the answer

No reader is named in any of it: a reader is a number, and the API tells the rest to whoever may ask.
"""
