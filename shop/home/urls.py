from django.urls import path

from shop.home import views

urlpatterns = [path("", views.home, name="home")]
