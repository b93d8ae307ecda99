from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from training.accounts.models import Membership, User


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    has_change_permission = has_add_permission


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    """To look at only: what changes an account is done on the pages of the accounts, which write it down."""

    inlines = [MembershipInline]
    list_display = ("username", "display_name", "is_active", "last_login")
    fieldsets = (*(UserAdmin.fieldsets or ()), (None, {"fields": ("display_name",)}))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    has_delete_permission = has_change_permission
