
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
  tell(card, answer.said, false);
  facets.get(card).review = [answer.decision];
  recount();
  filter();
}
/* The enlarged view covers the card, so that it tells the same. */
const largeSaid = Object.assign(document.createElement("p"), { id: "large-said", className: "said" });
largeSaid.setAttribute("aria-live", "polite");
one("#large .large-head").after(largeSaid);
function tell(card, words, isFailed) {
  const box = one(".review", card);
  box.classList.toggle("failed", isFailed);
  one(".said", box).textContent = words;
  retell();
}
function retell() {
  const box = opened && one(".review", opened);
  largeSaid.textContent = box ? one(".said", box).textContent : "";
  largeSaid.classList.toggle("failed", Boolean(box) && box.classList.contains("failed"));
}
dialog.addEventListener("enlarged", retell);
async function answered(response) {
  try {
    return await response.json();
  } catch {
    return { error: `the server answered ${response.status}` };
  }
}
async function decide(card, decision) {
  const box = one(".review", card);
  if (!box) return;
  tell(card, "saving…", false);
  try {
    const asked = { ...JSON.parse(box.dataset.sample), decision, reason: one("input", box).value };
    const answer = await fetch("/reviews", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Multishift-Token": token },
      body: JSON.stringify(asked),
    });
    const said = await answered(answer);
    if (!answer.ok) throw new Error(said.error);
    show(card, said);
  } catch (error) {
    const isAway = error instanceof TypeError; // what fetch throws where nobody answers
    tell(card, `not saved: ${isAway ? "the server does not answer" : error.message}`, true);
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
