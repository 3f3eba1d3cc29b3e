from django.urls import path

from crm.insights import views

urlpatterns = [
    path("mesures/", views.vitals, name="vitals"),
    path("qualite-de-service/", views.service_quality, name="service_quality"),
    path("qualite-de-service/donnees.csv", views.service_record_file, name="service_record_file"),
]
