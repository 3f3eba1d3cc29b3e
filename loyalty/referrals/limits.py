from config.limits import Limit

# A code has 49 bits: at forty wrong ones an hour nobody finds one.
WRONG_CODES = Limit("invitation.machine", most=40)
ACCEPTS = Limit("invitation.customer", most=20)
