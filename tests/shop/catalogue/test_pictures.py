import io
import random
import struct
import warnings
import zlib

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import Http404
from django.test import RequestFactory
from PIL import Image, ImageCms

from config.media import picture as serve_picture
from config.pictures import LONGEST_SIDE, MAX_BYTES, PictureRefused, checked_picture
from shop.catalogue import services
from shop.catalogue.forms import PictureForm
from shop.catalogue.models import Product, ProductPicture
from shop.catalogue.pictures import variants
from shop.catalogue.queries import picture_sources
from shop.catalogue.services import make_variants, remove_picture, save_picture
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


# --- as an attacker would ---------------------------------------------------------------------------


def png_of(width, height, *, colour=2, rows=b""):
    """A PNG whose header says what one likes."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def moving(kind):
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "blue", "green")]
    target = io.BytesIO()
    frames[0].save(target, kind, save_all=True, append_images=frames[1:])
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png_of(60_000, 60_000), "pixels"),
        (png_of(1, 40_000_001), "pixels"),
        (png_of(2**31 - 1, 2**31 - 1), "pixels"),
        (png_of(100, 100, rows=b"short"), "broken"),
        (b"GIF89a" + encoded("PNG"), "format"),
        (b"<!doctype html><script>alert(1)</script>" + encoded(), "format"),
        (b"PK\x03\x04" + encoded(), "format"),
        (b"%PDF-1.7\n" + encoded(), "format"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "format"),
        (moving("GIF"), "format"),
        (encoded("WEBP", size=(300, 300))[:-40], "broken"),
        (encoded("PNG", icc_profile=b"x" * 50_000_000), "broken"),
    ],
    ids=[
        "bomb", "thread", "largest header", "too few rows", "gif and png", "html and jpeg", "zip and jpeg",
        "pdf and jpeg", "svg", "moving gif", "cut webp", "profile bomb",
    ],
)  # fmt: skip
def test_a_trap_is_refused_with_its_reason(data, reason):
    with pytest.raises(PictureRefused) as refused:
        checked_picture(io.BytesIO(data))

    assert refused.value.reason == reason


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])
def test_of_a_moving_picture_the_first_image_stays(kind):
    clean = Image.open(checked_picture(io.BytesIO(moving(kind))))

    assert getattr(clean, "n_frames", 1) == 1
    red, green, blue = clean.convert("RGB").getpixel((30, 20))
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize("comment", [b"<script>alert(1)</script>", b"PK\x05\x06" + b"\0" * 18])
def test_words_hidden_inside_a_picture_are_dropped(comment):
    clean = checked_picture(io.BytesIO(encoded(comment=comment) + comment)).read()

    assert comment not in clean


def test_the_four_inks_of_print_become_colours_of_a_screen():
    clean = Image.open(checked_picture(io.BytesIO(encoded(mode="CMYK"))))

    assert (clean.mode, clean.format) == ("RGB", "JPEG")
    assert min(clean.getpixel((5, 5))) > 250


def test_sixteen_bits_of_grey_stay_grey():
    grey = Image.new("I;16", (20, 20), 32768)
    target = io.BytesIO()
    grey.save(target, "PNG")

    clean = Image.open(checked_picture(io.BytesIO(target.getvalue())))

    assert clean.getpixel((5, 5)) == (128, 128, 128)


def test_colours_are_brought_to_those_of_every_screen_and_the_profile_goes():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    clean = checked_picture(io.BytesIO(encoded("PNG", icc_profile=profile)))
    huge = checked_picture(io.BytesIO(encoded(icc_profile=b"x" * 600_000)))

    assert "icc_profile" not in Image.open(clean).info | Image.open(huge).info
    assert len(huge) < 5_000


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_stands_upright_however_its_camera_was_held(turn):
    exif = Image.Exif()
    exif[0x0112] = turn

    clean = Image.open(checked_picture(io.BytesIO(encoded(exif=exif))))

    assert clean.size == ((60, 40) if turn < 5 else (40, 60))


def test_a_mangled_note_of_the_camera_harms_nothing():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(exif=exif).replace(b"MM\x00*", b"MM\xad*")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clean = checked_picture(io.BytesIO(data))

    assert Image.open(clean).size == (60, 40)


def test_spoilt_bytes_end_in_a_picture_or_in_a_reason():
    exif = Image.Exif()
    exif[0x0112], exif[0x8825] = 6, {1: "N"}
    originals, dice = [encoded(kind, exif=exif) for kind in ("JPEG", "PNG", "WEBP")], random.Random(7)
    outcomes = set()

    for _n in range(1500):
        data = bytearray(dice.choice(originals))
        for _m in range(dice.randint(1, 6)):
            data[dice.randrange(min(len(data), 400))] = dice.randrange(256)
        try:
            outcomes.add(Image.open(checked_picture(io.BytesIO(bytes(data)))).format)
        except PictureRefused as refused:
            outcomes.add(refused.reason)

    assert {"JPEG", "PNG", "WEBP", "broken", "format"} <= outcomes


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "kind", "data", "is_taken"),
    [
        ("photo.exe", "application/x-msdownload", encoded(), True),
        ("photo.jpg", "image/jpeg", encoded("GIF"), False),
        ("../../photo.png", "text/html", encoded("PNG"), True),
        ("photo.jpg", "image/jpeg", b"", False),
    ],
)
def test_the_content_decides_not_the_name_nor_the_announced_type(name, kind, data, is_taken):
    form = PictureForm({"alt": "", "position": 1}, {"image": SimpleUploadedFile(name, data, kind)})

    assert form.is_valid() is is_taken, form.errors
    if is_taken:
        assert form.cleaned_data["image"].name.rpartition(".")[2] in {"jpg", "png"}
        assert "/" not in form.cleaned_data["image"].name
    else:
        assert form.errors["image"]


# --- served ------------------------------------------------------------------------------------------


def test_a_picture_is_served_as_what_it_is_and_nothing_else(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "a.webp").write_bytes(encoded("WEBP"))
    (tmp_path / "b.jpg").write_bytes(b"<script>alert(1)</script>")

    answers = [serve_picture(RequestFactory().get("/"), path) for path in ("a.webp", "b.jpg")]

    assert [answer["Content-Type"] for answer in answers] == ["image/webp", "image/jpeg"]
    assert {answer["X-Content-Type-Options"] for answer in answers} == {"nosniff"}
    assert all("sandbox" in answer["Content-Security-Policy"] for answer in answers)


@pytest.mark.parametrize(
    "path", ["a.html", "a.svg", "a", "../a.webp", "/etc/passwd", "a.webp/", "..%2fa.jpg"]
)
def test_nothing_but_pictures_is_served(settings, tmp_path, path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    (tmp_path / "a.webp").write_bytes(b"elsewhere")
    for name in ("a.html", "a.svg", "a"):
        (settings.MEDIA_ROOT / name).write_bytes(b"<script>alert(1)</script>")

    with pytest.raises((Http404, SuspiciousFileOperation)):
        serve_picture(RequestFactory().get("/"), path)


# --- smaller files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        ((2000, 1000), [240, 480, 960]),
        ((700, 900), [240, 480, 900]),
        ((300, 100), [240, 300]),
        ((90, 90), [90]),
    ],
)
def test_smaller_files_are_square_and_never_enlarged(size, sides):
    made = dict(variants(io.BytesIO(encoded(size=size))))

    assert list(made) == sides
    for side, data in made.items():
        picture = Image.open(io.BytesIO(data))
        assert (picture.format, picture.size) == ("WEBP", (side, side))


def test_what_is_not_square_stands_on_white_or_on_nothing():
    flat = Image.open(io.BytesIO(dict(variants(io.BytesIO(encoded(size=(400, 100)))))[240]))
    clear = Image.open(io.BytesIO(dict(variants(io.BytesIO(encoded("PNG", (400, 100), "RGBA"))))[240]))

    assert min(flat.getpixel((120, 2))) > 250 and flat.getpixel((120, 120))[1] < 140
    assert clear.mode == "RGBA" and clear.getpixel((120, 2))[3] == 0


def test_a_page_names_the_files_there_are():
    both = picture_sources("produits/ab.jpg", [240, 480, 960])
    none = picture_sources("produits/ab.jpg", [])

    assert both.url.endswith("/produits/ab-480.webp") and both.original.endswith("/produits/ab.jpg")
    assert both.srcset == ", ".join(f"/media/produits/ab-{side}.webp {side}w" for side in (240, 480, 960))
    assert (none.url, none.srcset) == ("/media/produits/ab.jpg", "")
    assert picture_sources("produits/ab.jpg", [90]).url.endswith("ab-90.webp")


def files(folder):
    return sorted(path.name.partition("-")[2] or path.suffix for path in folder.rglob("*.*"))


def new_picture(product, kind="JPEG", size=(600, 400)):
    return ProductPicture(product=product, image=checked_picture(io.BytesIO(encoded(kind, size))))


@pytest.mark.django_db(transaction=True)
def test_picture_shows_on_the_card_and_its_files_go_with_it(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    picture = new_picture(ProductFactory())

    save_picture(picture=picture)
    kept = files(tmp_path)
    replaced = ProductPicture.objects.get()
    replaced.image = checked_picture(io.BytesIO(encoded("PNG", (300, 300))))
    save_picture(picture=replaced)
    after = files(tmp_path)
    remove_picture(picture_id=picture.pk)

    assert kept == [".jpg", "240.webp", "480.webp", "600.webp"]
    assert after == [".png", "240.webp", "300.webp"]
    assert files(tmp_path) == []
    assert Product.objects.get().version == 6


@pytest.mark.django_db(transaction=True)
def test_new_words_for_a_picture_make_no_new_files(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    save_picture(picture=new_picture(ProductFactory()))
    monkeypatch.setattr(services, "make_variants", lambda **_: pytest.fail("made again"))

    picture = ProductPicture.objects.get()
    picture.alt = "Un pot ouvert"
    save_picture(picture=picture)

    assert ProductPicture.objects.get().variants == [240, 480, 600]


@pytest.mark.django_db(transaction=True)
def test_where_no_smaller_file_can_be_made_the_original_is_shown(
    settings, tmp_path, monkeypatch, client, caplog
):
    settings.MEDIA_ROOT = tmp_path
    product = ProductFactory()

    def broken(_original):
        yield 240, b"RIFF"
        raise OSError("no room left")

    monkeypatch.setattr(services.pictures, "variants", broken)

    save_picture(picture=new_picture(product))

    picture = ProductPicture.objects.get()
    assert picture.variants == []
    page = client.get(f"/produits/{product.slug}/").content.decode()
    assert f'src="{picture.image.url}"' in page and "srcset" not in page
    assert "keeps its original: OSError" in caplog.text
    remove_picture(picture_id=picture.pk)
    assert files(tmp_path) == []


@pytest.mark.django_db(transaction=True)
def test_a_picture_replaced_while_its_files_were_made_leaves_none_behind(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(services, "make_variants", lambda **_: [])
    save_picture(picture=new_picture(ProductFactory()))
    picture = ProductPicture.objects.get()

    def replaced_meanwhile(original):
        made = list(variants(original))
        ProductPicture.objects.update(image="produits/autre.jpg")
        yield from made

    monkeypatch.setattr(services.pictures, "variants", replaced_meanwhile)

    assert make_variants(picture_id=picture.pk) == []
    assert files(tmp_path) == [".jpg"]
    assert ProductPicture.objects.get().variants == []


@pytest.mark.django_db(transaction=True)
def test_the_command_makes_what_is_missing_and_goes_on_after_a_failure(
    settings, tmp_path, monkeypatch, capsys
):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(services, "make_variants", lambda **_: [])
    product = ProductFactory()
    gone, whole = [save_picture(picture=new_picture(product)) for _n in range(2)]
    gone.image.storage.delete(gone.image.name)
    monkeypatch.undo()
    settings.MEDIA_ROOT = tmp_path

    call_command("picture_variants")
    first = capsys.readouterr().out
    call_command("picture_variants")
    second = capsys.readouterr().out
    call_command("picture_variants", "--toutes")

    assert first == f"1 photos préparées, 1 gardées telles quelles.\nNuméros\u202f: {gone.pk}\n"
    assert second.startswith("0 photos")
    assert capsys.readouterr().out.startswith("1 photos")
    assert ProductPicture.objects.get(pk=whole.pk).variants == [240, 480, 600]
    assert ProductPicture.objects.get(pk=gone.pk).variants == []
