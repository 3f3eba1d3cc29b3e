from allauth.account.adapter import DefaultAccountAdapter


class OutboxAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    pass
