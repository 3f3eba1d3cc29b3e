from django.urls import path

from delivery.tracking import event_views, views

urlpatterns = [
    path("livreur/", views.home, name="courier"),
    path("livreur/charger/", views.open_round, name="courier_open"),
    path("livreur/arrets/<int:visit_id>/", views.stop, name="courier_stop"),
    path("livreur/evenements/", event_views.event, name="courier_event"),
    path("livreur/fiches/", views.cards, name="courier_cards"),
    path("livreur/questions/", views.question, name="courier_question"),
    path("livreur/service-worker.js", views.service_worker, name="courier_worker"),
]
