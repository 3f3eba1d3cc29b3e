from django.urls import path

from crm.desk import views

urlpatterns = [
    path("aide/", views.help_page, name="help"),
    path("aide/recu/<str:token>/", views.help_received, name="help_received"),
    path("pages/<slug:slug>/", views.legal_page, name="legal_page"),
]
