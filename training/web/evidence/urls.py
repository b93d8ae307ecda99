from django.urls import path

from training.web.evidence import views

urlpatterns = [
    path("sessions/<int:pk>/uploads/", views.uploads, name="uploads"),
    path("uploads/", views.file_uploads, name="file-uploads"),
    path("uploads/<uuid:pk>/", views.upload, name="upload"),
    path("uploads/<uuid:pk>/drop/", views.drop_upload, name="upload-drop"),
    path("thumbnails/<int:pk>/", views.thumbnail, name="thumbnail"),
    path("scans/", views.scans, name="register-scans"),
    path("scans/export/", views.scans_file, name="register-scans-export"),
    path("scans/<int:pk>/", views.scan, name="register-scan"),
    path("scanned/<int:pk>/picture/", views.scanned_picture, name="scanned-picture"),
    path("scanned/<int:pk>/aside/", views.set_aside, name="scanned-aside"),
    path("reuses/", views.reuses, name="reuses"),
    path("reuses/export/", views.reuses.file, name="reuses-export"),
    path("reuses/<int:pk>/", views.reuse, name="reuse"),
]
