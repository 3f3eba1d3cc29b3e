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
  if (answer.redirected) location.assign(answer.url);
  else shown(await answer.text());
});

async function sent(address, body) {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await fetch(address, { method: "POST", body });
      if (answer.status < 500) return answer;
    } catch {
      // No network: the loop below tells it and tries again.
    }
    notice.textContent = tries < PAUSES_MS.length ? notice.dataset.trying : notice.dataset.lost;
    notice.hidden = false;
    await new Promise((done) => setTimeout(done, PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]));
  }
}

function shown(page) {
  const main = new DOMParser().parseFromString(page, "text/html").querySelector("main");
  document.querySelector("main").replaceWith(main);
  (main.querySelector("[aria-invalid=true]") ?? main).focus();
}

// A scanner types the code and presses Enter: where a weight is still to be read, go there instead of sending.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.name !== "code") return;
  const empty = [...document.querySelectorAll(".shelf__quantity input")].find((field) => !field.value);
  if (!empty) return;
  event.preventDefault();
  empty.focus();
});
