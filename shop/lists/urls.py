from django.urls import path

from shop.lists import views

urlpatterns = [
    path("listes/", views.lists_page, name="lists"),
    path("listes/nouvelle/", views.create_from_basket, name="create_list"),
    path("listes/<int:pk>/", views.list_page, name="list"),
    path("listes/<int:pk>/nom/", views.rename, name="rename_list"),
    path("listes/<int:pk>/supprimer/", views.delete, name="delete_list"),
    path("listes/<int:pk>/panier/", views.put_in_basket, name="list_to_basket"),
    path("listes/<int:pk>/produits/<int:product_id>/retirer/", views.remove_item, name="remove_list_item"),
]
