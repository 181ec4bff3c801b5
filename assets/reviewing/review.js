
/* Decisions: saved at once, and told beside the buttons. */
const token = one("meta[name=multishift-token]").content;
function recount() {
  const counts = new Map();
  for (const own of facets.values())
    for (const name of own.review || []) counts.set(name, (counts.get(name) || 0) + 1);
  for (const button of filterButtons)
    if (button.dataset.group === "review") one("small", button).textContent = counts.get(button.dataset.name) || 0;
}
function show(card, answer) {
  const box = one(".review", card);
  box.dataset.decision = answer.decision;
  for (const button of box.querySelectorAll("[data-decide]"))
    button.setAttribute("aria-pressed", String(button.dataset.decide === answer.decision));
  one(".said", box).textContent = answer.said;
  facets.get(card).review = [answer.decision];
  recount();
  filter();
}
async function decide(card, decision) {
  const box = one(".review", card);
  if (!box) return;
  box.classList.remove("failed");
  one(".said", box).textContent = "saving…";
  try {
    const asked = { ...JSON.parse(box.dataset.sample), decision, reason: one("input", box).value };
    const answer = await fetch("/reviews", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Multishift-Token": token },
      body: JSON.stringify(asked),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    show(card, said);
  } catch (error) {
    box.classList.add("failed");
    one(".said", box).textContent = `not saved: ${error.message}`;
  }
}
for (const card of cards) {
  for (const button of card.querySelectorAll("[data-decide]"))
    button.addEventListener("click", () => decide(card, button.dataset.decide));
  card.addEventListener("keydown", (event) => {
    if (event.repeat || event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "a") decide(card, "accepted");
    if (event.key === "v") decide(card, "vetoed");
  });
}
document.addEventListener("keydown", (event) => {
  if (event.repeat || !dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "a") decide(opened, "accepted");
  if (event.key === "v") decide(opened, "vetoed");
});
