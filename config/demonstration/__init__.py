"""A living shop of any size: products, households and the orders they placed, always the same for one seed.

The stages of a load are made by SQL from seeded hashes, in one transaction: a load that fails leaves nothing behind,
and another one replaces what an earlier one made. Accounts, promotions and reviews are made once, by the services.
Only a demonstration shop has it: see docs/operating.md.
"""

from config.demonstration.plan import Plan as Plan
from config.demonstration.plan import Refused as Refused
from config.demonstration.stages import load as load
