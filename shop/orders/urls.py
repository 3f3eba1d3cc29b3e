from django.urls import path

from shop.orders import views

urlpatterns = [
    path("commandes/", views.orders_page, name="orders"),
    path("commandes/<str:reference>/", views.order_page, name="order"),
    path("commandes/<str:reference>/reprendre/", views.reorder, name="reorder"),
    path("commandes/<str:reference>/annuler/", views.cancel, name="cancel_order"),
    path("suivi/<str:token>/", views.tracking_page, name="tracking"),
    path("suivi/<str:token>/annuler/", views.cancel_as_guest, name="cancel_as_guest"),
]
