"""Pages of the admin, as staff open and send them."""

PRODUCTS = "/admin/catalogue/product/"
STOCK = "/admin/stock/stockitem/"
IMPORT = "/admin/stock/stockitem/importer-des-produits/"


def page(client, address, **query):
    response = client.get(address, query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def act(client, address, action, *ids, **data):
    return client.post(address, {"action": action, "_selected_action": ids, **data}, follow=True)
