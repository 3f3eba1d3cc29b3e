"""From Open Food Facts' 1,600 categories to the shop's shelves and drawings, by words.

Within the file's aisle the first pattern found in the category wins, then in the name; what none
matches goes to the aisle's own « Autres … » shelf. Patterns are tried on lower case without accents.
"""

import re

from shop.catalogue.rules import sort_name

Rule = tuple[str, str]

SHELVES: dict[str, list[Rule]] = {
    "fruits-et-legumes": [
        (r"champignon|girolle|trompette|cepe|morille|truffe|salade|laitue|mache|endive|roquette|herbe|persil|basilic", "salades-herbes-champignons"),
        (r"coulis|pulpe|concentre|piquillo|coeurs d.artichaut", "autres-fruits-et-legumes"),
        (r"pomme de terre|patate|carotte|tomate|asperge|poivron|chou|betterave|artichaut|haricot|epinard|courge|potiron|oignon|ail|poireau|navet|legume|avocat|aubergine|concombre", "legumes"),
        (r"orange|citron|fraise|mure|pomme|framboise|poire|fruit|abricot|datte|ananas|mangue|banane|raisin|noix|amande|kiwi|melon|peche|cerise|figue|litchi|myrtille|groseille", "fruits"),
    ],
    "boulangerie-et-viennoiserie": [
        (r"pains? de mie|biscotte|grille|croustillant|craquante|tartine|burger|hot dog|bagel|azyme|chapelure|wrap|tortilla|krisprolls|gressin|crouton|suedois", "pains-de-mie-et-biscottes"),
        (r"brioche|croissant|pains? au (lait|chocolat)|pains? aux raisins|viennois|chausson|couronne|panettone|kouglof|galette des rois", "viennoiseries-et-brioches"),
        (r"pain|baguette|ficelle|pita|naan", "pains"),
    ],
    "cremerie": [
        (r"\boeufs?\b", "oeufs"),
        (r"beurre|margarine|matiere grasse", "beurres-et-margarines"),
        (r"yaourt|tiramisu|cheesecake|fromages? blanc|petits?.suisse|skyr|faisselle|dessert|mousse|liegeois|flan|creme dessert|cremes? anglaise|cremes? brulee|riz au lait|semoule|ile flottante|panna|kefir|fermente|specialite.* (soja|lactee)|brasse|caille", "yaourts-et-desserts"),
        (r"fromage|emmental|comte|camembert|brie|roquefort|chevre|brebis|mozzarella|raclette|reblochon|saint-|mont d.or|cantal|bleu|gorgonzola|parmesan|feta|ricotta|mascarpone|munster|tomme|gruyere|edam|gouda|cheddar|pate fraiche|maroilles|livarot|coulommiers|ossau|buche|halloumi|abondance|beaufort|morbier|epoisses|chaource|langres|burrata|mimolette|cancoillotte|fondue|brillat|chabichou|grana|pecorino|manchego|crottin|rocamadour|picodon|tartiflette|boursin|babybel", "fromages"),
        (r"lait|creme|boisson", "laits-et-cremes"),
    ],
    "boucherie-volaille-et-charcuterie": [
        (r"rillette|terrine|pate|foie gras|foies gras|saucisson|rosette|jambon|lardon|bacon|chorizo|boudin|andouil|salami|mortadelle|coppa|bresaola|mousse de|charcuterie|saucisse|merguez|chipolata|pancetta|speck|cervelas|figatel|coppa|crepinette|confit|gesier|escargot|rotis? de (porc|dinde) .*(tranche|cuit)|blancs? de (poulet|dinde)|figue", "charcuterie"),
        (r"poulet|dinde|canard|volaille|pintade|caille|lapin|oie|chapon|poule|nugget|cordon", "volailles"),
        (r"boeuf|veau|porc|agneau|steak|rotis?|hache|cote|entrecote|escalope|tripe|viande|bavette|brochette|paupiette|carpaccio", "viandes"),
    ],
    "poissonnerie": [
        (r"fume|tarama|tartare|rillette|surimi|rollmops|acra|bisque|soupe|tartinable|creme de|oeufs? de|caviar|marine|gravlax", "poissons-fumes-et-tartinades"),
        (r"sardine|thon|maquereau|anchois|foies? de morue|miettes|conserve|agar|algue|nori|wakame|laitue de mer|dulse", "autres-poissonnerie"),
        (r"crevette|noix de saint|saint-jacques|moule|huitre|gamba|homard|crabe|langoustine|calamar|poulpe|encornet|crustace|coquill|bulot|palourde|seiche|ecreviss", "coquillages-et-crustaces"),
        (r"filet|pave|saumon|cabillaud|colin|truite|dos de|lieu|merlu|poisson|hareng|morue|sole|bar|dorade|pane", "poissons-frais"),
    ],
    "traiteur-et-plats-prepares": [
        (r"pizza|quiche|tarte|galettes? de ble noir|crepe|feuillete|croque|flammekueche|cake sale|pissaladiere|bouchee", "pizzas-et-tartes"),
        (r"tofu|soja|vegetal|houmous|seitan|falafel|vegan|vegetarien|substitut|tempeh|quinoa", "vegetal"),
        (r"salade|taboule|sandwich|wrap|piemontaise|remoulade|rapees|sushi|coleslaw|maki|concombre|betterave", "dejeuner-sur-le-pouce"),
        (r"", "plats-cuisines"),
    ],
    "epicerie-salee": [
        (r"^huiles?\b|vinaigre|moutarde|mayonnaise", "huiles-et-condiments"),
        (r"chips|aperitif|cacahuete|cajou|pistache|olive(?!.*huile)|tapenade|cracker|bretzel|snack|tuile|caviars? d.aubergine|amandes? grille|noisettes? grille|popcorn|crispy|galettes? de riz|galettes? de mais|graines|noix|amande|noisette|fruits? secs?|raisins? secs?|pruneau|abricots? secs?|figues? seche|datte|tortilla|guacamole|salsa|lump", "aperitif"),
        (r"huile|vinaigre|vinaigrette|moutarde|mayonnaise|ketchup|sauce|condiment|sel\b|poivre|epice|herbes|curry|cornichon|capre|pesto|bouillon|fond de|arome|safran|paprika|cumin|piment|confits? d.oignon|harissa|aioli|soja|curcuma|cannelle|muscade|gingembre|vanille|court-bouillon|tahin", "huiles-et-condiments"),
        (r"pate|riz|spaghetti|tagliatelle|macaroni|coquillette|penne|fusilli|farfalle|lasagne|semoule|couscous|boulgour|quinoa|lentille|pois casse|haricots? (blanc|rouge)|feculent|ble\b|cereale|legumineuse|nouille|vermicelle|polenta|gnocchi|lin|epeautre|sarrasin|orge|millet|avoine|flocon|purees? .*flocon|ebly|torti|ravioli", "pates-riz-et-legumes-secs"),
        (r"haricot|mais|petits pois|pois chiche|tomate|champignon|asperge|conserve|flageolet|epinard|macedoine|coeurs? d|artichaut|carotte|salsifi|betterave|choucroute|legume|soupe|veloute|pommes? de terre|puree|ratatouille|poivron|jardiniere|cassoulet|marron|chataigne|pousses|cornichon|oignon", "conserves"),
    ],
    "epicerie-sucree": [
        (r"^miels?\b", "miels"),
        (r"^(farine|sucre|preparation|levure|edulcorant)", "farines-sucres-et-patisserie"),
        (r"\bthes?\b|cafe|infusion|tisane|rooibos|expresso|chicoree|verveine|camomille|tilleul", "cafes-et-thes"),
        (r"confiture|gelee|marmelade|tartiner|cereale|muesli|flocon|corn.?flakes|granola|chocolats? en poudre|petales|sirops? d.erable|sirops? d.agave|cremes? de marron|cacao", "petit-dejeuner"),
        (r"bonbon|confiserie|caramel|nougat|pates? de fruit|guimauve|dragee|reglisse|sucette|marrons? glace|calisson|chewing|gomme|pastille|berlingot|marshmallow|pates? d.amande|gelifie", "confiserie"),
        (r"compote|fruits? au sirop|puree de fruit|dessert|mousse|riz au lait|creme|liegeois|tiramisu|semoule|sans sucres ajoutes", "autres-epicerie-sucree"),
        (r"biscuit|gateau|madeleine|galette|petits? beurre|cake|quatre.quart|pains? d.epice|boudoir|palet|financier|gaufre|cookie|barre|speculoos|sable|brownie|meringue|kouign|tarte|muffin|macaron|genoise|langue|crepe|pancake|moelleux|goute|etoile|far breton|canele|cigarette|tuile|croquant|rousquille|navette|patisserie|biscotti|amaretti|bredele|roule|savane|napolitain|fondants?", "biscuits-et-gateaux"),
        (r"chocolat|praline|truffe|rocher|papillote|ganache", "chocolats"),
        (r"farine|sucre|levure|edulcorant|gousses? de vanille|pepite|fleurs? de|stevia|nappage|cassonade|bicarbonate|amidon|fecule|maizena|preparation pour|aide|decor|coco rapee|poudre d.amande|gelatine|fructose|agar|fondant", "farines-sucres-et-patisserie"),
    ],
    "boissons": [
        (r"sans alcool", "sodas-sirops-et-boissons-vegetales"),
        (r"\bbieres?\b|\bcidres?\b|\bpanache", "bieres-et-cidres"),
        (r"\bvins?\b(?!aigre)|sangria", "vins-rouges"),
        (r"\brhum|whisky|vodka|\bgin\b|liqueur|pastis|punch", "spiritueux"),
        (r"sirop|soda|cola|limonade|tonic|energisante|boissons? (au|a base|vegetale|avec sucre|edulcoree|instantanee)|amande|soja|avoine|riz|thes? glace|the\b|ice tea", "sodas-sirops-et-boissons-vegetales"),
        (r"jus|nectar|smoothie|boissons? aux fruits|fruits? presse", "jus-et-nectars"),
        (r"eau", "eaux"),
    ],
    "cave-bieres-et-spiritueux": [
        (r"biere|cidre|panache|pils|hefeweizen", "bieres-et-cidres"),
        (r"champagne|petillant|perlant|mousseux|cremant|prosecco", "champagnes-et-bulles"),
        (r"blanc|rose|muscat|cheverny", "vins-blancs-et-roses"),
        (r"vin|bordeaux|bourgogne|saint-amour|beaujolais", "vins-rouges"),
        (r"", "spiritueux"),
    ],
    "surgeles": [
        (r"glace|sorbet|buche|cone|batonnet|esquimau|vacherin|profiterole|dessert|omelette norveg", "glaces-et-sorbets"),
        (r"pizza|poisson|steak|plat|lasagne|poulet|saumon|crevette|cabillaud|colin|paella|gratin|hache|viande|quiche|tarte|escargot|saint-jacques|nem|burger", "plats-et-poissons-surgeles"),
        (r"legume|carotte|haricot|epinard|pomme|framboise|fruit|champignon|brocoli|petits pois|frite|dauphine|noisette|courgette|oignon|poivron|chou|puree", "legumes-et-fruits-surgeles"),
    ],
    "bebe": [
        (r"\blaits?\b", "laits-infantiles"),
        (r"", "petits-pots-et-compotes"),
    ],
}  # fmt: skip
OTHERS: dict[str, str] = {
    "fruits-et-legumes": "Coulis et légumes préparés",
    "boulangerie-et-viennoiserie": "Autres boulangerie",
    "cremerie": "Autres crèmerie",
    "boucherie-volaille-et-charcuterie": "Autres viandes et charcuterie",
    "poissonnerie": "Conserves de la mer et algues",
    "epicerie-salee": "Autres épicerie salée",
    "epicerie-sucree": "Compotes, desserts et autres douceurs",
    "boissons": "Autres boissons",
    "surgeles": "Autres surgelés",
}

