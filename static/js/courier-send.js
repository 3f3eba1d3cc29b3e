// Sends what was said, one by one and in order, until each has an answer of ours. The server takes a key once.
const store = window.courierStore;
const PAUSES_MS = [1000, 2000, 5000, 10000, 20000, 30000];
const PATIENCE_MS = 30000;
// One that the server stumbles over lets the others pass, and is tried again for ever.
const PATIENT_TRIES = 3;
const POSITION_MS = 10 * 60 * 1000;
const line = document.querySelector(".courier__queue");
let tries = 0;
let timer;
let trouble = "";

const own = async () => (await store.all()).filter((entry) => entry.courier === store.courier);
const waiting = async () => (await own()).filter((entry) => entry.state === "waiting");
const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";

async function tell() {
  const all = await store.all();
  const number = all.filter((one) => one.courier === store.courier && one.state === "waiting").length;
  const words = number === 0 ? line.dataset.allSent : number === 1 ? line.dataset.one : line.dataset.many.replace("%n", number);
  const why = number && trouble ? ` · ${line.dataset[trouble]}` : "";
  if (line.textContent !== words + why) line.textContent = words + why;
  line.classList.toggle("courier__queue--waiting", number > 0);
  line.hidden = false;
  document.querySelector("[data-sign-in-link]").hidden = !(number && trouble === "signIn");
  document.querySelector("[data-others]").hidden = !all.some((one) => one.courier !== store.courier && one.state === "waiting");
  refusals(all.filter((one) => one.courier === store.courier && (one.state === "refused" || one.note)));
}

// What was not taken stays on the screen until its courier has read it.
function refusals(entries) {
  const list = document.querySelector(".courier__refusals");
  list.hidden = entries.length === 0;
  list.replaceChildren(...entries.map((entry) => {
    const item = document.createElement("li");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button button--line";
    close.textContent = list.dataset.close;
    close.addEventListener("click", () => (entry.state === "refused" ? store.remove(entry.id) : store.put({ ...entry, note: "" })));
    item.append([entry.title, entry.note].filter(Boolean).join("\u202f: "), close);
    return item;
  }));
}

async function sent(entry) {
  const body = new FormData();
  for (const [name, value] of entry.fields) body.append(name, value);
  if (entry.photo) body.append("photo", entry.photo, "remise.jpg");
  body.append("at", entry.at);
  body.append("sent_at", new Date().toISOString());
  const answer = await fetch(entry.address, {
    method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token() },
    redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
  if (isOurs) return answer.json();
  return { outcome: answer.status === 403 || answer.type === "opaqueredirect" ? "sign_in" : "again", isOurFault: answer.status === 500 };
}

// The picture leaves the phone with its answer; what was said stays a while, for pages that do not show it yet.
async function settle(entry, answer) {
  const { photo, ...rest } = entry;
  if (answer.outcome === "taken") await store.put({ ...rest, state: "taken", receivedAt: answer.received_at, note: answer.words });
  else await store.put({ ...rest, state: "refused", note: answer.words });
}

async function sendAll() {
  let isAllSent = true;
  for (const entry of await waiting()) {
    if (entry.kind === "position" && Date.parse(entry.at) < Date.now() - POSITION_MS) {
      await store.remove(entry.id);
      continue;
    }
    let answer;
    try {
      answer = await sent(entry);
    } catch {
      trouble = "offline";
      return false;
    }
    if (answer.outcome !== "taken" && answer.outcome !== "refused") {
      trouble = answer.outcome === "sign_in" ? "signIn" : "stuck";
      if (!answer.isOurFault) return false;
      await store.put({ ...entry, failed: (entry.failed ?? 0) + 1 });
      if ((entry.failed ?? 0) + 1 < PATIENT_TRIES) return false;
      isAllSent = false;
      continue;
    }
    if (isAllSent) trouble = "";
    tries = 0;
    await settle(entry, answer);
  }
  return isAllSent;
}

// One page sends at a time, whatever is open.
async function send() {
  clearTimeout(timer);
  let isDone = false;
  await navigator.locks.request("livreur", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    do isDone = await sendAll();
    while (isDone && (await waiting()).length);
  });
  await tell();
  if (!isDone) timer = setTimeout(send, PAUSES_MS[Math.min(tries++, PAUSES_MS.length - 1)]);
}

if (store.isAble) {
  document.addEventListener("courier:said", tell);
  document.addEventListener("courier:send", send);
  addEventListener("online", () => { tries = 0; send(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  store.forgetTaken().then(send);
}
