from django.urls import path

from crm.insights import views

urlpatterns = [
    path("mesures/", views.vitals, name="vitals"),
    path("qualite-de-service/", views.service_quality, name="service_quality"),
]
