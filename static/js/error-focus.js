// A refused form: the list of errors takes the focus, so it is read first.
const focus = (root) => root.querySelector("[data-error-summary]")?.focus();

focus(document);
document.addEventListener("htmx:afterSettle", (event) => focus(event.target));
