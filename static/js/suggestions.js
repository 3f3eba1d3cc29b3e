// Arrow keys walk the search suggestions, Escape closes them.
const form = document.querySelector(".search");
const box = form?.querySelector(".suggestions");

form?.addEventListener("keydown", (event) => {
  const input = form.querySelector("input");
  if (event.key === "Escape" && box.childElementCount) {
    event.preventDefault();
    box.replaceChildren();
    input.focus();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const stops = [input, ...box.querySelectorAll("a")];
  if (!step || stops.length === 1) return;
  event.preventDefault();
  stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
});
