// A control replaced under the finger keeps the focus: "Ajouter" hands it to "+", the last "−" to "Ajouter".
let last = "";

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const active = document.activeElement;
  last = detail.target.matches(".add-control") && detail.target.contains(active) ? active.dataset.act : "";
});
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!last || !target.matches(".add-control")) return;
  const next = target.querySelector(`[data-act="${last}"]`) ?? target.querySelector('[data-act="plus"]');
  next?.focus({ preventScroll: true });
  last = "";
});