PACKSHOTS: list[Rule] = [
    (r"^baguette|\bficelle\b", "baguette"),
    (r"^(filets? de )?(sardine|thon|maquereau|anchois)|laits? .*(1er|2e|2eme|croissance)|poudre.*bebe", "tin"),
    (r"vinaigre|^huile|sirop", "bottle"),
    (r"\bvins?\b|champagne|cremant|\bpetillants?\b|saint-amour|cheverny", "wine"),
    (r"\bbieres?\b|\bjus\b|nectar|\beaux?\b|limonade|cidre|ketchup|pastis|liqueur|smoothie|a boire|pur jus", "bottle"),
    (r"soda|\bcola\b|energisante", "can"),
    (r"\bthes?\b|infusion|tisane|riz|biscuit|cereale|muesli|gateau|corn.?flakes|biscotte|galette|flocon|cake", "box"),
    (r"\blaits? (demi|entier|ecreme|de|d.amande)|boissons? (au|vegetale)|soupe|veloute|gazpacho|cremes? liquide", "carton"),
    (r"yaourt|fromages? blanc|cremes? (dessert|fraiche|epaisse)|skyr|mousse|compote|petits?.suisse|liegeois|flan|riz au lait|glaces?\b|sorbet|faisselle|houmous|tarama|panna|tiramisu", "pot"),
    (r"\boeufs\b(?! de)", "eggs"),
    (r"confiture|miel|moutarde|mayonnaise|cornichon|olive|foie gras|foies gras|terrine|rillette|pate de|pates? de (campagne|foie)|tapenade|caviar|pates? a tartiner|marmelade|\bgelee|sauce|confit|pesto|cassoulet|petits pots|capre|purees? d", "jar"),
    (r"sardine|thon|maquereau|anchois|foies? de morue|haricot|mais|petits pois|pois chiche|tomate.*(pelee|concentre)|conserve|flageolet|lait.*poudre|laits? (1er|2eme|de croissance)|choucroute|lentille.*cuisine|raviolis?", "tin"),
    (r"fromage|emmental(?!.*rape)|comte|camembert|brie|roquefort|chevre|reblochon|tomme|raclette|saint-marcellin|mont d.or|beaufort|munster|cantal", "cheese"),
    (r"\bpains?\b|brioche|panettone|kouglof", "loaf"),
    (r"crevette|saumon|truite|cabillaud|colin|poisson|hareng|pave|saint-jacques|morue|surimi", "fish"),
    (r"boeuf|veau|porc|agneau|steak|poulet|dinde|canard|jambon|saucisse|saucisson|lardon|rosette|boudin|merguez|magret|rotis?\b", "meat"),
    (r"pomme de terre|pommes de terre|patate", "potato"), (r"\bpommes?\b", "apple"), (r"banane", "banana"),
    (r"orange|clementine|mandarine", "orange"), (r"citron", "lemon"), (r"\bpoires?\b", "pear"),
    (r"fraise", "strawberry"), (r"raisin", "grapes"), (r"tomate", "tomato"), (r"carotte", "carrot"),
    (r"champignon|girolle|cepe", "mushroom"), (r"salade|laitue|mache|endive", "salad"), (r"oignon|echalote", "onion"),
    (r"poireau", "leek"),
    (r"chips|bonbon|cafe|farine|sucre|pate|noix|cacahuete|amande|graine|rape|frite|surgele|caramel|semoule", "bag"),
    (r"chocolat|barre|beurre|tofu|pizza|lasagne|quiche", "box"),
    (r"concentre|dentifrice", "tube"),
]  # fmt: skip
_BY_PLACE = {
    "fromages": "cheese",
    "beurres-et-margarines": "box",
    "laits-et-cremes": "carton",
    "fruits-et-legumes": "tray", "boulangerie-et-viennoiserie": "bag", "cremerie": "pot",
    "boucherie-volaille-et-charcuterie": "meat", "poissonnerie": "fish", "traiteur-et-plats-prepares": "tray",
    "epicerie-salee": "jar", "boissons": "bottle", "cave-bieres-et-spiritueux": "bottle", "surgeles": "bag",
    "bebe": "jar",
}  # fmt: skip

