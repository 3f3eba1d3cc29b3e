// Keeps a round on its phone: pages as they came last, and the files they need. The network comes first wherever there is one.
const FILES = "livreur-fichiers-{{ version }}";
const PAGES = "livreur-pages";
const PATIENCE_MS = 4000;
const FRESH_MS = 10 * 60 * 1000;
const files = [{% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(FILES).then((kept) => kept.addAll(files)));
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("livreur-fichiers-") && name !== FILES) await caches.delete(name);
    }
    await clients.claim();
  })());
});

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (files.includes(pathname)) event.respondWith(caches.match(pathname, { cacheName: FILES }).then((kept) => kept ?? fetch(event.request)));
  else if (mode === "navigate" && pathname.startsWith("/livreur/")) event.respondWith(page(event, pathname));
});

// A page asks for the others of its round, so that each opens in a dead zone.
addEventListener("message", (event) => {
  const { keep = [], isOver } = event.data;
  event.waitUntil((async () => {
    const pages = await caches.open(PAGES);
    if (isOver) for (const kept of await pages.keys()) if (!keep.includes(new URL(kept.url).pathname)) await pages.delete(kept);
    for (const address of keep) {
      const kept = await pages.match(address);
      if (kept && Date.now() - Date.parse(kept.headers.get("Date")) < FRESH_MS) continue;
      await keptAnew(address, fetch(address, { redirect: "manual" }));
    }
    event.source.postMessage({ isKept: true });
  })());
});

async function page(event, pathname) {
  const answer = keptAnew(pathname, fetch(event.request));
  event.waitUntil(answer.catch(() => {}));
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS));
  const first = await Promise.race([answer, late]).catch(() => undefined);
  // A page that was never seen leads back to the round.
  return first ?? (await caches.match(pathname, { cacheName: PAGES })) ?? (await caches.match("/livreur/", { cacheName: PAGES })) ?? answer;
}

// Whoever is sent to sign in, or has lost the right, leaves no address behind.
async function keptAnew(pathname, asked) {
  const answer = await asked;
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) await caches.delete(PAGES);
  else if (answer.status === 200) await (await caches.open(PAGES)).put(pathname, answer.clone());
  return answer;
}
