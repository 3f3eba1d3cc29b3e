// A depot is full of steel: what a picker sends is sent again until it arrives. The server takes it once.
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
const notice = document.querySelector(".depot__network");

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-retry]")) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  const answer = await sent(form.action || location.href, body);
  notice.hidden = true;
  // What was answered is shown as it came: asked for anew, its messages would be gone.
  if (answer.redirected) history.pushState(null, "", answer.url);
  shown(await answer.text());
});
addEventListener("popstate", () => location.reload());

async function sent(address, body) {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await fetch(address, { method: "POST", body });
      if (answer.status < 500 || tries > PAUSES_MS.length) return answer;
    } catch {
      // No network: the loop below tells it and tries again.
    }
    notice.textContent = tries < PAUSES_MS.length ? notice.dataset.trying : notice.dataset.lost;
    notice.hidden = false;
    await new Promise((done) => setTimeout(done, PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]));
  }
}

function shown(page) {
  const answer = new DOMParser().parseFromString(page, "text/html");
  if (!answer.querySelector("header") || !answer.querySelector("main")) return document.location.reload();
  document.title = answer.title;
  for (const part of ["header", "main"]) document.querySelector(part).replaceWith(answer.querySelector(part));
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
