from django import template

from crm.insights.record_wording import percent

register = template.Library()
register.filter("percent", percent)
