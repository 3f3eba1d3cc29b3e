"""Files of products for the import, and what they leave behind."""

import csv
import io

from openpyxl import Workbook

from shop.catalogue.models import Aisle, Brand, Product
from shop.stock.importing import run_import
from shop.stock.models import StockItem
from tests.factories import ean13

HEADING = ["ean", "name", "brand", "aisle", "net_quantity", "net_unit", "sold_by", "weight_step_g", "price", "cost",
           "stock", "ingredients", "allergens", "nutrition", "labels", "alcohol_degree"]  # fmt: skip
GOOD = {
    "ean": ean13(1), "name": "Yaourt nature", "brand": "Cabas", "aisle": "yaourts", "net_quantity": "500",
    "net_unit": "g", "sold_by": "piece", "price": "1,95", "cost": "1.20", "stock": "24", "ingredients": "LAIT.",
    "allergens": "lait", "labels": "AB|Label Rouge",
    "nutrition": '{"energy_kj":270,"fat_g":3.5,"saturated_fat_g":2.2,"carbohydrates_g":4.7,"sugars_g":4.7,'
    '"proteins_g":3.9,"salt_g":0.1}',
}  # fmt: skip
OFF_HEADING = [
    "ean",
    "name",
    "brand",
    "brand_source",
    "quantity",
    "rayon",
    "category",
    "category_path",
    "category_source",
    "nutriscore",
    "nutriscore_source",
    "ingredients",
    "allergens_marked",
    "allergens_found",
    "kcal_100g",
    "kcal_source",
    "fat_100g",
    "saturated_fat_100g",
    "carbohydrates_100g",
    "sugars_100g",
    "fiber_100g",
    "proteins_100g",
    "salt_100g",
    "image_path",
]
OFF = {
    "ean": "3017620422003", "name": "PATE A TARTINER", "brand": "FERRERO,Nutella", "rayon": "Épicerie sucrée",
    "category": "Pâtes à tartiner", "nutriscore": "e", "nutriscore_source": "off", "ingredients": "Sucre.",
    "allergens_marked": "lait", "allergens_found": "lait", "kcal_100g": "539", "kcal_source": "off",
    "fat_100g": "30.9", "saturated_fat_100g": "10.6", "carbohydrates_100g": "57.5", "sugars_100g": "56.3",
    "proteins_100g": "6.3", "salt_100g": "0.10699999999999",
}  # fmt: skip


def text_of(rows, heading=HEADING, separator=","):
    target = io.StringIO()
    writer = csv.DictWriter(target, heading, delimiter=separator, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def written(tmp_path, content, name="produits.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def imported(tmp_path, *rows, heading=HEADING, **options):
    return run_import(written(tmp_path, text_of(rows, heading)), **options)


def sheet(tmp_path, *rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = tmp_path / "produits.xlsx"
    book.save(path)
    return path


def everything():
    return (
        list(Product.objects.order_by("pk").values()),
        list(StockItem.objects.order_by("pk").values()),
        Brand.objects.count(),
        Aisle.objects.count(),
    )
