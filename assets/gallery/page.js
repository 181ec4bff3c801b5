"use strict";
const cards = [...document.querySelectorAll(".card")];
const facets = new Map(cards.map((card) => [card, JSON.parse(card.dataset.facets)]));
const filterButtons = [...document.querySelectorAll("#filters [data-group]")];
const views = [...document.querySelectorAll("#all button")].map((button) => button.dataset.view);
const one = (selector, place = document) => place.querySelector(selector);

/* Views: a button shows its view while the pointer is on it, and keeps it when pressed. */
function press(group, view) {
  for (const button of group.querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
}
function has(card, view) {
  return !one(`.views [data-view=${view}]`, card).disabled;
}
function keep(card, view) {
  if (!has(card, view)) return;
  card.dataset.kept = view;
  one(".stage", card).dataset.view = view;
  press(one(".views", card), view);
}
for (const card of cards) {
  const stage = one(".stage", card);
  for (const button of card.querySelectorAll(".views button")) {
    button.addEventListener("click", () => keep(card, button.dataset.view));
    button.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse" && !button.disabled) stage.dataset.view = button.dataset.view;
    });
    button.addEventListener("pointerleave", () => {
      stage.dataset.view = card.dataset.kept || "picture";
    });
  }
  stage.addEventListener("click", () => enlarge(card));
  card.addEventListener("keydown", (event) => {
    const view = views[Number(event.key) - 1];
    if (view && !event.ctrlKey && !event.metaKey && !event.altKey) keep(card, view);
  });
}
one("#all").addEventListener("click", (event) => {
  const view = event.target.dataset.view;
  if (!view) return;
  press(one("#all"), view);
  for (const card of cards) keep(card, has(card, view) ? view : "picture");
});

/* Filters: any of the pressed names of a group, and all groups. */
function wanted() {
  const groups = new Map();
  for (const button of filterButtons) {
    if (button.getAttribute("aria-pressed") !== "true") continue;
    const { group, name } = button.dataset;
    groups.set(group, [...(groups.get(group) || []), name]);
  }
  return groups;
}
function filter() {
  const groups = [...wanted()];
  let shown = 0;
  for (const card of cards) {
    const own = facets.get(card);
    card.hidden = !groups.every(([group, names]) => names.some((name) => own[group].includes(name)));
    shown += card.hidden ? 0 : 1;
  }
  const noun = cards.length === 1 ? "scene" : "scenes";
  one("#told").textContent = `${shown} of ${cards.length} ${noun}`;
  one("#clear").hidden = groups.length === 0;
  one("#nothing").hidden = shown > 0 || cards.length === 0;
}
for (const button of filterButtons)
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    filter();
  });
one("#clear").addEventListener("click", () => {
  for (const button of filterButtons) button.setAttribute("aria-pressed", "false");
  filter();
  one("#filters summary").focus();
});

/* All views of one scene, large. */
const dialog = one("#large");
let opened = null;
let large = null;
function figure(card, view) {
  const source = one(`.stage img[data-view=${view}]`, card);
  if (!source) return null;
  const frame = Object.assign(document.createElement("button"), { type: "button", className: "frame" });
  frame.addEventListener("click", () => enlarge(card, view));
  const image = document.createElement("img");
  [image.src, image.alt] = [source.src, source.alt];
  image.className = source.className;
  const under = one(".stage img[data-view=picture]", card);
  const isOver = view === "label" && source.className === "coded" && under !== null;
  if (isOver) {
    frame.append(Object.assign(document.createElement("img"), { src: under.src, alt: "" }));
    image.classList.add("over");
  }
  frame.append(image);
  const caption = document.createElement("figcaption");
  const name = one(`.views [data-view=${view}]`, card).textContent;
  caption.textContent = isOver ? `${name} over the picture` : name;
  frame.setAttribute("aria-label", `Show large: ${name}`);
  const whole = document.createElement("figure");
  whole.append(frame, caption);
  return whole;
}
function enlarge(card, first = card.dataset.kept || "picture") {
  opened = card;
  large = first;
  const order = [first, ...views.filter((view) => view !== first)];
  one("#large-views").replaceChildren(...order.map((view) => figure(card, view)).filter(Boolean));
  const words = ["h3", ".objects", ".badge"].map((part) => one(part, card).textContent.trim());
  one("#large-title").textContent = words.join(" · ");
  if (!dialog.open) dialog.showModal();
  dialog.dispatchEvent(new Event("enlarged"));
}
function go(step) {
  const shown = cards.filter((card) => !card.hidden);
  const place = shown.indexOf(opened) + step;
  if (opened && shown.length) enlarge(shown[(place + shown.length) % shown.length], large);
}
one("#former").addEventListener("click", () => go(-1));
one("#next").addEventListener("click", () => go(1));
one("#close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
document.addEventListener("keydown", (event) => {
  if (!dialog.open) return;
  if (event.key === "ArrowLeft") go(-1);
  if (event.key === "ArrowRight") go(1);
  const view = views[Number(event.key) - 1];
  if (view) enlarge(opened, view);
});
dialog.addEventListener("close", () => {
  if (opened) one(".stage", opened).focus();
});

one("#tools").hidden = cards.length === 0;
one("#filters").hidden = one("#to-filters").hidden = filterButtons.length === 0;
const isWide = window.matchMedia("(min-width: 800px)").matches;
one("#filters").open = one("#counts").open = isWide;
one("#to-filters").addEventListener("click", () => {
  one("#filters").open = true;
  one("#filters summary").focus();
});
filter();
