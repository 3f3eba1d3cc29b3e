from django.urls import path

from crm.audience import views

urlpatterns = [
    path("compte/", views.account, name="account"),
    path("compte/coordonnees/", views.account_details, name="account_details"),
    path("compte/adresses/", views.account_addresses, name="account_addresses"),
    path("compte/adresses/nouvelle/", views.account_address_new, name="account_address_new"),
    path("compte/adresses/<int:pk>/", views.account_address, name="account_address"),
    path("compte/adresses/<int:pk>/supprimer/", views.account_address_remove, name="account_address_remove"),
    path("compte/manques/", views.account_shortages, name="account_shortages"),
    path("compte/lettres/", views.account_consents, name="account_consents"),
    path("compte/securite/", views.account_security, name="account_security"),
]
