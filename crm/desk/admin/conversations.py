"""The desk as agents work at it: the queue, a conversation, what was said elsewhere. Services write, these pages ask."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import KeepsSecret, Tags, Undeletable, found, own_id
from crm.desk import queries, services, wording
from crm.desk.models import Attachment, Conversation
from crm.desk.staff_forms import (
    AttachForm,
    ContactNoteForm,
    NoteForm,
    OutcomeForm,
    ReplyForm,
    SearchForm,
    Seen,
    new_key,
)
from crm.desk.text_rules import filled
from shop.orders.admin_search import FindsByReference

_Form = TypeVar("_Form", bound=Seen)
READS_NUMBERS = "orders.read_recipient"
ORDERS_FOR = "desk.order_for_customer"
SESSION_WORDS = "desk_search"


@admin.register(Conversation)
class ConversationAdmin(FindsByReference, KeepsSecret, Undeletable, ModelAdmin):
    """The list is for looking back; names and addresses are searched on the desk's own page, never in an address."""

    secret_fields = frozenset({"reply_token", "name", "email", "phone"})
    list_display = (
        "__str__",
        "received_at",
        "channel",
        "subject",
        "order_reference",
        "assigned",
        "shown_state",
    )
    list_filter = ("state", "channel", "subject", "outcome", "received_at")
    list_select_related = ("assigned_to",)
    search_fields = ("=id", "order_reference")
    search_help_text = _("Numéro de demande ou de commande")
    ordering = ("-received_at",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=_("suivie par"))
    def assigned(self, conversation: Conversation) -> str:
        return wording.agent_name(conversation.assigned_to) or "—"

    @display(
        description=_("état"),
        label=Tags({"waiting": "warning", "answered": "success", "closed": "info"}),
        ordering="state",
    )
    def shown_state(self, conversation: Conversation) -> tuple[str, str]:
        return conversation.state, conversation.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            guarded: URLPattern = path(route, self.admin_site.admin_view(view), name=name)
            return guarded

        return [
            own("file/", self.queue_page, "desk_queue"),
            own("recherche/", self.search_page, "desk_search"),
            own("client/<int:customer_id>/", self.customer_page, "desk_customer"),
            own("nouvelle/", self.note_contact, "desk_note_contact"),
            own("piece/<int:attachment_id>/", self.attachment, "desk_attachment"),
            own("<int:conversation_id>/faire/<slug:act>/", self.act, "desk_act"),
            *super().get_urls(),
        ]

    # --- the queue -----------------------------------------------------------------------------

    def queue_page(self, request: HttpRequest) -> HttpResponse:
        """What waits, in the order in which it is to be done. Nine queries."""
        self._may_read(request)
        whose = request.GET.get("qui", "")
        now = timezone.now()
        queue = queries.queue(
            now, user_id=own_id(request) if whose == "moi" else None, only_free=whose == "libres"
        )
        context = {
            **self.admin_site.each_context(request), "title": translate("File des demandes"), "opts": self.opts,
            "queue": queue, "backlog": queries.backlog(now), "now": now, "whose": whose, "search": SearchForm(),
            "shows_phone": request.user.has_perm(READS_NUMBERS), "may_answer": self.has_change_permission(request),
        }  # fmt: skip
        return TemplateResponse(request, "desk/admin/queue.html", context)

    # --- one conversation ----------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        conversation = found(self, request, object_id)
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        if request.method != "GET":
            # What is done here is done by acts, each with an address and a right of its own.
            raise PermissionDenied
        return self._page(request, conversation)

    def _page(
        self, request: HttpRequest, conversation: Conversation, status: int = 200, **forms: Any
    ) -> HttpResponse:
        """The thread, the answer being written, and what is known of the order. Eighteen queries at most."""
        entries = queries.thread(conversation)
        known = queries.order_facts(conversation.order_reference)
        seen = entries[-1].pk if entries else 0
        now = timezone.now()
        orders = {conversation.order_reference} if known else set()
        owner_id = conversation.customer_id
        context = {
            **self.admin_site.each_context(request), "title": translate("Demande n°\u00a0%d") % conversation.pk,
            "opts": self.opts, "conversation": conversation, "entries": entries, "known": known, "now": now,
            "is_mine": conversation.assigned_to_id == own_id(request),
            "is_newcomer": queries.newcomers({owner_id} if owner_id else set(), orders).has(
                owner_id, conversation.order_reference
            ),
            "calls": list(queries.calls_of(conversation)), "others": list(queries.others_of(conversation)),
            "texts": list(queries.reply_texts()), "may_call": request.user.has_perm(READS_NUMBERS),
            "may_answer": self.has_change_permission(request, conversation) and conversation.erased_at is None,
            "reply_form": ReplyForm(initial={"seen": seen}), "note_form": NoteForm(initial={"seen": seen}),
            "outcome_form": OutcomeForm(initial={"seen": seen}), "attach_form": AttachForm(
                initial={"order_reference": conversation.order_reference}
            ),
        } | forms  # fmt: skip
        return TemplateResponse(request, "desk/admin/conversation.html", context, status=status)

    def act(self, request: HttpRequest, conversation_id: int, act: str) -> HttpResponse:
        """One thing an agent does to a conversation, and back to it. What is refused is said, and nothing typed is lost."""
        conversation = found(self, request, conversation_id)
        done: Callable[[HttpRequest, Conversation], HttpResponse | None] | None = self._acts().get(act)
        if done is None or request.method != "POST":
            raise Http404
        if not self.has_change_permission(request, conversation):
            raise PermissionDenied
        try:
            answer = done(request, conversation)
        except wording.REFUSALS as why:
            messages.error(request, wording.refused(why))
            answer = None
        return answer or redirect("admin:desk_conversation_change", conversation_id)

    def _acts(self) -> dict[str, Callable[[HttpRequest, Conversation], HttpResponse | None]]:
        return {
            "prendre": self._take,
            "reprendre": self._take_over,
            "rendre": self._release,
            "repondre": self._reply,
            "noter": self._note,
            "classer": self._close,
            "rouvrir": self._reopen,
            "rattacher": self._attach,
            "rappeler": self._call_back,
        }

    def _take(self, request: HttpRequest, conversation: Conversation) -> None:
        services.take(Conversation, pk=conversation.pk, user_id=own_id(request))

    def _take_over(self, request: HttpRequest, conversation: Conversation) -> None:
        seen = request.POST.get("de", "")
        services.take_over(
            Conversation, pk=conversation.pk, from_id=int(seen) if seen.isdecimal() else None,
            user_id=own_id(request),
        )  # fmt: skip
        self.log_change(request, conversation, translate("Demande reprise à un collègue."))

    def _release(self, request: HttpRequest, conversation: Conversation) -> HttpResponse:
        services.release(Conversation, pk=conversation.pk, user_id=own_id(request))
        return redirect("admin:desk_queue")

    def _reply(self, request: HttpRequest, conversation: Conversation) -> HttpResponse:
        form = ReplyForm(request.POST)
        if "inserer" in request.POST:
            return self._with_text(request, conversation)
        if not form.is_valid():
            return self._page(request, conversation, status=422, reply_form=form)
        told = form.cleaned_data
        try:
            services.answer_conversation(
                conversation_id=conversation.pk, text=told["text"], user_id=own_id(request), key=told["key"],
                seen_entry_id=told["seen"],
            )  # fmt: skip
        except wording.REFUSALS as why:
            draft = _before_what_came(conversation, ReplyForm, told)
            return self._not_done(request, conversation, why, reply_form=draft)
        self.log_change(request, conversation, translate("Réponse envoyée."))
        messages.success(request, translate("Réponse enregistrée\u202f: elle part par e-mail."))
        return self._next(request) if "suivante" in request.POST else redirect("admin:desk_queue")

    def _with_text(self, request: HttpRequest, conversation: Conversation) -> HttpResponse:
        """The draft with a reply text after it, filled from the order."""
        chosen = request.POST.get("modele", "")
        text = queries.reply_texts().filter(pk=int(chosen)).first() if chosen.isdecimal() else None
        draft = request.POST.get("text", "").replace("\r\n", "\n").rstrip()
        if text is not None:
            known = queries.order_facts(conversation.order_reference)
            facts = queries.facts_for(conversation, known, agent=wording.signature(request.user))
            draft = "\n\n".join(filter(None, [draft, filled(text.body, facts)]))
        form = _before_what_came(conversation, ReplyForm, {"text": draft})
        return self._page(request, conversation, reply_form=form)

    def _not_done(
        self, request: HttpRequest, conversation: Conversation, why: Exception, **forms: Any
    ) -> HttpResponse:
        """The page as things stand now, why nothing was done, and what was typed."""
        messages.error(request, wording.refused(why))
        conversation.refresh_from_db()
        return self._page(request, conversation, status=409, **forms)

    def _next(self, request: HttpRequest) -> HttpResponse:
        """The most urgent of what is free or one's own, a conversation or a call."""
        user_id = own_id(request)
        for item in queries.queue(timezone.now()).items:
            if item.row is not None and item.row.assigned_to_id in {None, user_id}:
                what = "conversation" if item.conversation else "callback"
                return redirect(f"admin:desk_{what}_change", item.row.pk)
        messages.info(request, translate("La file est vide."))
        return redirect("admin:desk_queue")

    def _note(self, request: HttpRequest, conversation: Conversation) -> HttpResponse | None:
        form = NoteForm(request.POST)
        if not form.is_valid():
            return self._page(request, conversation, status=422, note_form=form)
        told = form.cleaned_data
        try:
            services.note_in(
                conversation_id=conversation.pk, kind=told["kind"], text=told["text"], user_id=own_id(request),
                key=told["key"], is_answer=told["is_answer"], seen_entry_id=told["seen"],
            )  # fmt: skip
        except wording.REFUSALS as why:
            draft = _before_what_came(conversation, NoteForm, told)
            return self._not_done(request, conversation, why, note_form=draft)
        messages.success(request, translate("Note ajoutée."))
        return None

    def _close(self, request: HttpRequest, conversation: Conversation) -> HttpResponse:
        form = OutcomeForm(request.POST)
        if not form.is_valid():
            return self._page(request, conversation, status=422, outcome_form=form)
        told = form.cleaned_data
        try:
            services.close_conversation(
                conversation_id=conversation.pk, outcome=told["outcome"], user_id=own_id(request),
                seen_entry_id=told["seen"],
            )  # fmt: skip
        except wording.REFUSALS as why:
            chosen = _before_what_came(conversation, OutcomeForm, told)
            return self._not_done(request, conversation, why, outcome_form=chosen)
        self.log_change(request, conversation, translate("Demande classée."))
        messages.success(request, translate("Demande classée."))
        return redirect("admin:desk_queue")

    def _reopen(self, request: HttpRequest, conversation: Conversation) -> None:
        services.reopen_conversation(conversation_id=conversation.pk, user_id=own_id(request))
        self.log_change(request, conversation, translate("Demande rouverte."))

    def _attach(self, request: HttpRequest, conversation: Conversation) -> HttpResponse | None:
        """To an order, and so to whoever placed it."""
        form = AttachForm(request.POST)
        if not form.is_valid():
            return self._page(request, conversation, status=422, attach_form=form)
        known = queries.order_facts(form.cleaned_data["order_reference"])
        owner_id = known.order.customer.party_id if known else None
        services.attach_to(
            conversation_id=conversation.pk, order_reference=form.cleaned_data["order_reference"],
            customer_id=owner_id or conversation.customer_id,
        )  # fmt: skip
        self.log_change(request, conversation, translate("Demande rattachée à une commande."))
        return None

    def _call_back(self, request: HttpRequest, conversation: Conversation) -> HttpResponse:
        call = services.call_about_conversation(conversation_id=conversation.pk)
        messages.success(request, translate("Rappel ajouté à la file."))
        return redirect("admin:desk_callback_change", call.pk)

    # --- beside it -----------------------------------------------------------------------------

    def note_contact(self, request: HttpRequest) -> HttpResponse:
        """Keep a call or a chat: settled, or to be answered within the day."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        customer = queries.customer_by_id(request.GET.get("client", ""))
        known = (
            {"name": customer.full_name, "phone": customer.phone, "email": customer.email} if customer else {}
        )
        typed = request.POST if request.method == "POST" else None
        form = ContactNoteForm(typed, initial=known | {"key": new_key()})
        if form.is_valid():
            return self._noted(request, form.cleaned_data, customer.pk if customer else None)
        context = {
            **self.admin_site.each_context(request), "title": translate("Noter un appel ou une conversation"),
            "opts": self.opts, "form": form, "customer": customer,
        }  # fmt: skip
        status = 422 if form.errors else 200
        return TemplateResponse(request, "desk/admin/note_contact.html", context, status=status)

    def _noted(self, request: HttpRequest, told: dict[str, Any], customer_id: int | None) -> HttpResponse:
        call_back = told.pop("call_back")
        conversation = services.note_contact(**told, user_id=own_id(request), customer_id=customer_id)
        if call_back:
            return self._call_back(request, conversation)
        messages.success(request, translate("C’est noté."))
        return redirect("admin:desk_conversation_change", conversation.pk)

    def search_page(self, request: HttpRequest) -> HttpResponse:
        """Who is calling. The words come in a body and wait in the session: no address, no log holds them.

        Four queries at most.
        """
        self._may_know_customers(request)
        form = SearchForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            request.session[SESSION_WORDS] = form.cleaned_data["words"]
            found = queries.find(form.cleaned_data["words"])
            if found.only_customer:
                return redirect("admin:desk_customer", found.only_customer.pk)
            return redirect("admin:desk_search")
        words = request.session.get(SESSION_WORDS, "")
        context = {
            **self.admin_site.each_context(request), "title": translate("Recherche"), "opts": self.opts,
            "search": SearchForm(initial={"words": words}), "words": words, "found": queries.find(words),
            "shows_phone": request.user.has_perm(READS_NUMBERS),
        }  # fmt: skip
        return TemplateResponse(request, "desk/admin/search.html", context)

    def customer_page(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        """All that is known of one customer. Twelve queries, and those of what promises tell."""
        self._may_know_customers(request)
        customer = queries.customer_by_id(str(customer_id))
        if customer is None:
            raise Http404
        if customer.pk != customer_id:
            return redirect("admin:desk_customer", customer.pk)
        page = queries.customer_page(customer)
        context = {
            **self.admin_site.each_context(request), "title": customer.full_name or translate("Client"),
            "opts": self.opts, "page": page, "now": timezone.now(), "search": SearchForm(),
            "is_newcomer": bool(queries.newcomers({customer.pk}, []).customer_ids) or not any(order.stands for order in page.orders),
            "may_call": request.user.has_perm(READS_NUMBERS), "may_answer": self.has_change_permission(request),
            "may_order": request.user.has_perm(ORDERS_FOR) and not (customer.user and customer.user.is_staff),
        }  # fmt: skip
        return TemplateResponse(request, "desk/admin/customer.html", context)

    def _may_know_customers(self, request: HttpRequest) -> None:
        self._may_read(request)
        if not request.user.has_perm("customers.view_customer"):
            raise PermissionDenied

    def attachment(self, request: HttpRequest, attachment_id: int) -> HttpResponse:
        """A file that came with a mail, for whoever may read the conversation; opened by nothing but its own kind."""
        self._may_read(request)
        file = get_object_or_404(Attachment, pk=attachment_id)
        is_picture = file.content_type.startswith("image/")
        answer = HttpResponse(bytes(file.data), content_type=file.content_type)
        how = "inline" if is_picture and "telecharger" not in request.GET else "attachment"
        answer["Content-Disposition"] = f'{how}; filename="piece-{file.pk}.{_EXTENSIONS[file.content_type]}"'
        answer["Cache-Control"] = "private, no-store"
        return answer

    def _may_read(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _before_what_came(conversation: Conversation, form: type[_Form], typed: dict[str, Any]) -> _Form:
    """A form as it was filled in, before what has now been read, to be sent once more. One query."""
    seen = conversation.entries.order_by("-pk").values_list("pk", flat=True).first() or 0
    return form(initial=typed | {"seen": seen, "key": new_key()})


_EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"
}  # fmt: skip
