// A form says what happened to the queue, and the page goes on as if it had been taken. What waits, and what was taken
// after a page was made, is laid over it: a reload without network shows the round as its courier left it.
const store = window.courierStore;
const page = document.body;
const LARGEST_SIDE = 1600;
const ENDS = ["arrived", "delivered", "absent", "refused"];

// As the server made them: what it refuses afterwards is taken off the page again.
const served = [...document.querySelectorAll("[data-state], [data-loaded], [data-run-state]")].map((part) => [part, { ...part.dataset }]);

async function overlay() {
  const shownAt = Number(page.dataset.shownAt) * 1000;
  const told = (await store.all()).filter((entry) => entry.courier === store.courier && entry.run === page.dataset.run
    && (entry.state === "waiting" || (entry.state === "taken" && entry.receivedAt >= shownAt)));
  for (const [part, was] of served) {
    for (const name of ["state", "loaded", "runState"]) if (name in was) part.dataset[name] = was[name];
  }
  for (const entry of told) {
    if (entry.kind === "left") page.dataset.runState = "out";
    if (entry.kind === "back" || entry.kind === "broken") page.dataset.runState = "over";
    const here = entry.visit ? document.querySelector(`[data-visit="${entry.visit}"]:not(.load)`) : null;
    const load = entry.visit ? document.querySelector(`.load[data-visit="${entry.visit}"]`) : null;
    if (entry.kind === "loaded" && load) {
      load.dataset.loaded = "yes";
      load.querySelector("[name=crates_missing]").value = new Map(entry.fields).get("crates_missing") || 0;
    }
    if (ENDS.includes(entry.kind)) {
      if (page.dataset.runState === "loading") page.dataset.runState = "out";
      if (here) here.dataset.state = entry.kind;
    }
  }
  count();
}

function count() {
  const doors = [...document.querySelectorAll(".door")];
  if (!doors.length) return;
  const open = doors.filter((door) => ["to_come", "arrived"].includes(door.dataset.state));
  const next = open.find((door) => door.dataset.state === "arrived") ?? open[0];
  for (const door of doors) door.classList.toggle("is-next", door === next);
  for (const part of document.querySelectorAll("[data-no-stops-left]")) part.hidden = open.length > 0;
  const said = document.querySelector("[data-progress]");
  said.textContent = said.dataset.words.replace("%n", doors.length - open.length).replace("%all", doors.length);
  document.querySelector(".depot__progress progress").value = doors.length - open.length;
}

// A phone's photograph weighs ten times what is needed to see where the bags stand.
async function shrunk(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LARGEST_SIDE / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8))) ?? file;
  } catch {
    // What the phone cannot read the server will refuse in words.
    return file;
  }
}

// A delivery without any proof is asked about while its customer is still there.
function isProven(form) {
  const proof = form.querySelector("[data-proof]");
  if (!proof) return true;
  proof.hidden = ["received_by", "code"].some((name) => form.elements[name].value.trim()) || form.elements.photo.files.length > 0;
  if (!proof.hidden) form.elements.received_by.focus();
  return proof.hidden;
}

async function entryOf(form) {
  const fields = [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "photo"].includes(name));
  const said = new Map(fields);
  const file = form.elements.photo?.files[0];
  const key = form.dataset.queue === "question" && said.get("key") && "words" in form.elements ? said.get("key") : crypto.randomUUID();
  return {
    key, at: new Date().toISOString(), address: new URL(form.action).pathname, kind: said.get("kind") ?? "question",
    run: said.get("run") ?? "", visit: said.get("visit") ?? "",
    fields: [...fields.filter(([name]) => name !== "key"), ["key", key]],
    photo: file ? await shrunk(file) : null, title: document.querySelector("h1")?.innerText ?? "",
  };
}

async function queue(form) {
  const entry = await entryOf(form);
  await store.add(entry);
  document.dispatchEvent(new CustomEvent("courier:send"));
  form.reset();
  if (!form.dataset.then) return shown();
  const then = form.dataset.then.endsWith("=") ? form.dataset.then + entry.key : form.dataset.then;
  if (then === location.pathname) return shown();
  location.assign(then);
}

async function shown() {
  await overlay();
  scrollTo(0, 0);
  document.querySelector("#contenu").focus({ preventScroll: true });
}

function askWords() {
  const form = document.querySelector("form[data-words]");
  const key = new URLSearchParams(location.search).get("question");
  if (!form || !key) return;
  form.hidden = false;
  form.elements.key.value = key;
}

if (store.isAble) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-queue]")) return;
    event.preventDefault();
    if (!isProven(form)) return;
    const buttons = form.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    queue(form).catch(() => form.submit()).finally(() => { for (const button of buttons) button.disabled = false; });
  });
  document.addEventListener("courier:said", overlay);
  addEventListener("pageshow", overlay);
  askWords();
  overlay();
}

for (const stepper of document.querySelectorAll("[data-stepper]")) {
  const box = stepper.querySelector("input");
  for (const button of stepper.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => { box.value = Math.max(0, Math.min(99, (Number(box.value) || 0) + Number(button.dataset.step))); });
  }
}
