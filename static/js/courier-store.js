// What a courier said and nobody has taken yet. It outlives a reload, a dead zone and a session that ended.
// Without these a page posts its forms as they are.
const isAble = "indexedDB" in window && "randomUUID" in crypto && "locks" in navigator;
const KEPT_MS = 24 * 60 * 60 * 1000;

let opened;
const database = () => (opened ??= new Promise((done, failed) => {
  const asked = indexedDB.open("livreur", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("said", { keyPath: "id", autoIncrement: true });
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
}));

async function within(mode, work) {
  const moved = (await database()).transaction("said", mode, { durability: "strict" });
  const result = work(moved.objectStore("said"));
  return new Promise((done, failed) => {
    moved.oncomplete = () => done(result.result);
    moved.onabort = () => failed(moved.error);
  });
}

const courier = Number(document.body.dataset.courier);
const changed = () => document.dispatchEvent(new CustomEvent("courier:said"));

window.courierStore = {
  isAble,
  courier,
  // In the order in which it was said, everybody's.
  all: () => within("readonly", (said) => said.getAll()),
  async add(entry) {
    await within("readwrite", (said) => said.add({ ...entry, courier, state: "waiting" }));
    changed();
  },
  async put(entry) {
    await within("readwrite", (said) => said.put(entry));
    changed();
  },
  async remove(id) {
    await within("readwrite", (said) => said.delete(id));
    changed();
  },
  // What was taken still shows on a page that is older than that.
  async forgetTaken() {
    for (const entry of await this.all()) {
      if (entry.state === "taken" && entry.receivedAt < Date.now() - KEPT_MS) await this.remove(entry.id);
    }
  },
};
