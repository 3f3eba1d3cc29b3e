// The steppers of a form that is sent as a whole: without this file each press sends it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-quantities] .stepper button");
  if (!button) return;
  event.preventDefault();
  const stepper = button.closest(".stepper");
  const box = stepper.querySelector("input");
  const by = Number(stepper.dataset.step) * (button.name === "plus" ? 1 : -1);
  box.value = Math.max(0, (Number(box.value) || 0) + by);
  box.dispatchEvent(new Event("change", { bubbles: true }));
});
