"""The words that invented people, streets and articles are named with."""

_FIRST_NAMES = (
    "Adèle Agathe Alice Amina Anaïs Antoine Arthur Aurélie Aya Bastien Baptiste Camille Carole Cédric Céline "
    "Charlotte Chloé Christophe Claire Clément David Denis Diane Élodie Élise Émile Emma Estelle Étienne Fabien "
    "Fanny Fatou Florence François Gabriel Gaëlle Gilles Hélène Hugo Inès Ismaël Jeanne Joachim Joël Jules "
    "Julie Karim Laure Léa Léo Lina Loïc Louise Lucas Lucie Maël Malika Manon Marc Margaux Marion Mathieu "
    "Mathilde Mehdi Michèle Mohamed Nadia Nathalie Nicolas Noé Nora Océane Olivier Pascale Patrick Paul "
    "Pauline Raphaël Rémi Romain Rose Sabrina Samuel Sandrine Sarah Sébastien Simone Sofia Solène Stéphane "
    "Sylvie Théo Thérèse Thomas Valérie Véronique Vincent Yann Yasmine Yves Zoé"
)
_LAST_NAMES = (
    "Aubry Bailly Barbier Baron Benali Benoît Berger Bertin Blanchard Bonnet Boucher Bourdon Boyer Brun Carpentier "
    "Chevalier Clément Colin Collet Cordier Cousin Da-Silva Delaunay Denis Diallo Dubois Dufour Dumas Dupuis "
    "Étienne Fabre Faure Fernandez Fleury Fontaine Fournier Gaillard Garnier Gautier Gérard Girard Giraud Guérin "
    "Guillot Haddad Hamon Henry Hubert Jacob Joly Julien Lacroix Laurent Leblanc Leclerc Lecomte Lefèvre Legrand "
    "Lemaire Lemoine Leroy Lopez Lucas Mallet Marchand Marty Masson Mathieu Meunier Meyer Michaud Moreau Morin "
    "Moulin Muller Nguyen Nicolas Noël Olivier Paris Pelletier Perrin Picard Poirier Prévost Renard Renaud Rey "
    "Rivière Robin Rousseau Roux Royer Schmitt Simon Tessier Thomas Traoré Vasseur Vidal Weber"
)
FIRST_NAMES, LAST_NAMES = _FIRST_NAMES.split(), _LAST_NAMES.split()
STREETS = (
    "rue des Lilas", "rue du Moulin", "avenue de la Gare", "rue des Tilleuls", "boulevard de la Liberté",
    "rue de l’Abreuvoir", "rue du Four", "allée des Érables", "rue Basse", "place du Marché", "rue des Jardins",
    "impasse des Vignes", "rue du Lavoir", "avenue des Platanes", "rue de la Fontaine", "rue des Écoles",
    "chemin des Prés", "rue du Clos", "quai des Bateliers", "rue de la Tannerie", "passage des Ateliers",
    "rue du Verger", "avenue du Parc", "rue des Hirondelles", "rue de la Halle", "cours des Marronniers",
)  # fmt: skip
MAKERS = (
    "Atelier", "Bergerie", "Comptoir", "Conserverie", "Domaine", "Épicerie", "Ferme", "Fabrique", "Grange",
    "Halle", "Jardins", "Maison", "Manufacture", "Moulin", "Table", "Verger",
)  # fmt: skip
PLACES = (
    "Aubrelles", "Bellefosse", "Brévaux", "Chantelouve", "Clairvigne", "Courtmesnil", "Dourlac", "Esparlac",
    "Fontorbe", "Grandlaire", "Hautecombe-le-Val", "Javerlis", "Lamblore", "Malvignac", "Montfarel", "Nerville",
    "Orsanges", "Pernissac", "Quercyne", "Roquefal", "Sauvelance", "Tressanges", "Ulmeraie", "Vauvert-sous-Bois",
)  # fmt: skip
# Said of an article without saying anything of what is in it: its ingredients stay those it was made from.
NOTES = (
    "", "sélection", "recette de la maison", "tradition", "petite série", "choix du marché", "édition de saison",
    "à partager", "du dimanche", "de tous les jours", "la part du gourmand", "nouvelle recette",
    "fabrication française", "retour du marché", "l’essentiel", "grande table", "le coin du chef",
)  # fmt: skip
# Of what nobody prepared.
NOTES_AS_GROWN = (
    "", "sélection", "choix du marché", "petite production", "du matin", "de tous les jours", "retour du marché",
    "l’essentiel", "grande table", "récolte choisie",
)  # fmt: skip
GROWN = {"fruits-et-legumes", "boucherie-volaille-et-charcuterie", "poissonnerie", "fleurs-et-plantes"}
# Share of the usual net quantity, and how it is said.
FORMATS = ((1.0, ""), (2.0, "format familial"), (0.5, "petit format"), (1.5, "grand format"))
# Words of a name, the shelves they are looked for on (any when empty), and the months an article sells in.
SEASONS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("", "glaces-et-sorbets", (5, 6, 7, 8, 9)),
    ("orange|clémentine|mandarine|pamplemousse", "fruits", (11, 12, 1, 2, 3)),
    ("fraise|rhubarbe", "fruits", (4, 5, 6, 7)),
    ("cerise|abricot|pêche|nectarine|melon|pastèque|framboise|myrtille", "fruits", (6, 7, 8)),
    ("raisin|figue|prune|mirabelle", "fruits", (8, 9, 10)),
    ("asperge|petits pois frais", "legumes", (4, 5, 6)),
    ("courge|potiron|potimarron|butternut|endive", "legumes", (9, 10, 11, 12, 1, 2)),
    ("tulipe|muguet|jonquille", "bouquets", (2, 3, 4, 5)),
    ("foie gras|bûche", "", (11, 12)),
    ("huître", "", (10, 11, 12, 1, 2, 3)),
    ("raclette|fondue", "", (11, 12, 1, 2, 3)),
)
