// One press, one order. Plain posts only: the basket's own controls answer in place and stay usable.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || event.target.method !== "post" || !button) return;
  // After this turn of the loop, or the browser would leave the button's own value out of the form.
  setTimeout(() => {
    button.disabled = true;
    button.dataset.sent = "";
  });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-sent]")) {
    button.disabled = false;
    delete button.dataset.sent;
  }
});
