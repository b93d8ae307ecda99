from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from training.accounts.models import Membership, User


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    """Accounts and roles; administrators have no business rights and see no business data."""

    inlines = [MembershipInline]
    list_display = ("username", "display_name", "is_active", "last_login")
    fieldsets = (*(UserAdmin.fieldsets or ()), (None, {"fields": ("display_name",)}))
