from django.urls import path

from shop.orders import amend_views, answer_views, back_views, delay_views, pickup_views, review_views, views

urlpatterns = [
    path("commandes/", views.orders_page, name="orders"),
    path("commandes/<str:reference>/", views.order_page, name="order"),
    path("commandes/<str:reference>/reprendre/", views.reorder, name="reorder"),
    path("commandes/<str:reference>/annuler/", views.cancel, name="cancel_order"),
    path("commandes/<str:reference>/modifier/", amend_views.amend, name="amend_order"),
    path("commandes/<str:reference>/modifier/recapitulatif/", amend_views.amend_recap, name="amend_recap"),
    path("commandes/<str:reference>/modifier/payer/", amend_views.amend_pay, name="amend_pay"),
    path("commandes/<str:reference>/modifier/renoncer/", amend_views.amend_give_up, name="amend_give_up"),
    path(
        "commandes/<str:reference>/modifier/retour/<str:key>/", amend_views.amend_return, name="amend_return"
    ),
    path("commandes/<str:reference>/avis/", review_views.order_reviews, name="order_reviews"),
    path("commandes/<str:reference>/avis/retirer/", review_views.withdraw_review, name="withdraw_review"),
    path("compte/promesses/", views.promises_page, name="my_promises"),
    path("compte/avis/", review_views.my_reviews, name="my_reviews"),
    path("suivi/<str:token>/", views.tracking_page, name="tracking"),
    path("suivi/<str:token>/direct/", views.tracking_live, name="tracking_live"),
    path("suivi/<str:token>/annuler/", views.cancel_as_guest, name="cancel_as_guest"),
    path("retractation/", back_views.withdrawal_start, name="withdrawal_start"),
    path("commandes/<str:reference>/retractation/", back_views.withdraw, name="withdraw"),
    path("suivi/<str:token>/retractation/", back_views.withdraw_as_guest, name="withdraw_as_guest"),
    path(
        "commandes/<str:reference>/remplacements/<int:line_id>/refuser/",
        back_views.refuse_substitute,
        name="refuse_substitute",
    ),
    path(
        "suivi/<str:token>/remplacements/<int:line_id>/refuser/",
        back_views.refuse_as_guest,
        name="refuse_as_guest",
    ),
    path("retrait/", pickup_views.counter, name="counter"),
    path("retrait/remettre/", pickup_views.hand_over, name="hand_over"),
    path("retard/<str:token>/", delay_views.delay_page, name="delay"),
    path("reponse/<str:token>/", answer_views.answer_page, name="answer_shortage"),
]
