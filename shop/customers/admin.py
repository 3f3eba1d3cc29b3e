"""Staff screens about people. Nothing here shows a password, in whatever form."""

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from config.admin import KeepsSecret, ReadOnly, Undeletable
from shop.customers import services
from shop.customers.models import Address, Consent, Customer, User
from shop.customers.rules import PhoneInvalid, normalise_phone

admin.site.unregister([Group, Authenticator])


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """What a group may do decides what everybody may do: superusers only."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_superuser(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission

    @staticmethod
    def _is_superuser(request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


@admin.register(User)
class UserAdmin(KeepsSecret, Undeletable, ModelAdmin):
    """Logins. Staff get groups here; passwords are chosen by their owner, after a sign-in code."""

    list_display = ("email", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "groups")
    secret_fields = frozenset({"password"})
    search_fields = ("email",)
    ordering = ("email",)
    fields = ("email", "is_staff", "is_active", "groups", "last_login", "date_joined")
    readonly_fields = ("last_login", "date_joined")
    formfield_overrides = {ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Nobody but a superuser sees, and so edits, a superuser."""
        users: QuerySet[User] = super().get_queryset(request)
        return users if self._is_superuser(request) else users.filter(is_superuser=False)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """A new login has no dates yet."""
        return tuple(name for name in self.fields if obj or name not in self.readonly_fields)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """An e-mail changes only through its owner's proof; nobody raises their own rights."""
        fixed: tuple[str, ...] = self.readonly_fields
        if obj is not None:
            fixed = (*fixed, "email")
        if obj is not None and obj.pk == request.user.pk and not self._is_superuser(request):
            fixed = (*fixed, "is_staff", "is_active", "groups")
        return fixed

    def save_model(
        self, request: HttpRequest, obj: User, form: "forms.ModelForm[User]", change: bool
    ) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        created = services.create_login(email=obj.email, is_staff=obj.is_staff, is_active=obj.is_active)
        obj.pk, obj.password, obj.email = created.pk, created.password, created.email
        obj._state.adding, obj._state.db = False, created._state.db
        self.message_user(
            request,
            _("Compte créé sans mot de passe : la personne se connecte par un code reçu par e-mail."),
            messages.INFO,
        )

    @staticmethod
    def _is_superuser(request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


@admin.register(Authenticator)
class AuthenticatorAdmin(KeepsSecret, ModelAdmin):
    """Second factors: a superuser takes a lost one away. What they are made of, nobody reads or writes."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = readonly_fields = list_display
    secret_fields = frozenset({"data"})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AddressInline(ReadOnly, TabularInline):
    model = Address
    extra = 0
    fields = ("label", "line1", "line2", "postcode", "city", "floor", "is_default")
    readonly_fields = fields
    tab = True


class ConsentInline(ReadOnly, TabularInline):
    model = Consent
    extra = 0
    fields = ("purpose", "is_granted", "source", "recorded_at", "wording")
    readonly_fields = fields
    tab = True


class CustomerForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_phone(self) -> str:
        try:
            return normalise_phone(self.cleaned_data["phone"])
        except PhoneInvalid:
            raise forms.ValidationError(_("Un numéro français a dix chiffres."), code="phone") from None


@admin.register(Customer)
class CustomerAdmin(Undeletable, ModelAdmin):
    """Who buys. Read-mostly: staff correct a name or a telephone number."""

    form = CustomerForm
    list_display = ("name_said", "email", "phone", "has_login", "since")
    list_select_related = ("user",)
    search_fields = ("email", "last_name", "phone")
    search_help_text = _("E-mail, nom ou téléphone")
    date_hierarchy = "created_at"
    fields = ("first_name", "last_name", "phone", "email", "login", "became", "since")
    readonly_fields = ("email", "login", "became", "since")
    inlines = (AddressInline, ConsentInline)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Customer, form: "forms.ModelForm[Customer]", change: bool
    ) -> None:
        services.update_details(
            customer_id=obj.pk,
            first_name=obj.first_name,
            last_name=obj.last_name,
            phone=obj.phone,
            birth_on=obj.birth_on,
        )

    @admin.display(description=_("compte de connexion"))
    def login(self, customer: Customer) -> str:
        return str(customer.user) if customer.user else "—"

    @admin.display(description=_("réuni avec"))
    def became(self, customer: Customer) -> str:
        return str(customer.merged_into) if customer.merged_into else "—"

    @admin.display(description=_("nom"), ordering="last_name")
    def name_said(self, customer: Customer) -> str:
        return customer.full_name or "—"

    @admin.display(description=_("client depuis le"), ordering="created_at")
    def since(self, customer: Customer) -> str:
        return date_format(timezone.localtime(customer.created_at), "j F Y")

    @admin.display(boolean=True, description=_("compte"))
    def has_login(self, customer: Customer) -> bool:
        return customer.user_id is not None


@admin.register(Consent)
class ConsentAdmin(ReadOnly, ModelAdmin):
    """Proof of each answer. Append-only: not even staff changes it."""

    list_display = ("email_said", "purpose", "is_granted", "source", "recorded_at")
    list_filter = ("purpose", "is_granted", "source")
    list_select_related = ("customer",)
    search_fields = ("customer__email",)
    date_hierarchy = "recorded_at"

    @admin.display(description=_("client"), ordering="customer__email")
    def email_said(self, consent: Consent) -> str:
        return consent.customer.email
