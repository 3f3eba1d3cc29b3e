from django.urls import path

from loyalty.vouchers import views

urlpatterns = [
    path("fidelite/", views.my_loyalty, name="my_loyalty"),
    path("fidelite/echanger/", views.exchange, name="exchange_points"),
]
