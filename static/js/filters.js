// Filters answer at once; the sheet of a phone stays open until its button closes it.
document.addEventListener("click", (event) => {
  const sheet = event.target.closest("[data-closes-sheet]")?.closest("[popover]");
  if (!window.htmx || !sheet?.matches(":popover-open")) return;
  event.preventDefault();
  sheet.hidePopover();
});
// The questions are replaced with their new counts: what was unfolded stays so.
let unfolded = [];
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  unfolded = [...detail.target.querySelectorAll("details[open][id]")].map(({ id }) => id);
});
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
});
