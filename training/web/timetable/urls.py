from django.urls import path

from training.web.timetable import views

urlpatterns = [
    path("sessions/<int:pk>/", views.timetable, name="session-timetable"),
    path("sessions/<int:pk>/lessons/", views.add_lesson, name="lesson-add"),
    path("sessions/<int:pk>/lessons/check", views.check_lesson, name="lesson-check"),
    path("sessions/<int:pk>/lessons/<int:lesson>/", views.change_lesson, name="lesson-change"),
    path("sessions/<int:pk>/lessons/<int:lesson>/remove/", views.remove_lesson, name="lesson-remove"),
    path("sessions/<int:pk>/lessons/restore/", views.restore_lesson, name="lesson-restore"),
    path("sessions/<int:pk>/days/", views.whole_day, name="timetable-day"),
    path("sessions/<int:pk>/print", views.print_timetable, name="timetable-print"),
    path("week/", views.week, name="week"),
    path("venues/", views.venues, name="venues"),
    path("venues/export", views.venues.file, name="venues-export"),
    path("venues/add/", views.add_venue, name="venue-add"),
    path("venues/<int:pk>/", views.venue, name="venue"),
    path("venues/<int:pk>/lessons/export/", views.venue_lessons, name="venue-lessons-export"),
    path("venues/<int:pk>/change/", views.change_venue, name="venue-change"),
    path("venues/<int:pk>/retire/", views.retire_venue, name="venue-retire"),
    path("venues/<int:pk>/reopen/", views.reopen_venue, name="venue-reopen"),
    path("feeds/", views.feeds, name="calendar-feeds"),
    path("feeds/<int:pk>/revoke/", views.revoke_feed, name="calendar-feed-revoke"),
    path("feed/<str:token>.ics", views.feed, name="calendar-feed"),
]
