from crm.desk.admin import pages  # noqa: F401 - registered by being imported
