from django.urls import path

from shop.basket import pickup_views, views, waitlist_views

urlpatterns = [
    path("panier/", views.basket_page, name="basket"),
    path("panier/lignes/", views.set_basket_line, name="set_basket_line"),
    path("panier/prix-vus/", views.acknowledge, name="acknowledge_prices"),
    path("panier/ajuster/", views.adjust, name="adjust_basket"),
    path("panier/vider/", views.empty, name="empty_basket"),
    path("creneaux/", views.slots_page, name="slots"),
    path("creneaux/code-postal/", views.set_postcode, name="set_postcode"),
    path("creneaux/prevenir/", views.ask_for_coverage, name="ask_for_coverage"),
    path("creneaux/retrait/", pickup_views.points_page, name="pickup_points"),
    path("creneaux/retrait/<slug:slug>/", pickup_views.point_page, name="pickup_point"),
    path("creneaux/<int:pk>/prevenir/", waitlist_views.wait_for_slot, name="wait_for_slot"),
    path("creneaux/attente/<str:token>/", waitlist_views.slot_offer, name="slot_offer"),
    path("creneaux/attente/<str:token>/laisser/", waitlist_views.leave_waitlist, name="leave_waitlist"),
    path("creneaux/<int:pk>/reserver/", views.hold_slot, name="hold_slot"),
]
