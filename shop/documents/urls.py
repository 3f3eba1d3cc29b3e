from django.urls import path

from shop.documents import views

urlpatterns = [
    path("commandes/<str:reference>/documents/<str:number>.pdf", views.order_document, name="order_document"),
]
