from django.urls import path

from shop.reviews import views

urlpatterns = [
    path("produits/<slug:slug>/avis/", views.product_reviews, name="product_reviews"),
    path("avis/service/", views.service_reviews, name="service_reviews"),
    path("avis/controle/", views.review_policy, name="review_policy"),
]
