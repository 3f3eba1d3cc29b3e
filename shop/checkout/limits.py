from config.limits import Limit

# A voucher’s own code has 98 bits: for it these keep a machine from being kept busy. A code for many is short, and worth
# little to whoever finds it: once a customer, within its budget.
CODES_BY_MACHINE = Limit("voucher.machine", most=40)
CODES_BY_CUSTOMER = Limit("voucher.customer", most=20)
