"""The cards couriers start with. Staff edit, hide and add to them; a card they changed is left as it is."""

from delivery.tracking.models import Card

CARDS: list[tuple[str, str]] = [
    (
        "C’est ma première commande",
        "Présentez-vous par votre prénom. Montrez les sacs par température, dites ce qui va au froid en premier, et où se "
        "lit la commande\u202f: sur la page de suivi. Demandez si tout convient avant de partir.",
    ),
    (
        "Un article manque",
        "Regardez ensemble dans chaque sac. S’il manque vraiment, excusez-nous et dites-le\u202f: «\u202fSignalez-le depuis "
        "votre commande, le remboursement suit, sans justificatif.\u202f» Ne promettez pas de repasser.",
    ),
    (
        "Puis-je refuser un article\u202f?",
        "Oui, tant que vous êtes là\u202f: touchez «\u202fUn article est refusé\u202f», cochez-le et reprenez-le. Il n’est pas "
        "facturé. Après votre départ, cela passe par le service client.",
    ),
    (
        "Rendez-vous les consignes\u202f?",
        "Oui\u202f: reprenez les bouteilles et les bocaux consignés, propres et entiers, et notez leur nombre à la remise. "
        "Le montant revient sur le moyen de paiement.",
    ),
    (
        "Je n’ai pas ma pièce d’identité",
        "Sans pièce d’identité, une commande avec alcool ne se remet pas\u202f: c’est la loi, même pour quelqu’un de "
        "visiblement majeur. Demandez si un autre adulte du foyer peut montrer la sienne. Sinon, appelez le dépôt avant de "
        "repartir\u202f: il décide avec vous.",
    ),
    (
        "Pouvez-vous laisser les sacs devant la porte\u202f?",
        "Oui, si le client le demande et que l’endroit est abrité\u202f: prenez une photo des sacs, elle suffit. Jamais pour "
        "une commande avec de l’alcool ou des surgelés par temps chaud.",
    ),
    (
        "Pourquoi un article a-t-il été remplacé\u202f?",
        "Il manquait en rayon et le client avait accepté un remplaçant, jamais plus cher. S’il ne convient pas, cochez-le "
        "comme refusé\u202f: il n’est pas facturé.",
    ),
    (
        "Vous êtes en retard",
        "Excusez-nous, sans accuser la circulation. Le dédommagement part tout seul quand nous manquons un créneau\u202f: le "
        "client n’a rien à demander.",
    ),
    (
        "Puis-je changer l’heure ou l’adresse\u202f?",
        "Pas à la porte. Donnez le numéro du service client, au bas de chaque lettre\u202f: il voit les créneaux libres.",
    ),
    (
        "Puis-je vous donner un pourboire\u202f?",
        "C’est à la discrétion du client et c’est pour vous. N’en demandez jamais, et remerciez de la même façon avec ou sans.",
    ),
]  # fmt: skip


def seed_cards() -> int:
    """Add the shipped cards where their question is missing; how many. Two queries."""
    known = set(Card.objects.values_list("question", flat=True))
    missing = [
        Card(question=question, answer=answer, position=10 * place)
        for place, (question, answer) in enumerate(CARDS, 1)
        if question not in known
    ]
    Card.objects.bulk_create(missing)
    return len(missing)