# CGI art. 278-0 bis, A, 1°: foods at 20 % though their shelf is at 5,5 %: chocolate other than plain,
# household and bonbons; margarine and vegetable fats; caviar.
_FULL_VAT = {
    "chocolats": re.compile(r"chocolats? (au lait|blanc|fourre)|oeufs? en chocolat|calendrier"),
    "beurres-et-margarines": re.compile(r"margarine|matieres? grasses? vegetale"),
    "poissons-fumes-et-tartinades": re.compile(r"\bcaviar\b"),
}
_COMPILED: dict[str, list[tuple[re.Pattern[str], str]]] = {
    top: [(re.compile(pattern), slug) for pattern, slug in rules] for top, rules in SHELVES.items()
}
_DRAWINGS = [(re.compile(pattern), packshot) for pattern, packshot in PACKSHOTS]


def shelf_slug(top: str, category: str, name: str) -> str:
    """The shelf's slug under an aisle; « autres-… » is created on demand."""
    rules = _COMPILED.get(top, [])
    for text in (sort_name(category), sort_name(name)):
        for pattern, slug in rules:
            if text and pattern.search(text):
                return slug
    return f"autres-{top}"


def others_name(top: str, aisle_name: str) -> str:
    return OTHERS.get(top, f"Autres {aisle_name.lower()}")[:80]


def packshot(top: str, shelf: str, category: str, name: str) -> str:
    """Which drawing suits, by words of the category, then of the name, then by shelf or aisle."""
    for text in (sort_name(category), sort_name(name)):
        for pattern, drawing in _DRAWINGS:
            if text and pattern.search(text):
                return drawing
    return _BY_PLACE.get(shelf) or _BY_PLACE.get(top, "box")


def has_full_vat(shelf: str, category: str, name: str) -> bool:
    """Foods that the law taxes at 20 % on a shelf at the reduced rate."""
    pattern = _FULL_VAT.get(shelf)
    return bool(pattern and pattern.search(sort_name(f"{category} {name}")))
