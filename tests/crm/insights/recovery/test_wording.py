from dataclasses import replace
from decimal import Decimal

import pytest

from crm.insights.recovery import wording
from crm.insights.recovery.costs import LostMargin
from crm.insights.recovery.estimate import HalfBack, recover
from crm.insights.recovery.intervals import Estimate, Interval
from crm.insights.recovery.matching import VARIABLES
from tests.crm.insights.recovery.telling import incident, several


def overall(*lists):
    return recover([one for many in lists for one in many], horizon_days=30).overall


def test_whole_figure_is_one_sentence():
    group = overall(several(200, 108, make=incident), several(1000, 710))

    assert wording.sentence(group, 30) == (
        "54\u00a0% sont revenus en 30 jours (de 46 à 62\u00a0%), contre 71\u00a0% de clients comparables sans incident."
        " Sur 200 incidents."
    )


def test_incidents_without_anybody_alike_are_said_in_the_sentence():
    alone = several(12, 0, make=incident, zone="Île")

    told = wording.sentence(overall(several(200, 108, make=incident), several(1000, 710), alone), 30)

    assert "Sur 212 incidents. Pour les 200 qui ont des clients comparables" in told
    assert told.endswith("sans incident\u202f: 54\u00a0% contre 71\u00a0%.")


def test_difference_says_on_how_many_it_stands():
    alone = several(12, 0, make=incident, zone="Île")
    all_alike = overall(several(200, 108, make=incident), several(1000, 710))

    told = wording.compared_part(overall(several(200, 108, make=incident), several(1000, 710), alone))

    assert told == "Sur 200 incidents comparés, dont 54 % revenus."
    assert wording.compared_part(all_alike) == wording.compared_part(overall(alone)) == ""


def test_small_sample_is_said():
    assert wording.sentence(overall(several(12, 3, make=incident)), 30) == (
        "Pas assez\u202f: 12 clients déçus, il en faut 30."
    )
    assert wording.sentence(overall(several(1, 1, make=incident)), 30).startswith(
        "Pas assez\u202f: 1 client déçu,"
    )
    assert wording.sentence(overall([]), 30).startswith("Pas assez\u202f: 0 client déçu,")


def test_share_without_comparison_says_what_lacks():
    told = wording.sentence(overall(several(50, 25, make=incident)), 30)

    assert told.startswith("50\u00a0% sont revenus en 30 jours")
    assert "Sur 50 incidents. Pas assez pour comparer" in told


@pytest.mark.parametrize(
    ("returned", "words"),
    [(160, "Plus de la moitié"), (100, "On ne peut pas encore dire"), (40, "Moins de la moitié")],
)
def test_half_is_said_to_be_beaten_as_far_as_the_interval_goes(returned, words):
    assert wording.verdict(overall(several(200, returned, make=incident))).startswith(words)


def test_nothing_is_said_of_one_half_without_enough():
    assert wording.verdict(overall(several(5, 5, make=incident))) == ""


def test_difference_carries_its_sign_and_its_interval():
    compared = overall(several(200, 108, make=incident), several(1000, 710)).comparison
    told = replace(compared, difference=Estimate(-0.163, Interval(-0.244, 0.042)))
    one = replace(compared, difference=Estimate(0.01, Interval(-0.003, 0.02)))

    assert wording.difference_with_interval(told) == "−16 points (de −24 à +4)"
    assert wording.difference_with_interval(one) == "+1 point (de 0 à +2)"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (HalfBack(15, 11, 23), "la moitié en 15 jours (de 11 à 23)"),
        (HalfBack(1, 0, 2), "la moitié en 1 jour (de 0 à 2)"),
        (HalfBack(28, 20, None), "la moitié en 28 jours (20 au plus tôt)"),
        (HalfBack(None, 25, None), "moins de la moitié en 30 jours"),
    ],
)
def test_time_to_return_is_said_with_what_is_known_of_it(found, words):
    assert wording.half_back(found, 30) == words


def test_lost_margin_is_said_in_euros():
    lost = LostMargin(100, Decimal("310.2"), Decimal(-5), Decimal("1505.4"))

    assert wording.lost_margin(lost) == "310,20\u00a0€ (de −5,00 à 1\u202f505,40\u00a0€)"


def test_every_variable_of_the_matching_has_its_words():
    labels = wording.matched_on([variable.name for variable in VARIABLES])

    assert len(labels) == 4
    assert any("rythme propre" in label for label in labels)


def test_what_is_left_out_is_said_with_its_reason():
    found = recover(
        [
            *several(1, 0, make=incident, observed_days=3),
            *several(2, 0, make=incident, days_since_incident=4),
        ],
        horizon_days=30,
    )

    recent, touched = wording.left_out(found)

    assert recent == "1 incident de moins de 30 jours\u202f: trop récent pour savoir."
    assert touched.startswith("2 incidents qui en suivent un autre du même client à moins de 60 jours")


def test_level_of_the_intervals_is_said():
    assert wording.level(0.98).startswith(
        "Intervalles à 98\u00a0%\u202f: chacun manque la vérité environ 2 fois sur 100."
    )
    assert "(95\u00a0%)" in wording.level(0.98)
