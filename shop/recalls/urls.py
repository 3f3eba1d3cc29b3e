from django.urls import path

from shop.recalls import views

urlpatterns = [path("rappels/", views.recalls_page, name="recalls")]
