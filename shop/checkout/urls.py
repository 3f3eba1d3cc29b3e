from django.urls import path

from shop.checkout import views, voucher_views

urlpatterns = [
    path("commande/", views.recipient, name="checkout"),
    path("commande/adresse/", views.choose_address, name="checkout_address"),
    path("commande/creneau/", views.slot, name="checkout_slot"),
    path("commande/recapitulatif/", views.recap, name="checkout_recap"),
    path("commande/bon/", voucher_views.choose_voucher, name="checkout_voucher"),
    path("commande/renoncer/", views.give_up_payment, name="give_up_payment"),
    path("commande/paiement/<str:token>/", views.pay_again, name="pay_again"),
    path("commande/retour/<str:key>/", views.payment_return, name="checkout_return"),
]
