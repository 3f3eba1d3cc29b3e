"""The tests' settings for a web server that writes its counts itself."""

from config.settings.base import env
from config.settings.test import *  # noqa: F403

INSIGHTS_FLUSH_SECONDS = env.float("INSIGHTS_FLUSH_SECONDS")
