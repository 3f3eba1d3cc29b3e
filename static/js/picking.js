// A depot is full of steel: what a picker sends is sent again until its answer has come. The server takes it once.
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
const notice = document.querySelector(".depot__network");
let shownAt = location.pathname;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-retry]")) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  const { url, page } = await answered(form.action, body);
  notice.hidden = true;
  shown(url, page);
});

// Not for a link within the page, which comes here too.
addEventListener("popstate", () => {
  if (location.pathname !== shownAt) location.reload();
});

async function answered(address, body) {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await fetch(address, { method: "POST", body });
      const page = await answer.text();
      if (answer.status < 500 || tries > PAUSES_MS.length) return { url: answer.url, page };
    } catch {
      // No network, or it went while the answer came: told below, and tried again.
    }
    notice.textContent = tries < PAUSES_MS.length ? notice.dataset.trying : notice.dataset.lost;
    notice.hidden = false;
    await new Promise((done) => setTimeout(done, PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]));
  }
}

// What was answered is shown as it came: asked for anew, its messages would be gone.
function shown(url, page) {
  const answer = new DOMParser().parseFromString(page, "text/html");
  if (!answer.querySelector(".depot__top")) return location.assign(url);
  if (url !== location.href) history.pushState(null, "", url);
  shownAt = location.pathname;
  document.title = answer.title;
  for (const part of [".depot__top", "main"]) document.querySelector(part).replaceWith(answer.querySelector(part));
  scrollTo(0, 0);
  const main = document.querySelector("main");
  (main.querySelector("[aria-invalid=true], [autofocus]") ?? main).focus();
}

// A scanner types the code and presses Enter: where a weight is still to be read, go there instead of sending.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.name !== "code") return;
  const empty = [...document.querySelectorAll(".shelf__quantity input")].find((field) => !field.value);
  if (!empty) return;
  event.preventDefault();
  empty.focus();
});
