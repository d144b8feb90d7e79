// The page is complete without this script. It adds buttons that copy an answer and a filter of the prompts, and unfolds
// everything for printing.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Copies through a selection, for browsers that give local files no clipboard.
  const copySelected = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    area.style.cssText = "position: fixed; top: 0; opacity: 0";
    document.body.append(area);
    area.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch { done = false; }
    area.remove();
    return done;
  };
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copySelected(text);
    }
  };
  for (const text of all("[data-copy] pre[data-text]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      const done = await copy(text.textContent);
      if (!done) getSelection().selectAllChildren(text);
      button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
      setTimeout(() => { button.textContent = "Copy"; }, 2500);
    });
    text.closest("[data-copy]").querySelector(".label").append(button);
  }

  for (const form of all("form.controls")) {
    const cards = all("[data-prompt]");
    const texts = cards.map((card) => card.textContent.toLowerCase());
    const passes = (card, result) => {
      const results = card.dataset.results;
      if (result === "differ") return results.includes("0") && results.includes("1");
      if (result === "featured") return card.dataset.featured === "1";
      const [wanted, at] = result.split("-");
      const value = wanted === "right" ? "1" : "0";
      return at === "any" ? results.includes(value) : results[Number(at)] === value;
    };
    const apply = () => {
      const { tag, result, text } = form.elements;
      const words = text.value.toLowerCase().trim();
      let shown = 0;
      cards.forEach((card, i) => {
        const tags = card.dataset.tags.split(" ");
        const fits = (!tag || !tag.value || tags.includes(tag.value)) && (!result.value || passes(card, result.value)) &&
          (!words || texts[i].includes(words));
        card.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      form.querySelector("output").value = `${shown} of ${cards.length} prompts shown`;
    };
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    apply();
    // A link to a prompt that the filter hides shows it again.
    addEventListener("hashchange", () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (target && target.hidden) {
        form.reset();
        setTimeout(() => target.scrollIntoView());
      }
    });
  }

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
})();
