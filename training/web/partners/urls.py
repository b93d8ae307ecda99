from django.urls import path

from training.web.partners import views

urlpatterns = [
    path("", views.tokens, name="tokens"),
    path("export/", views.tokens.file, name="tokens-export"),
    path("issue/", views.issue, name="token-issue"),
    path("<int:pk>/", views.token, name="token"),
    path("<int:pk>/revoke/", views.revoke, name="token-revoke"),
]
