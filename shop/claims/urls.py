from django.urls import path

from shop.claims import views

urlpatterns = [
    path("commandes/<str:reference>/soucis/", views.claims, name="claims"),
    path("suivi/<str:token>/soucis/", views.claims_as_guest, name="claims_as_guest"),
    path("commandes/<str:reference>/soucis/<slug:what>/", views.report, name="claim"),
    path("suivi/<str:token>/soucis/<slug:what>/", views.report_as_guest, name="claim_as_guest"),
    path("commandes/<str:reference>/soucis/<int:claim_id>/photo/", views.photo, name="claim_photo"),
    path("suivi/<str:token>/soucis/<int:claim_id>/photo/", views.photo_as_guest, name="claim_photo_as_guest"),
]
