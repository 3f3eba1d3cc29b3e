from config.limits import Limit

# A code has 98 bits: these keep a machine from being kept busy rather than a code from being found.
CODES_BY_MACHINE = Limit("voucher.machine", most=40)
CODES_BY_CUSTOMER = Limit("voucher.customer", most=20)
