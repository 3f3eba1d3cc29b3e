from django.urls import path

from loyalty.milestones import views

urlpatterns = [
    path("fidelite/", views.my_loyalty, name="my_loyalty"),
    path("fidelite/recompenses/", views.redeem, name="redeem_points"),
    path("fidelite/cadeaux/<int:present_id>/", views.choose, name="choose_gift"),
    path("fidelite/cadeaux/<int:present_id>/annuler/", views.cancel_reward, name="cancel_reward"),
]
