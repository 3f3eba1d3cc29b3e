from django.urls import path

from shop.picking import closing_views, paper_views, views

urlpatterns = [
    path("preparation/", views.home, name="picking"),
    path("preparation/prendre/", views.take, name="picking_take"),
    path("preparation/chariot/", views.trolley_page, name="picking_trolley"),
    path("preparation/chariot/liste/", views.list_page, name="picking_list"),
    path("preparation/lignes/<int:line_id>/", views.correct, name="picking_correct"),
    path("preparation/lignes/<int:line_id>/remplacer/", closing_views.replace, name="picking_replace"),
    path("preparation/lignes/<int:line_id>/sortir/", closing_views.take_out, name="picking_take_out"),
    path("preparation/commandes/<int:task_id>/", closing_views.close, name="picking_close"),
    path("preparation/commandes/<int:task_id>/rendre/", closing_views.hand_back, name="picking_hand_back"),
    path("preparation/commandes/<int:task_id>/etiquettes/", closing_views.labels, name="picking_labels"),
    path("preparation/vagues/<int:wave_id>/lettres/", paper_views.wave_letters, name="picking_wave_letters"),
    path("preparation/commandes/<int:task_id>/lettre/", paper_views.letter, name="picking_letter"),
    path("preparation/commandes/<int:task_id>/bon/", closing_views.note, name="picking_note"),
    path("preparation/commandes/<int:task_id>/controle/", closing_views.check, name="picking_check"),
]
