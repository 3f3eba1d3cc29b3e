from crm.desk.admin import callbacks, conversations, pages, phone_orders, texts  # noqa: F401 - registered by being imported
