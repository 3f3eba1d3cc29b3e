"""Where ports of lower rooms are bound to what higher rooms offer."""
