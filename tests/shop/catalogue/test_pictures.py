import io

import pytest
from PIL import Image

from shop.catalogue.models import Product, ProductPicture
from shop.catalogue.pictures import LONGEST_SIDE, MAX_BYTES, PictureRefused, checked_picture
from shop.catalogue.services import remove_picture, save_picture
from tests.factories import ProductFactory


def encoded(kind="JPEG", size=(60, 40), mode="RGB", **options):
    target = io.BytesIO()
    Image.new(mode, size, "green" if mode == "RGB" else 0).save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp")])
def test_real_pictures_are_encoded_again_under_our_own_name(kind, suffix):
    clean = checked_picture(io.BytesIO(encoded(kind)))

    assert clean.name.endswith(suffix) and len(clean.name) == 32 + len(suffix)
    assert Image.open(clean).format == kind


def test_place_and_appended_payload_are_dropped():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8825] = 6, "Téléphone", {1: "N"}
    polyglot = encoded(exif=exif) + b"<script>alert(1)</script>PK\x03\x04"

    clean = checked_picture(io.BytesIO(polyglot))

    data = clean.read()
    picture = Image.open(io.BytesIO(data))
    assert b"<script>" not in data and not picture.getexif()
    assert picture.size == (40, 60), "turned upright before its orientation is forgotten"


def test_transparency_survives_in_png():
    clean = checked_picture(io.BytesIO(encoded("PNG", mode="RGBA")))

    assert Image.open(clean).mode == "RGBA"


def test_large_picture_is_reduced():
    clean = checked_picture(io.BytesIO(encoded(size=(4000, 1000))))

    assert Image.open(clean).size == (LONGEST_SIDE, 500)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format"),
        (b"MZ\x90\x00" * 100, "format"),
        (encoded("GIF"), "format"),
        (encoded("TIFF"), "format"),
        (encoded("PNG")[:60], "broken"),
        (encoded("JPEG", size=(800, 800))[:700], "broken"),
        (encoded("PNG", size=(7000, 6000), mode="L"), "pixels"),
        (encoded("PNG", size=(20000, 10000), mode="1"), "pixels"),
        (b"\xff\xd8" + b"0" * MAX_BYTES, "size"),
    ],
)
def test_what_is_not_a_decent_picture_is_refused_with_its_reason(data, reason):
    with pytest.raises(PictureRefused) as refused:
        checked_picture(io.BytesIO(data))

    assert refused.value.reason == reason
    assert refused.value.words


@pytest.mark.django_db(transaction=True)
def test_picture_shows_on_the_card_and_its_file_goes_with_it(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    product = ProductFactory()
    picture = ProductPicture(product=product, image=checked_picture(io.BytesIO(encoded())))

    save_picture(picture=picture)
    kept = list(tmp_path.rglob("*.jpg"))
    replaced = ProductPicture.objects.get()
    replaced.image = checked_picture(io.BytesIO(encoded("PNG")))
    save_picture(picture=replaced)
    after = [path.suffix for path in tmp_path.rglob("*.*")]
    remove_picture(picture_id=picture.pk)

    assert len(kept) == 1 and after == [".png"]
    assert not list(tmp_path.rglob("*.png"))
    assert Product.objects.get().version == 4
