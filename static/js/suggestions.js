// The search field as an editable combobox with a listbox (WAI-ARIA APG). Without this script the form still searches.
const form = document.querySelector(".search");
const input = form?.querySelector("input");
const box = form?.querySelector(".suggestions");
const status = form?.querySelector("[role=status]");
const SHORTEST = 2;

const options = () => [...box.querySelectorAll("[role=option]")];
const selected = () => box.querySelector("[aria-selected=true]");
const isOpen = () => input.getAttribute("aria-expanded") === "true";

function choose(option) {
  selected()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function show(open) {
  box.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
  if (!open) choose(null);
}

function clear() {
  box.replaceChildren();
  status.textContent = "";
  show(false);
}

function step(by) {
  const all = options();
  if (!all.length) return;
  const at = isOpen() ? all.indexOf(selected()) : -1;
  show(true);
  // Before the first and after the last comes the field itself.
  const next = at === -1 && by < 0 ? all.length - 1 : at + by;
  choose(all[next] ?? null);
}

const keys = {
  ArrowDown: (event) => { event.preventDefault(); if (event.altKey) show(options().length > 0); else step(1); },
  ArrowUp: (event) => { event.preventDefault(); if (event.altKey) show(false); else step(-1); },
  Home: () => choose(null),
  End: () => choose(null),
  ArrowLeft: () => choose(null),
  ArrowRight: () => choose(null),
  Enter: (event) => { const option = isOpen() && selected(); if (option) { event.preventDefault(); option.click(); } },
  Escape: (event) => { if (isOpen()) { event.preventDefault(); show(false); } },
  Tab: () => show(false),
};

if (form) {
  Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": box.id,
  }).forEach(([name, value]) => input.setAttribute(name, value));
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Suggestions");
  box.hidden = true;
  input.addEventListener("keydown", (event) => { if (!event.isComposing) keys[event.key]?.(event); });
  input.addEventListener("input", () => {
    choose(null);
    if (input.value.trim().length < SHORTEST) clear();
  });
  input.addEventListener("htmx:beforeRequest", (event) => { if (input.value.trim().length < SHORTEST) event.preventDefault(); });
  // An answer to what is no longer in the field is dropped, whenever it comes.
  box.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig.parameters.q !== input.value) event.detail.shouldSwap = false;
  });
  box.addEventListener("htmx:afterSwap", () => {
    status.textContent = box.firstElementChild?.dataset.count ?? "";
    show(options().length > 0 && document.activeElement === input);
  });
  // The field keeps the focus: a press on an option must not close the list before its click.
  box.addEventListener("mousedown", (event) => event.preventDefault());
  input.addEventListener("pointerdown", () => { if (options().length) show(true); });
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) show(false); });
}
