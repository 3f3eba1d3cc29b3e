"""Whether disappointed customers came back, beside comparable ones, and what broken promises cost (ADR 30).

Plain arithmetic: no ORM, no clock, no settings. Who reads the orders hands over episodes.
"""
