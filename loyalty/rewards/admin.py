"""Articles to give and their stock, rewards, presents on their way: for staff."""

from typing import Any
from uuid import uuid4

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import ReadOnly, Tags, Undeletable, found, in_euros, make_sure, own_id
from loyalty.points.wording import points_said
from loyalty.rewards import services
from loyalty.rewards.forms import ItemForm, RewardForm, StockForm
from loyalty.rewards.models import Item, ItemMove, Present, PresentEvent, Reward
from loyalty.rewards.rules import StockRefused, TooLate
from loyalty.rewards.wording import reward_label


class MoveInline(ReadOnly, TabularInline):
    model = ItemMove
    extra = 0
    fields = readonly_fields = ["at", "kind", "units", "by"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[ItemMove]:
        moves: QuerySet[ItemMove] = super().get_queryset(request)
        return moves.select_related("by")


@admin.register(Item)
class ItemAdmin(Undeletable, ModelAdmin):
    form = ItemForm
    list_display = ["name", "kind", "stock", "cost_said", "withdrawn_at"]
    list_filter = ["kind"]
    search_fields = ["name"]
    list_per_page = 50
    cost_said = in_euros("cost", _("coût HT"))
    inlines = [MoveInline]
    actions_detail = ["move", "withdraw"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was promised under a name keeps it: an article is withdrawn, and another one written."""
        return False

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return list(self.inlines) if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """What is typed, and of one that is written what it became."""
        typed = ["name", "description", "kind", "cost", "ean", "is_lawful"]
        return ["name", "description", "kind", "cost_said", "stock", "withdrawn_at"] if obj else typed

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj) if obj else []

    def has_move_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm("rewards.change_item"))

    @action(description=_("Mouvement de stock…"), url_path="stock", permissions=["move"], icon="inventory")
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        item = found(self, request, object_id)
        form = StockForm(request.POST or None, initial={"key": uuid4()})
        if request.method == "POST" and form.is_valid() and self._moved(request, item, form):
            return redirect("admin:rewards_item_change", item.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("Mouvement de stock"), "opts": self.opts, "form": form,
            "item": item,
        }  # fmt: skip
        return TemplateResponse(request, "rewards/admin/stock.html", context)

    def _moved(self, request: HttpRequest, item: Item, form: StockForm) -> bool:
        told = form.cleaned_data
        try:
            services.move_stock(
                item_id=item.pk, kind=told["kind"], units=told["units"], source=f"staff:{told['key']}",
                by_id=own_id(request),
            )  # fmt: skip
        except StockRefused as refused:
            said = _("Il n’en reste que %(left)s\u202f: moins que rien est impossible.")
            form.add_error("units", said % {"left": refused.left})
            return False
        self.log_change(request, item, str(_("stock")))
        self.message_user(request, _("Le stock est à jour."), messages.SUCCESS)
        return True

    @action(description=_("Retirer cet article"), url_path="retirer", permissions=["move"], icon="block")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        item = found(self, request, object_id)
        if request.method == "POST":
            services.withdraw(item_id=item.pk)
            self.log_change(request, item, str(_("retiré")))
            self.message_user(request, _("L’article n’est plus promis à personne."), messages.SUCCESS)
            return redirect("admin:rewards_item_change", item.pk)
        said = _("Il n’est plus proposé ni promis. Ce qui est déjà promis est donné.")
        return make_sure(self, request, item, _("Retirer cet article"), said)


@admin.register(Reward)
class RewardAdmin(Undeletable, ModelAdmin):
    form = RewardForm
    list_display = ["label_said", "points_said", "kind", "starts_at", "stopped_at"]
    list_filter = ["kind"]
    list_select_related = ["item"]
    actions_detail = ["stop"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was read on a page holds: a reward is stopped, and another one written."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"starts_at": timezone.now()}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        typed = ["kind", "points", "item", "amount", "deliveries", "ean", "starts_at"]
        return ["label_said", "points_said", "kind", "starts_at", "stopped_at"] if obj else typed

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj) if obj else []

    @display(description=_("récompense"))
    def label_said(self, reward: Reward) -> str:
        return reward_label(reward)

    @display(description=_("points"), ordering="points")
    def points_said(self, reward: Reward) -> str:
        return points_said(reward.points)

    def has_stop_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm("rewards.change_reward"))

    @action(description=_("Arrêter cette récompense"), url_path="arreter", permissions=["stop"], icon="block")
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        reward = found(self, request, object_id)
        if request.method == "POST":
            services.stop_reward(reward_id=reward.pk)
            self.log_change(request, reward, str(_("arrêtée")))
            self.message_user(request, _("La récompense n’est plus proposée."), messages.SUCCESS)
            return redirect("admin:rewards_reward_change", reward.pk)
        said = _("Elle n’est plus proposée. Ce qui a été échangé reste dû.")
        return make_sure(self, request, reward, _("Arrêter cette récompense"), said)


class EventInline(ReadOnly, TabularInline):
    model = PresentEvent
    extra = 0
    fields = readonly_fields = ["at", "kind", "order_reference", "by"]
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[PresentEvent]:
        events: QuerySet[PresentEvent] = super().get_queryset(request)
        return events.select_related("by")


@admin.register(Present)
class PresentAdmin(ReadOnly, ModelAdmin):
    list_display = ["name", "kind", "state_said", "customer", "order_reference", "missed_at", "made_at"]
    list_filter = ["state", "kind", ("missed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["customer"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=order_reference", "=customer__id"]
    search_help_text = _("référence de commande ou numéro de client")
    fields = readonly_fields = [
        "name", "kind", "state", "customer", "item", "order_reference", "points", "source", "made_at", "settled_at",
        "missed_at", "given_at",
    ]  # fmt: skip
    inlines = [EventInline]
    actions_detail = ["take_back"]

    @display(
        description=_("état"),
        label=Tags({"waiting": "warning", "attached": "info", "packed": "info", "given": "success", "cancelled": "danger"}),
    )  # fmt: skip
    def state_said(self, present: Present) -> tuple[str, str]:
        return present.state, present.get_state_display()

    def has_take_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm("rewards.change_present"))

    @action(description=_("Annuler ce cadeau"), url_path="annuler", permissions=["take"], icon="block")
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        present = found(self, request, object_id)
        if request.method == "POST":
            try:
                services.call_off(present_id=present.pk, by_id=own_id(request))
            except TooLate:
                said = _("Trop tard\u202f: il est en préparation, dans les bacs, ou remis.")
                self.message_user(request, said, messages.ERROR)
            else:
                self.log_change(request, present, str(_("annulé")))
                self.message_user(request, _("Le cadeau est annulé."), messages.SUCCESS)
            return redirect("admin:rewards_present_change", present.pk)
        said = _("Son client ne le reçoit pas. D’une récompense, ses points lui sont rendus.")
        return make_sure(self, request, present, _("Annuler ce cadeau"), said)
