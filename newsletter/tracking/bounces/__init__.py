"""What came back by mail, understood: the bytes of one message in, one judgement of it out."""
