from django.urls import path

from shop.payments import views

urlpatterns = [
    path("paiement/webhook/stripe/", views.stripe_webhook, name="stripe_webhook"),
    path("paiement/demo/<str:session>/", views.demo_payment, name="demo_payment"),
]
