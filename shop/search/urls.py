from django.urls import path

from shop.search import views

urlpatterns = [
    path("", views.home, name="home"),
    path("rayons/<slug:slug>/", views.aisle, name="aisle"),
    path("produits/<slug:slug>/", views.product, name="product"),
    path("recherche/", views.search, name="search"),
    path("recherche/demande/", views.request_product, name="request_product"),
    path("recherche/suggestions/", views.search_suggestions, name="search_suggestions"),
]
