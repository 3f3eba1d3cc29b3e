// Every tap counts: the number moves under the finger, and its latest value is sent, one request at a time.
const wanted = new WeakMap(); // control → quantity as it is shown, in pieces or grams
const waiting = new Map(); // control → form whose quantity is still to send
let sending = false;
let leaving = null; // link pressed while a tap was on its way

const show = (control, quantity) => {
  const box = control.querySelector('[data-act="typed"]');
  if (box) box.value = quantity;
};

const wish = (form, button) => {
  const control = form.closest(".add-control");
  const before = Number(wanted.get(control));
  const shown = Number.isNaN(before) ? Number(control.dataset.quantity) : before;
  const by = { plus: 1, minus: -1 }[button?.dataset.act];
  const quantity = by ? Math.max(0, shown + by * Number(control.dataset.step)) : (button ?? form.elements.quantity).value;
  if (quantity === wanted.get(control)) return;
  wanted.set(control, quantity);
  waiting.set(control, form);
  show(control, quantity);
  send();
};

const filled = (control, form) => {
  const body = new FormData(form);
  body.set("quantity", wanted.get(control));
  return body;
};

const send = async () => {
  if (sending) return;
  sending = true;
  for (const [control, form] of waiting) {
    waiting.delete(control);
    const values = Object.fromEntries(filled(control, form));
    await htmx.ajax("POST", form.action, { source: control, target: control, swap: "outerHTML", values }).catch(() => {});
    // Still there: nothing was answered, so what the server last said stands again.
    if (control.isConnected && !waiting.has(control)) {
      wanted.delete(control);
      show(control, control.dataset.quantity);
    }
  }
  sending = false;
  leave();
};

const leave = () => {
  if (leaving) location.assign(leaving.href);
  leaving = null;
};

// Before htmx and the browser: without htmx the plain form goes its way.
document.addEventListener("submit", (event) => {
  if (!window.htmx || !event.target.closest(".add-control")) return;
  event.preventDefault();
  event.stopPropagation();
  wish(event.target, event.submitter);
}, true);
document.addEventListener("change", ({ target }) => {
  if (window.htmx && target.dataset.act === "typed") wish(target.form, null);
});
// The next page counts on the last tap: it opens once that one is answered, or after three seconds of silence.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const opensHere = link && !link.target && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.button;
  if (!sending || !opensHere || event.defaultPrevented) return;
  event.preventDefault();
  leaving = link;
  setTimeout(leave, 3000);
});
// The answer to an earlier tap would turn the number back: the answer to the latest one is on its way.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (waiting.has(detail.target)) detail.shouldSwap = false;
});
// Whoever leaves with a tap unsent still gets it.
addEventListener("beforeunload", () => {
  for (const [control, form] of waiting) fetch(form.action, { method: "POST", body: filled(control, form), keepalive: true });
  waiting.clear();
});
