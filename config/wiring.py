"""Where ports of lower rooms are bound to what higher rooms offer."""

from crm.desk import queries as desk
from crm.insights.ports import bind_page_text

bind_page_text(desk.page_in_force)
