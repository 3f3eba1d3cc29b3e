from django.urls import path

from loyalty.referrals import views

urlpatterns = [
    path("parrainage/", views.my_referrals, name="my_referrals"),
    path("parrainage/<str:code>/", views.invitation, name="invitation"),
]
