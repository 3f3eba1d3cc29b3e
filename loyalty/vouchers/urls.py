from django.urls import path

from loyalty.vouchers import views

urlpatterns = [path("fidelite/", views.my_vouchers, name="my_vouchers")]
