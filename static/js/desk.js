/* The desk by keyboard: without it everything is a link or a button. */
const typing = (at) => at.closest("input, textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-desk-row]")];

function step(by) {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(document.activeElement);
  all[Math.min(all.length - 1, Math.max(0, here < 0 ? 0 : here + by))].focus();
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  r: () => document.querySelector("[data-desk-reply-box] textarea")?.focus(),
  p: () => document.querySelector("[data-desk-take]")?.click(),
  f: () => document.querySelector("[data-desk-queue]")?.click(),
  "/": () => document.querySelector("[data-desk-search]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("textarea")) {
    event.preventDefault();
    event.target.form?.requestSubmit(event.target.form.querySelector("[data-desk-send]"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
