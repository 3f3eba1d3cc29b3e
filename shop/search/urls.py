from django.urls import path

from shop.search import price_views, product_views, views

urlpatterns = [
    path("rayons/<slug:slug>/", views.aisle, name="aisle"),
    path("produits/<slug:slug>/", product_views.product, name="product"),
    path("produits/<slug:slug>/prix/", price_views.price_history, name="price_history"),
    path("produits/<slug:slug>/prevenez-moi/", product_views.ask_restock, name="ask_restock"),
    path("produits/<slug:slug>/signaler/", product_views.report, name="report_product"),
    path("recherche/", views.search, name="search"),
    path("recherche/demande/", views.request_product, name="request_product"),
    path("recherche/suggestions/", views.search_suggestions, name="search_suggestions"),
]
