// Beside the round: its pages kept on the phone, where it is, and the cards found by a word.
const store = window.courierStore;
const page = document.body;
const EVERY_MS = 2 * 60 * 1000;

async function keepPages() {
  if (!("serviceWorker" in navigator)) return;
  const kept = await navigator.serviceWorker.register(page.dataset.worker, { scope: page.dataset.home, updateViaCache: "none" });
  await navigator.serviceWorker.ready;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data.isKept) document.querySelector("[data-kept]").hidden = false;
  });
  const addresses = [...document.querySelectorAll(".door a, .depot__top a")].map((link) => link.pathname);
  (kept.active ?? navigator.serviceWorker.controller)?.postMessage({ keep: [location.pathname, ...new Set(addresses)], isOver: page.dataset.runState === "none" && location.pathname === page.dataset.home });
}
keepPages().catch(() => {
  // A phone without room for pages still has its queue.
});

// Where it is, every two minutes, while somebody looks at the page of a round that is out, and who drives has said yes.
function follow() {
  const asked = document.querySelector("[data-position]");
  if (!store.isAble || !("geolocation" in navigator) || !asked) return;
  const tell = () => {
    if (document.hidden || page.dataset.runState !== "out") return;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      const key = crypto.randomUUID();
      const fields = Object.entries({ key, kind: "position", run: page.dataset.run, latitude: coords.latitude, longitude: coords.longitude });
      store.add({ key, at: new Date().toISOString(), address: page.dataset.events, kind: "position", run: page.dataset.run, visit: "", fields, photo: null, title: "" })
        .then(() => document.dispatchEvent(new CustomEvent("courier:send")));
    }, (refused) => {
      if (refused.code === refused.PERMISSION_DENIED) localStorage.removeItem("livreur-position");
    }, { maximumAge: EVERY_MS, timeout: 20000 });
  };
  const start = () => {
    asked.hidden = true;
    tell();
    setInterval(tell, EVERY_MS);
  };
  if (localStorage.getItem("livreur-position")) return start();
  asked.hidden = false;
  asked.querySelector("button").addEventListener("click", () => {
    localStorage.setItem("livreur-position", "yes");
    start();
  });
}
follow();

const search = document.querySelector("[data-cards-search]");
if (search) {
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const cards = [...document.querySelectorAll(".answers > li")].map((card) => [card, plain(card.textContent)]);
  search.hidden = false;
  search.addEventListener("input", ({ target }) => {
    const words = plain(target.value).split(/\s+/).filter(Boolean);
    for (const [card, text] of cards) card.hidden = !words.every((word) => text.includes(word));
    document.querySelector("[data-no-card]").hidden = cards.some(([card]) => !card.hidden);
  });
}
